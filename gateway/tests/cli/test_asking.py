import os
from pathlib import Path

from gatepost_gateway.storage.lock import acquire

from .commands import FILE, Here


def test_a_look_applies_no_file(here: Here) -> None:
    here("keys", "create", "x")
    Path("gatepost.yaml").write_text(FILE)
    assert here.json("models", "list")["items"] == []


def test_a_held_directory_without_an_address_is_told(here: Here, tmp_path: Path) -> None:
    here("apply", "-f", "file.yaml")
    with acquire(tmp_path / ".gatepost" / "lock"):
        code, _, err = here("keys", "list")
        assert code == 1
        assert f"process {os.getpid()} works on" in err
        assert here("db", "upgrade")[0] == 1
        assert here("doctor")[0] == 2
