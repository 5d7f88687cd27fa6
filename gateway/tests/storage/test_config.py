import sqlite3
import threading
from pathlib import Path

import msgspec
import pytest

from gatepost_gateway.domain.errors import CallerError, GatewayFault
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind, KeyState, Sealed
from gatepost_gateway.settings.declared import DeclaredModel, Document, Layer, SecretSource
from gatepost_gateway.storage.config import ConfigStore, KeyEnds, KeyMade, KeyTurned, ProjectMade
from gatepost_gateway.storage.database import DatabaseError, Sql
from gatepost_gateway.storage.faults import TooNew
from gatepost_gateway.storage.sqlite_database import SqliteDatabase
from gatepost_gateway.storage.vault import Label, Vault

from .stores import Opener, Postgres


def document(name: str) -> Document:
    key = SecretSource(sealed=Sealed("m", b"\0box", "model/a"), mark="k")
    return Document(api=Layer(models=(DeclaredModel(id=name, identifier=name, provider="openai", api_key=key),)))


def key(name: str) -> KeyEntry:
    return KeyEntry(name, KeyKind.RUNTIME, name, b"digest", "default", "default")


def test_versions_are_numbered_and_come_back_whole(home: Opener, tmp_path: Path) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    assert store.current() is None
    assert store.append(document("a"), base=0, by="me", note="first") == 1
    assert store.append(document("b"), base=1, by="you", note="") == 2
    kept = store.current()
    assert kept is not None
    assert kept.document == document("b")
    assert (kept.version.number, kept.version.by) == (2, "you")
    assert store.get(1).document == document("a")
    assert [version.number for version in store.history()] == [2, 1]
    assert store.get(1).version.digest != kept.version.digest
    store.close()


def test_equal_documents_have_equal_digests(home: Opener, tmp_path: Path) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    store.append(document("a"), base=0, by="", note="")
    store.append(document("a"), base=1, by="", note="")
    first, second = store.history()
    assert first.digest == second.digest
    store.close()


@pytest.mark.parametrize("number", [0, -1, 3, 2**70])
def test_a_number_that_was_never_given(home: Opener, tmp_path: Path, number: int) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    with pytest.raises(CallerError, match="there is no version") as caught:
        store.get(number)
    assert caught.value.status == 404
    store.close()


def test_a_writer_that_was_too_slow_is_told(home: Opener, tmp_path: Path) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    store.append(document("a"), base=0, by="", note="")
    with pytest.raises(CallerError, match="changed by someone else") as caught:
        store.append(document("b"), base=0, by="", note="")
    assert caught.value.status == 409
    assert store.history()[0].number == 1
    store.close()


def test_two_writers_at_once_make_one_version(home: Opener, tmp_path: Path) -> None:
    ConfigStore(home(tmp_path / "config.db")).close()
    outcomes: list[str] = []
    gate = threading.Barrier(2)

    def write(name: str) -> None:
        store = ConfigStore(home(tmp_path / "config.db"))
        gate.wait()
        try:
            store.append(document(name), base=0, by=name, note="")
            outcomes.append("kept")
        except CallerError:
            outcomes.append("late")
        store.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["kept", "late"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE versions SET note = 'x'",
        "DELETE FROM versions",
        "UPDATE identity_log SET by = 'x'",
        "DELETE FROM identity_log",
    ],
)
def test_what_is_written_stays(home: Opener, tmp_path: Path, sql: str) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    store.append(document("a"), base=0, by="", note="")
    store.record([ProjectMade("p", "o")], by="")
    store.close()
    found = home(tmp_path / "config.db")
    db = SqliteDatabase(found, ()) if isinstance(found, Path) else found
    with pytest.raises(DatabaseError, match="never"):
        db.run(Sql(sql))
    db.close()


def test_identities_are_the_fold_of_their_log(home: Opener, tmp_path: Path) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    assert store.record([ProjectMade("p", "o", "P"), KeyMade(key("a")), KeyMade(key("b"))], by="me") == 3
    store.record([KeyTurned("a", KeyState.PAUSED), KeyEnds("b", 50), KeyEnds("b", 90)], by="me")
    found = store.identities()
    assert found.seq == 6
    assert found.projects["p"].name == "P"
    assert found.keys["a"].state is KeyState.PAUSED
    assert found.keys["b"].expires_at == 50
    assert found.made["a"] > 0
    store.close()


def test_revoked_is_for_ever_whatever_the_log_says_later(home: Opener, tmp_path: Path) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    store.record([KeyMade(key("a")), KeyTurned("a", KeyState.REVOKED), KeyTurned("a", KeyState.ACTIVE)], by="")
    assert store.identities().keys["a"].state is KeyState.REVOKED
    store.close()


def test_everything_is_there_after_a_restart(home: Opener, tmp_path: Path) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    store.append(document("a"), base=0, by="", note="")
    store.record([KeyMade(key("a"))], by="")
    store.close()
    again = ConfigStore(home(tmp_path / "config.db"))
    assert again.migrated == []
    assert again.get(1).document == document("a")
    assert again.identities().keys["a"] == key("a")
    assert again.check() == []
    assert again.upgrade() == []
    again.close()


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_the_file_is_private(home: Opener, tmp_path: Path) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    assert (tmp_path / "config.db").stat().st_mode & 0o777 == 0o600
    store.close()


def test_a_version_of_the_first_release_can_still_be_read() -> None:
    text = (
        b'{"file":{"models":[{"id":"a","identifier":"x","provider":"openai","api_key":{"env":"K","file":null,'
        b'"sealed":{"master":"m","box":"AA==","purpose":"model/a"},"mark":"k"},"input_cost_per_1k":"0.00015",'
        b'"output_cost_per_1k":"0.0006"}],"fallbacks":{"a":["b"]},"projects":[{"id":"p","budgets":{"daily_usd":"20"}}]},'
        b'"api":{}}'
    )
    read = msgspec.json.decode(text, type=Document)
    assert read.file.models[0].api_key is not None
    assert read.file.models[0].api_key.sealed == Sealed("m", b"\0", "model/a")
    assert str(read.file.projects[0].budgets.daily_usd) == "20"


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_a_file_that_is_none_is_refused(home: Opener, tmp_path: Path) -> None:
    (tmp_path / "config.db").write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    with pytest.raises(GatewayFault, match="cannot be used"):
        ConfigStore(home(tmp_path / "config.db"))


@pytest.mark.parametrize("home", ["sqlite"], indirect=True)
def test_a_newer_form_is_refused(home: Opener, tmp_path: Path) -> None:
    ConfigStore(home(tmp_path / "config.db")).close()
    db = sqlite3.connect(tmp_path / "config.db")
    db.execute("INSERT INTO migrations VALUES ('9999_post_future.sql', 1)")
    db.commit()
    db.close()
    with pytest.raises(TooNew):
        ConfigStore(home(tmp_path / "config.db"))


@pytest.mark.parametrize("home", ["postgres"], indirect=True)
def test_another_master_key_than_the_store_was_begun_with_is_refused(home: Opener, tmp_path: Path) -> None:
    old, strange = (bytes([number]) * 32 for number in range(2))
    one, two = (ConfigStore(home(tmp_path / "config.db")) for _ in range(2))
    first, same = Vault([old]), Vault([old])
    one.admit(first)
    two.admit(same)
    assert first.derive(Label.MARKS) == same.derive(Label.MARKS)
    with pytest.raises(GatewayFault, match="master key"):
        two.admit(Vault([strange]))
    one.close()
    two.close()


def test_gateways_know_of_each_other_as_long_as_they_run(postgres: Postgres) -> None:
    url = postgres.fresh()
    one, two = (ConfigStore(postgres.open(url, journal)) for journal in ("one", "two"))
    assert (one.others(), two.others()) == (0, 0)
    one.announce()
    one.announce()
    assert (one.others(), two.others()) == (0, 1)
    one.close()
    while two.others():
        pass
    two.close()
