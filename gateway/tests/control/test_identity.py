from pathlib import Path

import pytest

from gatepost_gateway.control.identity import Keyring
from gatepost_gateway.control.shapes import KeyNew
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import KeyKind, KeyState, Snapshot, SnapshotDocument
from gatepost_gateway.pipeline.identify import find_key
from gatepost_gateway.storage.config import ConfigStore


def test_what_is_made_opens_the_door_and_is_kept_as_a_hash(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "config.db")
    ring = Keyring(store, SystemClock())
    made = ring.create(KeyNew(name="x"), {"default"}, {}, by="me")
    snapshot = Snapshot(SnapshotDocument(1, 1, tuple(ring.identities.keys.values())))
    assert find_key(snapshot, made.text) == made.entry
    assert find_key(snapshot, Secret(made.text.reveal() + "x")) is None
    assert made.text.reveal() not in repr(made)
    store.close()


def test_the_first_start_is_once(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "config.db")
    ring = Keyring(store, SystemClock())
    assert [one.entry.kind for one in ring.first_start({KeyKind.ADMIN: Secret("x" * 20)})] == [KeyKind.RUNTIME]
    assert ring.first_start({}) == []
    assert list(ring.identities.projects) == ["default"]
    store.close()


def test_an_installed_key_is_installed_once(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "config.db")
    ring = Keyring(store, SystemClock())
    for _ in range(2):
        assert ring.install(KeyKind.ADMIN, Secret("gpa_a_0123456789abcdef"), "V") is None
    assert ring.identities.seq == 1
    ring.turn("a", KeyState.REVOKED, by="me")
    assert (
        ring.install(KeyKind.ADMIN, Secret("gpa_a_0123456789abcdef"), "V")
        == "the key in `V` is revoked and admits nobody"
    )
    assert ring.get("a").state is KeyState.REVOKED
    with pytest.raises(CallerError, match="for ever"):
        ring.turn("a", KeyState.ACTIVE, by="me")
    store.close()


def test_the_same_state_again_is_no_event(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "config.db")
    ring = Keyring(store, SystemClock())
    made = ring.create(KeyNew(name="x"), {"default"}, {}, by="me")
    ring.turn(made.entry.id, KeyState.ACTIVE, by="me")
    assert ring.identities.seq == 1
    store.close()
