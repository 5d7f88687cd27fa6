from decimal import Decimal

from gatepost_gateway.settings.check import check, near
from gatepost_gateway.settings.shapes import FileShape, RetriesShape


def test_near_names() -> None:
    assert near("modles", ["models", "tiers"]) == ": did you mean `models`?"
    assert near("zzz", ["models"]) == ""


def test_what_is_right_is_returned() -> None:
    said = check(RetriesShape, {"attempts": 3, "base": Decimal("0.5")}, lambda *_: None)
    assert said is not None
    assert (said.attempts, said.base) == (3, 0.5)


def test_a_key_of_a_mapping_with_free_keys_is_told() -> None:
    told: list[tuple[object, str]] = []
    assert check(FileShape, {"fallbacks": {"a b": ["c"]}}, lambda path, words, key: told.append((path, words))) is None
    assert told[0][0] == ("fallbacks", "a b")
