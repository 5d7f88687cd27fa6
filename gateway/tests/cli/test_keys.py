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
