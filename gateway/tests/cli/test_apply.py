from pathlib import Path

from .commands import FILE, Here, gatepost


def test_a_first_apply_makes_the_data_and_shows_the_keys_once(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(FILE)
    first = gatepost(tmp_path, "apply", "-f", "file.yaml")
    assert first.code == 0
    assert "version 2 is in force" in first.out
    assert first.err.startswith("admin key: gpa_")
    again = gatepost(tmp_path, "apply", "-f", "file.yaml", "--json")
    assert (again.code, again.json["changes"], again.err) == (0, [], "")


def test_apply_says_what_it_would_do(here: Here) -> None:
    here("apply", "-f", "file.yaml")
    Path("file.yaml").write_text(FILE.replace("0.002", "0.003"))
    code, out, _ = here("apply", "-f", "file.yaml", "--dry-run")
    assert code == 0
    assert "~ models.a.output_cost_per_1k: 0.002 -> 0.003" in out
    assert "not applied: version 2 stays in force" in out


def test_apply_tells_every_mistake_with_its_line(here: Here) -> None:
    Path("file.yaml").write_text("sever: {}\nmodels: [{id: a}]\n")
    code, _, err = here("apply", "-f", "file.yaml")
    assert code == 1
    assert [line.rpartition("file.yaml:")[2][:2] for line in err.splitlines()[:3]] == ["1:", "2:", "2:"]
    assert here("apply", "-f", "nothing.yaml")[0] == 1


def test_apply_warns_with_two(here: Here) -> None:
    Path("file.yaml").write_text("models: [{id: a, identifier: x, provider: openai, api_key: {env: NOT_SET}}]")
    code, _, err = here("apply", "-f", "file.yaml")
    assert code == 2
    assert "warning: " in err
    assert "`NOT_SET` is not set" in err


def test_a_secret_file_is_found_beside_the_configuration(here: Here, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "key").write_text("sk-1")
    (tmp_path / "conf" / "g.yaml").write_text(
        "models: [{id: a, identifier: x, provider: openai, api_key: {file: key}}]"
    )
    assert here("apply", "-f", "conf/g.yaml")[0] == 0
    assert here.json("models", "show", "a")["api_key_set"] is True
