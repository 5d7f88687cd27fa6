from decimal import Decimal

import msgspec

from gatepost_gateway.control.view import Change, changes, decimal_text, shown, source_text
from gatepost_gateway.domain.snapshot import Sealed
from gatepost_gateway.settings.declared import DeclaredModel, DeclaredProject, Document, Layer, SecretSource


def document(mark: str = "1", **more: object) -> Document:
    key = SecretSource(env="K", sealed=Sealed("m", b"canary", "p"), mark=mark)
    fields = {"id": "a", "identifier": "x", "provider": "openai", "api_key": key, **more}
    return Document(file=Layer(models=(DeclaredModel(**fields),)))  # type: ignore[arg-type]


def test_decimals_are_plain() -> None:
    for text, want in (("1E-7", "0.0000001"), ("2.500", "2.5"), ("20", "20"), ("0", "0"), ("1E+3", "1000")):
        assert decimal_text(Decimal(text)) == want


def test_a_secret_is_told_by_its_place() -> None:
    sealed = Sealed("m", b"x", "p")
    assert source_text(SecretSource(env="K", sealed=sealed)) == "from the variable K"
    assert source_text(SecretSource(env="K")) == "from the variable K (not set)"
    assert source_text(SecretSource(file="/f", sealed=sealed)) == "from the file /f"
    assert source_text(SecretSource(sealed=sealed)) == "set by the API"


def test_no_box_and_no_mark_is_shown() -> None:
    page = msgspec.json.encode(shown(document("marked-1")))
    assert b"canary" not in page
    assert b"Y2FuYXJ5" not in page
    assert b"marked-1" not in page


def test_nothing_differs_from_itself() -> None:
    assert changes(document(), document()) == []


def test_another_secret_differs_and_another_box_of_the_same_does_not() -> None:
    assert [one.path for one in changes(document("1"), document("2"))] == ["models.a.api_key"]
    again = document("1")
    assert changes(document("1"), again) == []


def test_entries_are_compared_by_id_whatever_their_order() -> None:
    one, two = DeclaredProject(id="p"), DeclaredProject(id="q", name="Q")
    before, after = Document(file=Layer(projects=(one, two))), Document(file=Layer(projects=(two, one)))
    assert changes(before, after) == []


def test_an_owner_that_changes_is_a_change() -> None:
    moved = Document(api=document().file)
    assert changes(document(), moved) == [Change("models.a.managed_by", "change", "file", "api")]
    assert changes(document(), Document())[0].op == "remove"
