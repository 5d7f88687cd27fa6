from pathlib import Path

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ProviderKind
from gatepost_gateway.storage.config import ConfigStore, OwnKeySet
from gatepost_gateway.storage.vault import open_vault

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


def test_the_doctor_tries_the_keys_of_projects(here: Here, tmp_path: Path) -> None:
    here("apply", "-f", "file.yaml")
    data = tmp_path / ".gatepost"
    store = ConfigStore(data / "config.db")
    sealed = open_vault(data, None).seal(Secret("sk-own"), "own")
    store.record([OwnKeySet("default", ProviderKind.OPENAI, sealed)], by="t")
    store.close()
    code, out, _ = here("doctor")
    assert (code, "and 1 keys of projects looked at" in out) == (0, True)
    (data / "master.key").write_text("A" * 43 + "=\n")
    code, out, _ = here("doctor")
    assert code == 1
    assert "the key of project `default` for openai: a stored secret needs a master key that is not here" in out
