from pathlib import Path

import sizes


def write(root: Path, name: str, text: str) -> None:
    path = root / "gateway/src" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def long_function(lines: int) -> str:
    return "def f():\n" + "    x = 1\n" * (lines - 1)


def test_a_small_file_is_fine(tmp_path):
    write(tmp_path, "a.py", long_function(40))
    assert sizes.check(tmp_path, {}) == []


def test_what_is_too_large_is_named_with_its_size(tmp_path):
    write(tmp_path, "a.py", long_function(41))
    assert sizes.check(tmp_path, {}) == ["gateway/src/a.py:f is 41, more than 40"]


def test_too_many_parameters_are_named(tmp_path):
    write(tmp_path, "a.py", "def f(a, b, c, d, e, f, g): ...\n")
    assert sizes.check(tmp_path, {}) == ["gateway/src/a.py:f() is 7, more than 6"]


def test_an_entry_of_the_ratchet_may_only_shrink(tmp_path):
    write(tmp_path, "a.py", long_function(50))
    assert sizes.check(tmp_path, {"gateway/src/a.py:f": 50}) == []
    assert sizes.check(tmp_path, {"gateway/src/a.py:f": 49}) == ["gateway/src/a.py:f grew from 49 to 50"]


def test_no_entry_lifts_the_hard_bound(tmp_path):
    write(tmp_path, "a.py", long_function(61))
    assert sizes.check(tmp_path, {"gateway/src/a.py:f": 61}) == ["gateway/src/a.py:f is 61, over the hard bound of 60"]


def test_an_entry_that_is_not_needed_must_go(tmp_path):
    write(tmp_path, "a.py", long_function(3))
    assert sizes.check(tmp_path, {"gateway/src/a.py:f": 50}) == [
        "gateway/src/a.py:f needs no entry in the ratchet any more"
    ]


def test_the_ratchet_file_is_read(tmp_path):
    path = tmp_path / "sizes.txt"
    path.write_text("# why\na.py:f 41\n")
    assert sizes.read_ratchet(path) == {"a.py:f": 41}
