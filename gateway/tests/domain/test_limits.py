import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.domain.clock import from_iso, iso
from gatepost_gateway.domain.governance import Period
from gatepost_gateway.domain.limits import (
    Budget,
    Index,
    RateLimits,
    Reach,
    Scope,
    ScopedBudget,
    ScopedRates,
    account,
    account_end,
    address_of,
    group_of,
    own_rates,
    period_ends,
    period_of,
    purses,
    scope_word,
    shown,
)

DAILY = Budget("b/daily", Period.DAILY, 10)


def budget(scope: Scope, match: str | None = None, name: str = "", project: str | None = None) -> ScopedBudget:
    return ScopedBudget(Reach(scope, name, match, project), (DAILY,))


def met(*budgets: ScopedBudget, project: str = "p", **who: str) -> list[str]:
    def subject(scope: Scope, name: str) -> str | None:
        return who.get(f"{scope.value}_{name}" if name else scope.value)

    return [purse.account for purse in purses((), Index(budgets), subject, project)]


def test_a_call_meets_the_limits_of_its_own_subjects_only() -> None:
    budgets = (
        budget(Scope.ORG, "acme"), budget(Scope.ORG, "other"), budget(Scope.USER), budget(Scope.USER, "bob"),
        budget(Scope.METADATA, "red", "team"), budget(Scope.KEY, project="q"),
    )  # fmt: skip
    assert met(*budgets, org="acme", user="ann", key="k") == ["b/daily for org acme", "b/daily in p for user ann"]
    assert met(*budgets, user="bob") == ["b/daily in p for user bob"] * 2
    assert met(*budgets, metadata_team="red") == ["b/daily in p for metadata:team red"]
    assert met(*budgets, project="q", key="k") == ["b/daily for key k"]
    assert met(*budgets) == []


def test_the_budgets_of_the_project_come_first_under_their_own_name() -> None:
    own = Budget("p/monthly", Period.MONTHLY, 5)
    found = purses((own,), Index((budget(Scope.ORG),)), lambda scope, name: "acme", "p")
    assert [(one.account, one.scope) for one in found] == [("p/monthly", "project"), ("b/daily for org acme", "org")]


def test_no_two_subjects_share_an_account_and_none_takes_another_projects() -> None:
    names = ["a", "b", "a b", "a in q", "a for user b", "a@2026-11-20", "#x", "x" * 200, "x" * 201, "\n", "\ud800", ""]
    found = {account("b/daily", Reach(Scope.USER), name, project) for name in names for project in ("p", "q")}
    assert len(found) == 2 * len(names)
    assert all(len(one) < 200 and one.isprintable() for one in found)


@given(st.text(), st.text())
def test_a_subject_is_shown_as_itself_or_as_a_hash(one: str, other: str) -> None:
    assert (shown(one) == shown(other)) == (one == other)
    assert shown(one) == one or shown(one).startswith("#")


def test_accounts_that_are_many_of_a_kind_have_a_group() -> None:
    assert group_of(account("b/daily", Reach(Scope.USER), "a for user b", "p")) == "b/daily in p for user"
    assert group_of(account("b/daily", Reach(Scope.METADATA, "team"), "red", "p")) == "b/daily in p for metadata:team"
    assert group_of("b/daily in p for user") is None
    assert group_of("p/daily") is None


def test_scopes_have_a_word_for_headers() -> None:
    assert scope_word(Reach(Scope.METADATA, "Team")) == "metadata-team"
    assert scope_word(Reach(Scope.KEY)) == "key"


@pytest.mark.parametrize(
    ("period", "name", "ends"),
    [
        (Period.HOURLY, "2026-12-31T23", "2027-01-01T00:00:00"),
        (Period.DAILY, "2026-12-31", "2027-01-01T00:00:00"),
        (Period.MONTHLY, "2026-12", "2027-01-01T00:00:00"),
    ],
)
def test_periods_are_of_utc(period: Period, name: str, ends: str) -> None:
    now = from_iso("2026-12-31T23:59:59Z")
    assert period_of(period, now) == name
    assert iso(period_ends(period, now))[:19] == ends
    assert period_of(period, period_ends(period, now)) != name
    assert period_of(period, period_ends(period, now) - 1) == name


def test_months_end_where_they_end() -> None:
    assert iso(period_ends(Period.MONTHLY, from_iso("2026-02-10T00:00:00Z")))[:10] == "2026-03-01"
    assert iso(period_ends(Period.HOURLY, from_iso("2026-02-10T07:30:00Z")))[:13] == "2026-02-10T08"


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::/64", "2001:db8:1:2::/64"),
        ("2001:db8::/48", None),
        ("10.0.0.0/8", None),
        ("localhost", None),
        ("", None),
    ],
)
def test_an_address_is_counted_with_all_that_its_owner_has(text: str, counted: str | None) -> None:
    assert address_of(text) == counted


def test_a_rate_has_an_account_a_subject_or_only_one() -> None:
    each = ScopedRates("per_user", Reach(Scope.USER), RateLimits(rpm=1))
    end = account_end(each, "ann", "p")
    assert (end, group_of(f"per_user:tokens{end}")) == (" in p for user ann", "per_user:tokens in p for user")
    assert account_end(own_rates(Scope.KEY, "k1", RateLimits(rpm=1)), "k1", "p") == ""
    assert account_end(ScopedRates("global", Reach(Scope.GLOBAL), RateLimits(rpm=1)), "all", "p") == ""
    one = ScopedRates("guest", Reach(Scope.USER, match="guest"), RateLimits(rpm=1))
    assert len({account_end(one, "guest", project) for project in ("p", "q")}) == 2
