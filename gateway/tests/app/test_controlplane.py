import asyncio
import json
import shlex
import sys

import msgspec
import pytest

from gatepost_gateway.app.controlplane import Office, greeting, run
from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.records import TraceOpened
from gatepost_gateway.link.channel import Channel
from gatepost_gateway.link.data_end import DataEnd
from gatepost_gateway.settings import load
from gatepost_gateway.storage.journal import Journal

from ..storage.making import closed


def settings_of(folder, text=""):
    path = folder / "gatepost.yaml"
    path.write_text(text)
    return load(path, variables={"GATEPOST_DATA_DIR": str(folder / "data")})


def test_a_first_start_greets_with_keys_and_a_call_that_works(tmp_path):
    office = Office(settings_of(tmp_path))
    lines = greeting(office.plane)
    office.close()
    call = shlex.split(lines[-1])
    assert call[0] == "curl"
    assert json.loads(call[-1])["model"] == "sandbox/echo"
    assert any("admin key: gpa_" in line for line in lines)
    again = Office(settings_of(tmp_path))
    assert greeting(again.plane) == []
    again.close()


def test_what_the_journal_says_is_found_at_once(tmp_path):
    office = Office(settings_of(tmp_path))

    async def look():
        journal = Journal.open(tmp_path / "data/journal")
        journal.append(TraceOpened("11111111-1111-7111-8111-111111111111", 5, "o", "p", "k", '{"a":1}', 7))
        await journal.durable()
        try:
            return await office.trace("11111111-1111-7111-8111-111111111111"), await office.trace("no")
        finally:
            journal.close()

    found, absent = asyncio.run(look())
    office.close()
    assert absent is None
    assert (found.project, found.revenue, found.sealed) == ("p", 7, False)


@pytest.mark.parametrize(("text", "words"), [("fallbacks: {a: [b]}", "`a`"), ("", None)])
def test_a_start_answers_or_says_why_not(tmp_path, text, words):
    import socket

    async def talk():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        serving = asyncio.create_task(run(theirs.detach(), settings_of(tmp_path, text)))
        reader, writer = await asyncio.open_connection(sock=ours)
        end = DataEnd()
        channel = Channel(reader, writer, {"publish": end.published})
        reading = asyncio.create_task(channel.run())
        end.attach(channel)
        try:
            return await end.start()
        finally:
            channel.close()
            await asyncio.gather(serving, reading)

    if words is None:
        assert asyncio.run(talk()).snapshot.version == 1
    else:
        with pytest.raises(Exception, match=words):
            asyncio.run(talk())


TELEMETRY = "server: {telemetry: {endpoint: 'http://127.0.0.1:1', metrics: false}}"


def test_telemetry_that_is_off_is_not_there(tmp_path):
    office = Office(settings_of(tmp_path))
    assert office.records.watch is None
    assert office.plane.health()["telemetry"] is None
    office.close()


def test_telemetry_without_its_extra_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "gatepost_gateway.control.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(GatewayFault, match=r"gatepost-gateway\[otel\]"):
        Office(settings_of(tmp_path, TELEMETRY))


def test_a_collector_that_is_away_is_counted_and_stops_nothing(tmp_path):
    office = Office(settings_of(tmp_path, TELEMETRY))
    office.exporter.offer([msgspec.msgpack.encode(closed())])
    office.exporter.flush()
    assert office.plane.health()["telemetry"] == {"told": 0, "dropped": 0, "failed": 1}
    office.close()
