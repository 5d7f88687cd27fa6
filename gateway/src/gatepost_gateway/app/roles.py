"""The AWS chain put together: this process's variables and files, and a client that reaches who hands out roles."""

from pathlib import Path
from urllib.parse import urlsplit

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.ports import Origin, UpstreamRequest
from gatepost_gateway.domain.snapshot import Timeouts
from gatepost_gateway.providers.aws_assumed import AssumedRoles
from gatepost_gateway.providers.aws_chain import ADDRESSES, AwsChain
from gatepost_gateway.settings.environment import read_aws
from gatepost_gateway.transport import Client, Egress, client_context
from gatepost_gateway.transport.upstream import UpstreamTransport

_TIMEOUTS = Timeouts(connect=1.0, first_byte=2.0, idle=2.0, total=3.0)
"""An endpoint on the machine itself answers at once, or is not there."""
_LARGEST = 64 * 1024
_PORTS = {"http": 80, "https": 443}


def aws_chain(clock: Clock) -> AssumedRoles:
    return AssumedRoles(AwsChain(read_aws(), read_file, fetch, clock), fetch, clock)


def read_file(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


async def fetch(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    """One request with a client of its own: no call of a caller can ever go where this one may."""
    parts = urlsplit(url)
    origin = Origin(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme], private_ok=True)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    wire = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    request = UpstreamRequest(origin, target.encode(), wire, body, method.encode())
    client = Client(egress=Egress.of(*ADDRESSES), ssl_context=client_context())
    try:
        answer = await UpstreamTransport(client, {}).open(request, _TIMEOUTS, "aws")
        try:
            return answer.status, await answer.read_all(_LARGEST)
        finally:
            answer.close()
    finally:
        await client.close()
