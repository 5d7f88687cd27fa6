from gatepost_gateway.settings.references import Elsewhere, check_references
from gatepost_gateway.settings.yamltext import read


def told(text: str, elsewhere: Elsewhere | None = None) -> list[str]:
    tree = read(text, "f")
    check_references(tree, elsewhere or Elsewhere())
    return [str(problem) for problem in tree.problems]


def test_names_that_mean_nothing_are_told_with_the_nearest() -> None:
    text = "models: [{id: gpt}]\nprojects: [{id: p, default_model: gtp}]\n"
    text += "tiers: {simple: gpx}\nproxies: [{id: x, project: q}]\n"
    assert told(text) == [
        "f:2:35: model `gtp` is not declared: did you mean `gpt`?",
        "f:4:28: project `q` is not declared",
        "f:3:17: model `gpx` is not declared: did you mean `gpt`?",
    ]


def test_the_sandbox_and_the_default_project_are_always_there() -> None:
    assert told("fallbacks: {sandbox/echo: []}\nserver: {pass_through_project: default}\n") == []


def test_what_has_another_shape_is_left_to_the_shape() -> None:
    for text in (
        "[]",
        "models: {}",
        "models: [3, {id: [x]}]",
        "fallbacks: []",
        "fallbacks: {sandbox/echo: 3}",
        "server: x",
    ):
        assert told(text) == []


def test_ids_stand_once() -> None:
    assert told("proxies: [{id: a}, {id: a}]") == [
        "f:1:25: the id `a` stands twice in `proxies`: the first is on line 1"
    ]


def test_what_the_api_owns_is_not_declared_again() -> None:
    assert "registered by the API" in told("models: [{id: a}]", Elsewhere(models={"a"}))[0]


def test_budgets_stand_once_and_in_projects_that_exist() -> None:
    assert told("budgets: [{id: a}, {id: a, project: defualt}]") == [
        "f:1:25: the id `a` stands twice in `budgets`: the first is on line 1",
        "f:1:37: project `defualt` is not declared: did you mean `default`?",
    ]
