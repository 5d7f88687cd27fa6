import asyncio
from pathlib import Path

import pytest

from gatepost_gateway.app.roles import aws_chain, fetch, read_file
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.errors import UpstreamError
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind
from gatepost_gateway.providers.aws_keys import read_keys


def test_a_file_is_text_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").write_bytes(b"\xff")
    assert read_file(str(tmp_path / "a")) == "x"
    assert read_file(str(tmp_path / "b")) is None
    assert read_file(str(tmp_path / "none")) is None


def test_a_fetch_is_one_request() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"PUT /token?x=1 HTTP/1.1\r\n")
        assert b"x-a: b\r\n" in head
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async def run() -> tuple[int, bytes]:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await fetch("PUT", f"http://127.0.0.1:{port}/token?x=1", {"x-a": "b"})

    assert asyncio.run(run()) == (200, b"hi")
    with pytest.raises(UpstreamError):
        asyncio.run(fetch("GET", "http://127.0.0.1:1/", {}))


def test_the_chain_sees_this_processs_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    entry = ModelEntry("b", "amazon.x", ProviderKind.BEDROCK, "https://bedrock-runtime.us-east-1.amazonaws.com")
    found = asyncio.run(aws_chain(SystemClock()).get(entry, None))
    assert found is not None
    assert read_keys(found)[0].access_key_id == "AKID"
