from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from gatepost_gateway.domain.records import TOOLS, Closed, Kept
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ProviderKind, Sealed
from gatepost_gateway.settings.declared import DeclaredModel, Document, Layer, SecretSource
from gatepost_gateway.storage import reseal
from gatepost_gateway.storage.batch import decode
from gatepost_gateway.storage.config import ConfigStore, OwnKeySet
from gatepost_gateway.storage.database import DatabaseError, Sql
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.reseal import Resealed, Resealer
from gatepost_gateway.storage.segments import Position
from gatepost_gateway.storage.vault import Label, Vault

from .making import NOW, closed
from .stores import Opener

OLD, NEW, GONE = b"o" * 32, b"n" * 32, b"g" * 32


def document(vault: Vault, text: str) -> Document:
    source = SecretSource(sealed=vault.seal(Secret(text), "model/a"), mark=vault.mark(Secret(text)))
    model = DeclaredModel(
        id="a", identifier="x", provider="openai", api_key=source, input_cost_per_1k=Decimal("0.10"),
        additional_config={"big": 2**63, "deep": [{"box": "no box"}]},
    )  # fmt: skip
    return Document(api=Layer(models=(model,)))


def opened(vault: Vault, found: Document) -> str:
    source = found.api.models[0].api_key
    assert source is not None
    assert source.sealed is not None
    return vault.open(source.sealed).reveal()


def test_versions_identities_and_what_is_derived(tmp_path: Path, home: Opener) -> None:
    old = Vault([OLD])
    store = ConfigStore(home(tmp_path / "config.db"))
    first, second = document(old, "sk-1"), document(old, "sk-2")
    for number, one in enumerate((first, second, Document())):
        store.append(one, base=number, by="t", note="n")
    store.record([OwnKeySet("p", ProviderKind.OPENAI, old.seal(Secret("sk-own"), "own"), {"a": "b"})], by="t")
    before = store.history()

    both = Vault([NEW, OLD])
    work = Resealer(both)
    work.configuration(store)
    assert work.done == Resealed(configuration=3)
    alone = Vault([NEW])
    alone.adopt(store.derived())
    assert alone.derive(Label.MARKS) == old.derive(Label.MARKS) != Vault([NEW]).derive(Label.MARKS)
    assert alone.mark(Secret("sk-1")) == old.mark(Secret("sk-1"))
    assert [opened(alone, store.get(number).document) for number in (1, 2)] == ["sk-1", "sk-2"]
    assert alone.open(store.identities().own_keys["p", ProviderKind.OPENAI].sealed).reveal() == "sk-own"
    assert store.history() == before, "nothing else of a version changes"
    bare = msgspec.structs.replace(store.get(1).document.api.models[0], api_key=None)
    assert bare == msgspec.structs.replace(first.api.models[0], api_key=None)

    again = Resealer(both)
    again.configuration(store)
    assert again.done == Resealed(), "what is sealed with the new key stays as it is"
    store.close()
    box = first.api.models[0].api_key.sealed.box  # type: ignore[union-attr]
    file = tmp_path / "config.db"
    said = file.read_bytes() if file.exists() else b""
    assert msgspec.json.encode(box)[1:-1] not in said, "the old ciphertext is not in the file any more"


def test_versions_still_do_not_change_otherwise(tmp_path: Path, home: Opener) -> None:
    store = ConfigStore(home(tmp_path / "config.db"))
    store.append(Document(), base=0, by="t", note="n")
    with pytest.raises(DatabaseError, match="never changed"):
        store._db.run(Sql("UPDATE versions SET document = document"))
    store._db.run(Sql("INSERT INTO resealing VALUES (1)"))
    with pytest.raises(DatabaseError, match="never changed"):
        store._db.run(Sql("UPDATE versions SET by = 'other'"))
    store.close()


def fill(records: Records, vault: Vault, many: int) -> None:
    steps = [closed(f"s{number}", tools=vault.seal_state(TOOLS, f"s{number}", b"uses")) for number in range(many)]
    states = [
        Kept("chain", f"c{number}", "default", NOW * 2, vault.seal_state("chain", f"c{number}", b"said"))
        for number in range(many)
    ]
    payloads = [msgspec.msgpack.encode(one) for one in (*steps, *states, closed("plain"))]
    records.fold(lambda: [(decode(one), one) for one in payloads], Position(1, 1))


def read(records: Records, vault: Vault, number: int) -> tuple[bytes, bytes]:
    kept = records.kept("chain", f"c{number}", NOW)
    assert kept is not None
    with records.reading() as db:
        (entry,) = db.one(Sql("SELECT entry FROM steps WHERE id = ?"), (f"s{number}",))
    step = msgspec.msgpack.decode(entry, type=Closed)
    assert step == closed(f"s{number}", trace_id=step.trace_id, tools=step.tools), "nothing else of a step changes"
    return vault.open_state("chain", f"c{number}", kept.box), vault.open_state(TOOLS, f"s{number}", step.tools)


def test_conversations_and_steps_a_piece_at_a_time(
    tmp_path: Path, home: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reseal, "AT_ONCE", 3)
    monkeypatch.setattr(reseal, "STRETCH", 4)
    with Records(home(tmp_path / "records.db")) as records:
        fill(records, Vault([OLD]), 10)
        both = Vault([NEW, OLD])
        work = Resealer(both)
        pieces = 0
        while work.piece(records):
            pieces += 1
            assert all(read(records, both, number) == (b"said", b"uses") for number in range(10)), "at every moment"
        assert pieces == 4 + 3
        assert work.done == Resealed(conversations=10, steps=10)
        assert all(read(records, Vault([NEW]), number) == (b"said", b"uses") for number in range(10))


def test_what_no_key_opens_stays_and_is_counted(tmp_path: Path, home: Opener) -> None:
    with Records(home(tmp_path / "records.db")) as records:
        fill(records, Vault([GONE]), 2)
        work = Resealer(Vault([NEW, OLD]))
        while work.piece(records):
            pass
        assert work.done == Resealed(unreadable=2)
        assert read(records, Vault([GONE]), 1) == (b"said", b"uses")
    store = ConfigStore(home(tmp_path / "config.db"))
    store.append(document(Vault([GONE]), "sk-1"), base=0, by="t", note="n")
    work.configuration(store)
    assert work.done.unreadable == 3
    damaged = Sealed(Vault([OLD]).current.hex(), b"no box", "p")
    assert work._walk(damaged) is damaged
    store.close()
