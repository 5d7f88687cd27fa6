"""Two control planes on one PostgreSQL, each with its own journal: what one does, the other serves and shows."""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.app.controlplane import Office
from gatepost_gateway.app.neighbours import Neighbours
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings import load
from gatepost_gateway.storage.database import Sql

from ..control.house import ask
from ..storage.making import closed, write
from ..storage.stores import Postgres

ADMIN = "gpa_adm1n_0123456789abcdef0123456789abcdef"
MASTER = base64.b64encode(bytes(32)).decode()


class Two:
    """Two offices over one database, and the neighbours of the second."""

    def __init__(self, postgres: Postgres, folder: Path) -> None:
        self.postgres = postgres
        self.url = postgres.fresh()
        self.one, self.two = (self._office(folder / name) for name in ("one", "two"))
        self.folders = (folder / "one" / "data", folder / "two" / "data")

    def _office(self, folder: Path) -> Office:
        folder.mkdir()
        variables = {
            "GATEPOST_DATA_DIR": str(folder / "data"),
            "GATEPOST_STORE_URL": self.url,
            "GATEPOST_MASTER_KEY": MASTER,
            "GATEPOST_ADMIN_KEY": ADMIN,
        }
        return Office(load(variables=variables, folder=folder))

    def neighbours(self) -> Neighbours:
        return Neighbours(Secret(self.url), self.two.plane, self.two.folder, self.two.records)

    def close(self) -> None:
        self.one.close()
        self.two.close()


@pytest.fixture
def two(postgres: Postgres, tmp_path: Path) -> Iterator[Two]:
    made = Two(postgres, tmp_path)
    yield made
    made.close()


def run(two: Two, story: Any) -> None:
    async def go() -> None:
        neighbours = asyncio.create_task(two.neighbours().run())
        try:
            async with asyncio.timeout(20):
                await story()
        finally:
            neighbours.cancel()
            with suppress(asyncio.CancelledError):
                await neighbours

    asyncio.run(go())


async def until(true: Any) -> None:
    while not true():
        await asyncio.sleep(0.005)


def test_only_the_first_makes_keys(two: Two) -> None:
    assert two.one.plane.first_keys.runtime is not None
    assert two.two.plane.first_keys.runtime is None
    assert two.one.plane.secret == two.two.plane.secret


def test_what_one_writes_the_other_serves(two: Two) -> None:
    served: list[Any] = []

    async def publish(document: Any) -> None:
        served.append(document)

    two.two.plane.on_publish(publish)

    async def story() -> None:
        made = await ask(two.one.plane, "POST", "/api/v1/keys", {"name": "k"})
        await until(lambda: served and made.json["id"] in {key.id for key in served[-1].keys})
        assert made.status == 201

    run(two, story)


def test_a_change_is_seen_though_nobody_tells_of_it(two: Two) -> None:
    """Whoever listens is cut off again and again: a look once a second is enough."""

    async def story() -> None:
        made = await ask(two.one.plane, "POST", "/api/v1/keys", {"name": "k"})
        await until(lambda: made.json["id"] in two.two.plane.keyring.identities.keys)

    plane = two.two.plane

    async def go() -> None:
        deaf = two.neighbours()
        following = asyncio.create_task(deaf._follow())  # pyright: ignore[reportPrivateUsage]
        async with asyncio.timeout(20):
            await story()
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    asyncio.run(go())
    assert plane.keyring.identities.seq == two.one.plane.keyring.identities.seq


def test_who_looks_first_and_writes_then_knows_what_the_other_wrote(two: Two) -> None:
    async def story() -> None:
        made = await ask(two.one.plane, "POST", "/api/v1/keys", {"name": "k"})
        name = made.json["id"]
        assert (await ask(two.one.plane, "POST", f"/api/v1/keys/{name}/revoke")).status == 200
        assert (await ask(two.two.plane, "POST", f"/api/v1/keys/{name}/resume")).status == 409
        model = {"id": "m", "identifier": "m", "provider": "sandbox"}
        assert (await ask(two.two.plane, "POST", "/api/v1/models", model)).status == 201
        assert (await ask(two.one.plane, "POST", "/api/v1/models", model)).status == 409

    asyncio.run(story())


def test_a_question_by_id_waits_for_the_other_journal(two: Two) -> None:
    call = closed()
    write(two.folders[1] / "journal", [call])

    async def story() -> None:
        assert two.two.records.counts().steps == 0
        found = await ask(two.one.plane, "GET", f"/api/v1/traces/{call.trace_id}")
        assert found.status == 200, found.body

    run(two, story)


def test_who_runs_and_does_not_answer_is_waited_for_a_second_and_not_for_ever(two: Two) -> None:
    write(two.folders[1] / "journal", [closed()])
    two.one.folder.fold_everywhere()
    assert two.one.records.counts().steps == 0
    two.two.close()
    assert two.one.records.ask_others() is None
    assert two.one.records.counts().steps == 1  # its last fold


def test_each_journal_has_its_own_place_and_its_own_holds(two: Two) -> None:
    from ..storage.making import opened

    first, second = opened(), opened()
    write(two.folders[0] / "journal", [first])
    write(two.folders[1] / "journal", [second])
    for office in (two.one, two.two):
        office.folder.fold_to_end()
    assert two.one.records.open_holds(own=True) == [first]
    assert two.two.records.open_holds(own=True) == [second]
    assert len(two.one.records.open_holds()) == 2
    with two.one.records.reading() as db:
        assert db.all(Sql("SELECT entries FROM position")) == [(1,), (1,)]


def test_a_copy_of_a_journal_is_folded_by_one(two: Two, tmp_path: Path) -> None:
    from gatepost_gateway.domain.errors import GatewayError
    from gatepost_gateway.storage.fold import Folder
    from gatepost_gateway.storage.home import gateway_id
    from gatepost_gateway.storage.records import Records
    from gatepost_gateway.storage.segments import Position

    write(two.folders[0] / "journal", [closed(), closed()])
    copy = Records(two.postgres.open(two.url, gateway_id(two.folders[0])))
    stale = copy.position()
    two.one.folder.fold_to_end()
    copy.position = lambda: stale  # type: ignore[method-assign] - it looked before the other wrote
    with pytest.raises(GatewayError, match="copy of this journal"):
        Folder(two.folders[0] / "journal", copy).fold()
    assert two.one.records.counts().steps == 2
    assert stale == Position()
    copy.close()
