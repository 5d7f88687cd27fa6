from pathlib import Path

import mirror


def write(root: Path, name: str, text: str = "def f(): ...\n") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_file_with_its_test_is_fine(tmp_path):
    write(tmp_path, "gateway/src/gatepost_gateway/pipeline/bind.py")
    write(tmp_path, "gateway/tests/pipeline/test_bind.py")
    assert mirror.check(tmp_path, set()) == []


def test_a_file_without_one_is_named(tmp_path):
    write(tmp_path, "gateway/src/gatepost_gateway/pipeline/bind.py")
    assert mirror.check(tmp_path, set()) == [
        "gateway/src/gatepost_gateway/pipeline/bind.py has no test file of its own"
    ]


def test_a_file_of_names_alone_needs_none(tmp_path):
    write(tmp_path, "gateway/src/gatepost_gateway/version.py", 'VERSION = "1"\n')
    assert mirror.check(tmp_path, set()) == []


def test_the_ratchet_may_only_shrink(tmp_path):
    write(tmp_path, "sdk/src/gatepost/_calls.py")
    entry = "sdk/src/gatepost/_calls.py"
    assert mirror.check(tmp_path, {entry}) == []
    write(tmp_path, "sdk/tests/test_calls.py")
    assert mirror.check(tmp_path, {entry}) == [f"{entry} needs no entry in the ratchet any more"]
