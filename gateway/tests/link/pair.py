"""Two ends of a link over a socket pair, in one loop."""

import asyncio
import contextlib
import socket

from gatepost_gateway.link.channel import Channel


@contextlib.asynccontextmanager
async def linked(left_handlers, right_handlers):
    """(left, right): two channels that read until the block ends."""
    ends = socket.socketpair()
    channels = []
    for end, handlers in zip(ends, (left_handlers, right_handlers), strict=True):
        end.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=end, limit=2**20)
        channels.append(Channel(reader, writer, handlers))
    readers = [asyncio.ensure_future(channel.run()) for channel in channels]
    try:
        yield channels
    finally:
        for channel in channels:
            channel.close()
        await asyncio.gather(*readers)
        for channel in channels:
            await channel.finish()
            with contextlib.suppress(ConnectionError):
                await channel._writer.wait_closed()


async def echo(payload):
    return payload
