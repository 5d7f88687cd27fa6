from .commands import Here


def test_versions(here: Here) -> None:
    here("apply", "-f", "file.yaml")
    assert [one["number"] for one in here.json("versions", "list")["items"]] == [2, 1]
    assert "*  2" in here("versions", "list")[1]
    assert here("versions", "diff", "1", "2")[1].startswith("+ models.a: ")
    assert here("versions", "diff", "1", "1")[1] == "no difference\n"
    assert here.json("versions", "show", "2")["document"]["models"][0]["id"] == "a"
    assert "version 3 is in force" in here("versions", "rollback", "1")[1]
    assert here("versions", "show", "9")[0] == 1
