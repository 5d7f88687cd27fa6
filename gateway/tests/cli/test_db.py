from pathlib import Path

from gatepost_gateway.storage.lock import acquire

from .commands import Here


def test_both_databases_are_brought_on(here: Here) -> None:
    assert here("db", "upgrade")[0] == 1
    here("apply", "-f", "file.yaml")
    assert here("db", "upgrade")[1] == "config.db: nothing to do\nrecords.db: nothing to do\n"
    Path(".gatepost/records.db").unlink()
    assert here.json("db", "upgrade")["records.db"][0] == "0001_pre_records.sql"


def test_a_gateway_at_work_keeps_it_off(here: Here, tmp_path: Path) -> None:
    here("apply", "-f", "file.yaml")
    with acquire(tmp_path / ".gatepost" / "lock"):
        code, _, err = here("db", "upgrade")
    assert code == 1
    assert "stop it first" in err
