"""Names to addresses: the seam and the system's own way."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) to numeric addresses in the order in which to try them. Raises OSError when the name has none."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """Asks the operating system, off the loop."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A name may be listed once per protocol; the order of the system (RFC 6724) is kept.
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
