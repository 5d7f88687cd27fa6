import asyncio
import contextlib
import logging
import os
import signal

import pytest

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.link import child as module
from gatepost_gateway.link.child import Child

SCRIPT = """
import asyncio, os, socket, sys
from gatepost_gateway.link.channel import Channel

async def main():
    sock = socket.socket(fileno=int(sys.argv[-1]))
    sock.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=sock)

    async def pid(payload):
        return str(os.getpid()).encode()

    async def words(payload):
        return " ".join(sys.argv[1:-1]).encode()

    await Channel(reader, writer, {"pid": pid, "words": words}).run()
    {end}

asyncio.run(main())
"""


def made(attached, end="pass"):
    return Child(["-c", SCRIPT.replace("{end}", end)], {}, attached)


async def until(true):
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


@contextlib.contextmanager
def quiet(caplog):
    with caplog.at_level(logging.CRITICAL):
        yield


def test_a_child_is_there_when_it_is_attached_and_gone_when_it_is_ended():
    async def main():
        pids = []

        async def attached(channel):
            pids.append(int(await channel.ask("pid")))

        child = made(attached)
        await child.start()
        assert pids == [child.pid]
        await child.end(5)
        with pytest.raises(ProcessLookupError):
            os.kill(pids[0], 0)

    asyncio.run(main())


def test_a_child_that_dies_is_started_again(monkeypatch, caplog):
    monkeypatch.setattr(module, "FIRST_WAIT", 0.01)

    async def main():
        pids, told = [], []

        async def attached(channel):
            pids.append(int(await channel.ask("pid")))
            told.append((await channel.ask("words")).decode())

        child = made(attached)
        await child.start()
        keeper = asyncio.ensure_future(child.keep_alive())
        os.kill(pids[0], signal.SIGKILL)
        await until(lambda: len(told) == 2)
        assert pids[0] != pids[1]
        assert told == ["--fd", "--again --fd"]
        await child.end(5)
        await keeper

    with quiet(caplog):
        asyncio.run(main())


def test_a_child_that_does_not_finish_is_killed(caplog):
    async def main():
        async def attached(channel):
            await channel.ask("pid")

        child = made(attached, end="import time; time.sleep(60)")
        await child.start()
        pid = child.pid
        await child.end(0.05)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    with quiet(caplog):
        asyncio.run(main())


def test_one_that_only_says_why_it_cannot_is_let_go_of_and_started_again(monkeypatch, caplog):
    monkeypatch.setattr(module, "FIRST_WAIT", 0.01)

    async def main():
        tries = []

        async def attached(channel):
            tries.append(await channel.ask("pid"))
            if len(tries) == 2:
                raise GatewayFault("the database is away")

        child = made(attached)
        await child.start()
        keeper = asyncio.ensure_future(child.keep_alive())
        os.kill(int(tries[0]), signal.SIGKILL)
        await until(lambda: len(tries) == 3)
        assert len(set(tries)) == 3
        await child.end(5)
        await keeper

    with quiet(caplog):
        asyncio.run(main())
