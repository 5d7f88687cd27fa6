from pathlib import Path

from .commands import Here

FILE = """
models: [{id: a, identifier: x, provider: openai, input_cost_per_1k: 0.001, output_cost_per_1k: 0.002}]
projects: [{id: default, default_model: a}]
budgets:
  - {id: people, scope: user, daily_usd: 2}
  - {id: all, scope: org, match: default, monthly_usd: 100}
"""


def test_the_arithmetic_is_told(here: Here, tmp_path: Path) -> None:
    (tmp_path / "gatepost.yaml").write_text(FILE)
    assert here("apply", "-f", "gatepost.yaml")[0] == 0
    code, out, _ = here("budget", "explain")
    assert code == 0
    assert "people/daily (user, daily, managed by file)" in out
    assert "limit 2 USD for each user: name one to see what is left of it" in out
    assert "limit 100 - settled 0 - held 0 = 100 USD left until" in out
    assert "a model without a price is refused" in out
    _, out, _ = here("budget", "explain", "--user", "ann")
    assert "people/daily in default for user ann@" in out
    assert "limit 2 - settled 0 - held 0 = 2 USD left until" in out


def test_where_no_budget_is_it_says_so(here: Here, tmp_path: Path) -> None:
    (tmp_path / "gatepost.yaml").write_text("")
    here("keys", "create", "x")
    assert here("budget", "explain")[1].startswith("No budget is in force there")
