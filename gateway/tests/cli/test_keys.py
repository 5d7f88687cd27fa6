from pathlib import Path

from .commands import Here


def test_keys(here: Here) -> None:
    code, out, err = here("keys", "create", "app")
    assert code == 0
    assert out.startswith("gp_")
    assert "shown this once" in err
    name = out.split("_")[1]
    for action, status in (("pause", "paused"), ("resume", "active")):
        assert here("keys", action, name)[1] == f"key {name} (app) is {status}\n"
    new = here.json("keys", "rotate", name, "--overlap-seconds", "0")
    assert new["key"].startswith("gp_")
    assert {key["id"]: key["status"] for key in here.json("keys", "list")["items"]}[name] == "revoked"
    assert here("keys", "resume", name)[0] == 1
    assert out.strip() not in here("keys", "list")[1]
    assert here("keys", "create", "x", "--project", "none")[0] == 1


def test_the_master_key_is_changed_and_never_shown(here: Here) -> None:
    assert here("keys", "create", "app")[0] == 0
    file = Path(".gatepost/master.key")
    old = file.read_text().strip()
    code, out, err = here("keys", "rotate-master", "--keep-old")
    assert (code, out) == (
        0,
        "everything is sealed with the new master key (0 configuration, 0 conversations, 0 steps)\n",
    )
    assert "master.key.old" in err
    new = file.read_text().strip()
    assert new != old == Path(".gatepost/master.key.old").read_text().strip()
    assert here.json("keys", "rotate-master")["state"] == "done"
    assert all(key not in out + err for key in (old, new))
