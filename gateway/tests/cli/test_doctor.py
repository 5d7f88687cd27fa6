from pathlib import Path

from .commands import Here


def test_the_doctor_finds_what_is_wrong(here: Here, tmp_path: Path) -> None:
    assert here("doctor")[0] == 2
    here("apply", "-f", "file.yaml")
    code, out, _ = here("doctor")
    assert (code, "error" in out) == (0, False)
    (tmp_path / ".gatepost" / "master.key").chmod(0o644)
    code, out, _ = here("doctor")
    assert code == 1
    assert "chmod 600" in out
    (tmp_path / ".gatepost" / "master.key").unlink()
    findings = here("doctor", "--json")
    assert findings[0] == 1
    assert "is gone" in findings[1]
    Path("gatepost.yaml").write_text("sever: {}")
    assert "unknown key `sever`" in here("doctor")[1]
