"""The master key is changed on a stopped gateway's data, and whoever does it is killed at every step."""

import asyncio
import os
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.control.reach import InProcess, path_of
from gatepost_gateway.domain.records import TOOLS, Closed, Kept
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ProviderKind
from gatepost_gateway.settings import load
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.journal import Journal
from gatepost_gateway.storage.lock import acquire
from gatepost_gateway.storage.master import RETIRED, MasterKeys
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.vault import FILE, Vault, open_vault

from ..storage.making import closed
from .house import ask, make

PLACES = ("/storage/master.py", "/storage/reseal.py", "/storage/vault.py", "/storage/config.py", "rotation.py")
NOW = 1_900_000_000_000_000
MODEL = {"id": "a", "identifier": "x", "provider": "openai", "api_key": "sk-registry"}
OWN = {"provider": "openai", "api_key": "sk-brought"}


async def _prepare(folder: Path) -> None:
    plane = make(folder)
    for path, body in (("/api/v1/models", MODEL), ("/api/v1/models", {**MODEL, "id": "b"}), ("/v1/keys", OWN)):
        reply = await ask(plane, "POST", path, body)
        assert reply.status in (201, 204), reply.body
    vault, journal = plane.vault, Journal.open(folder / "data" / "journal", after=0)
    assert isinstance(vault, Vault)
    for number in range(3):
        box = vault.seal_state("chain", f"c{number}", b"said")
        journal.append(Kept("chain", f"c{number}", "default", NOW, box))
        journal.append(closed(f"s{number}", tools=vault.seal_state(TOOLS, f"s{number}", b"uses")))
    await journal.durable()
    journal.close()
    plane.close()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sealed")
    asyncio.run(_prepare(folder))
    return folder


@pytest.fixture
def folder(data: Path, tmp_path: Path) -> Path:
    shutil.copytree(data / "data", tmp_path / "data")
    return tmp_path


def rotate(folder: Path, *, keep_old: bool = False) -> list[Any]:
    """As the command does it; every page that was answered."""
    settings = load(variables={"GATEPOST_DATA_DIR": str(folder / "data")}, folder=folder)
    way = InProcess(settings, acquire(folder / "data" / "lock"))
    pages: list[Any] = []
    try:
        while not pages or pages[-1]["state"] != "done":
            status, page = way.call("POST", path_of("master-key", "rotate"), {"keep_old": keep_old})
            assert status == 200, page
            pages.append(page)
    finally:
        way.close()
    return pages


def everything(folder: Path) -> list[str]:
    """All that is sealed, opened by a gateway that starts now."""
    plane: ControlPlane = make(folder)
    data = folder / "data"
    try:
        vault = plane.vault
        models = [plane.configuration.model(id)[0].api_key for id in ("a", "b")]
        older = plane.store.get(2).document.api.models[0].api_key
        own = plane.keyring.identities.own_keys["default", ProviderKind.OPENAI].sealed
        boxes = [source.sealed for source in (*models, older) if source is not None and source.sealed is not None]
        found = [vault.open(box).reveal() for box in (*boxes, own)]
        found.append(plane.secret.hex())
        with Records(data / "records.db") as records:
            Folder(data / "journal", records).fold_to_end()
            for number in range(3):
                kept = records.kept("chain", f"c{number}", NOW - 1)
                assert kept is not None
                found.append(vault.open_state("chain", f"c{number}", kept.box).decode())
                (step,) = [
                    one
                    for page in records.traces(_any()).items
                    if (detail := records.trace(page.id)) is not None
                    for one in detail.steps
                    if isinstance(one, Closed) and one.step_id == f"s{number}"
                ]
                found.append(vault.open_state(TOOLS, step.step_id, step.tools).decode())
    finally:
        plane.close()
    return found


def _any() -> Any:
    from gatepost_gateway.storage.rows import Filters

    return Filters()


def keys(folder: Path) -> list[bytes]:
    return MasterKeys(folder / "data", None).read()


def test_everything_is_sealed_with_the_new_key_and_the_old_one_is_gone(folder: Path) -> None:
    before, (old,) = everything(folder), keys(folder)
    pages = rotate(folder)
    assert pages[0]["state"] == "configuration"
    assert pages[-1] == {
        "state": "done", "kept_in": "file", "keys": 1,
        "configuration": 3, "conversations": 3, "steps": 3, "unreadable": 0,
    }  # fmt: skip
    (new,) = keys(folder)
    assert new != old
    assert everything(folder) == before
    assert not (folder / "data" / RETIRED).exists()
    assert [page["state"] for page in rotate(folder, keep_old=True)][-1] == "done"
    assert everything(folder) == before
    assert (folder / "data" / RETIRED).exists()


def test_a_stored_key_that_is_said_again_changes_nothing(folder: Path) -> None:
    rotate(folder)

    async def go() -> None:
        plane = make(folder)
        version = plane.configuration.current.version.number
        model, _ = plane.configuration.model("a")
        assert model.api_key is not None
        assert model.api_key.mark == plane.vault.mark(Secret("sk-registry"))
        assert (await ask(plane, "PUT", "/api/v1/models/a", MODEL)).status == 200
        assert plane.configuration.current.version.number == version
        plane.close()

    asyncio.run(go())


def test_the_environments_key_is_changed_there(folder: Path) -> None:
    file = folder / "data" / FILE
    old, new = file.read_text().strip(), "bmV3IGtleSBuZXcga2V5IG5ldyBrZXkgbmV3IGtleSE="
    file.unlink()
    story: list[Any] = []

    async def go(given: str, *paths: str) -> None:
        plane = make(folder, variables={"GATEPOST_MASTER_KEY": given})
        try:
            for path in paths:
                reply = await ask(plane, "POST", path)
                story.append((reply.status, reply.json.get("state") or reply.json["error"]))
                assert old not in reply.body.decode()
        finally:
            plane.close()

    way = "/api/v1/master-key/rotate"
    asyncio.run(go(old, way))
    assert story.pop()[0] == 409
    settings = load(
        variables={"GATEPOST_DATA_DIR": str(folder / "data"), "GATEPOST_MASTER_KEY": f"{new} {old}"}, folder=folder
    )
    house = InProcess(settings, acquire(folder / "data" / "lock"))
    page: Any = {"state": ""}
    while page["state"] != "done":
        page = house.call("POST", way)[1]
    house.close()
    assert (page["kept_in"], page["keys"], page["conversations"]) == ("environment", 2, 3)
    assert not file.exists()
    file.write_text(new)
    file.chmod(0o600)
    assert everything(folder)[:4] == ["sk-registry"] * 3 + ["sk-brought"]


class Killer:
    """Kills this process at the `at`-th call into the code that changes the key; counts when `at` is None."""

    def __init__(self, at: int | None) -> None:
        self.seen = 0
        self._at = at

    def __call__(self, frame: Any, event: str, argument: Any) -> None:
        if event in ("call", "return", "c_call", "c_return") and frame.f_code.co_filename.endswith(PLACES):
            self.seen += 1
            if self.seen == self._at:
                os.kill(os.getpid(), signal.SIGKILL)


def _child(folder: Path, at: int) -> int:
    """A process that changes the key and is killed at call `at`; the signal that ended it, 0 when it came through."""
    pid = os.fork()
    if pid == 0:
        try:
            killer = Killer(at)
            threading.setprofile(killer)
            sys.setprofile(killer)
            rotate(folder)
        finally:
            sys.setprofile(None)
            os._exit(0)
    return os.waitpid(pid, 0)[1]


def _count(folder: Path) -> int:
    killer = Killer(None)
    threading.setprofile(killer)
    sys.setprofile(killer)
    try:
        rotate(folder)
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return killer.seen


def _killed_at(data: Path, folder: Path, before: list[str], at: int) -> None:
    shutil.copytree(data / "data", folder / "data")
    old = open_vault(folder / "data", None).current
    assert _child(folder, at) == signal.SIGKILL, at
    assert everything(folder) == before, f"after a kill at {at}"
    rotate(folder)
    assert len(keys(folder)) == 1
    assert open_vault(folder / "data", None).current != old
    assert everything(folder) == before, f"a kill at {at}, and then to the end"


def _kills(data: Path, tmp_path: Path, many: int) -> int:
    """Kills at so many moments, spread over the whole; how many there were."""
    shutil.copytree(data / "data", tmp_path / "whole" / "data")
    before = everything(tmp_path / "whole")
    total = _count(tmp_path / "whole")
    assert total > 100
    moments = sorted({1 + number * (total - 1) // (many - 1) for number in range(many)})
    for at in moments:
        folder = tmp_path / str(at)
        _killed_at(data, folder, before, at)
        shutil.rmtree(folder)
    return len(moments)


def test_a_kill_in_between_costs_nothing(data: Path, tmp_path: Path) -> None:
    assert _kills(data, tmp_path, 8) == 8


@pytest.mark.soak
def test_a_kill_at_every_step_costs_nothing(data: Path, tmp_path: Path) -> None:
    many = 40 if os.environ.get("SOAK") == "short" else 400
    assert _kills(data, tmp_path, many) == many
