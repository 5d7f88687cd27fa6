from pathlib import Path

from .commands import Here


def test_db_and_backup(here: Here, tmp_path: Path) -> None:
    here("apply", "-f", "file.yaml")
    assert here.json("db", "upgrade") == {"config.db": [], "records.db": []}
    done = here.json("backup", "copy")
    assert done["problems"] == []
    assert not (tmp_path / "copy" / "master.key").exists()
    assert here("backup", "copy")[0] == 1
    (tmp_path / ".gatepost" / "master.key").replace(tmp_path / "copy" / "master.key")
    assert [one["id"] for one in here.json("models", "list", "--data-dir", "copy")["items"]] == ["a"]
