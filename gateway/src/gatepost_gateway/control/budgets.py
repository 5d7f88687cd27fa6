"""`/api/v1/budgets`: every budget, or those that a call of somebody would meet, with what is spent, held and left."""

from msgspec import Struct

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, Parameter
from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.limits import Budget, Reach, Scope, ScopedBudget, account, period_ends, period_of, purses
from gatepost_gateway.domain.money import usd
from gatepost_gateway.domain.snapshot import ProjectEntry, Snapshot


class _Line(Struct):
    """A budget of one period. `account` None: it has one a subject, and no subject was asked for."""

    reach: Reach
    budget: Budget
    account: str | None


def _subjects(snapshot: Snapshot, said: dict[str, list[str]]) -> tuple[ProjectEntry, dict[tuple[Scope, str], str]]:
    """Whom the query names, with the project and the organisation that follow. Raises CallerError (404, 400)."""
    who: dict[tuple[Scope, str], str] = {}
    project = next(iter(said.get("project", ())), None)
    for name in said.get("key", ()):
        key = snapshot.keys.get(name)
        if key is None:
            raise CallerError(f"there is no key `{name[:80]}`", code=Code.NOT_FOUND, status=404)
        who[Scope.KEY, ""], project = key.id, project or key.project
    found = snapshot.projects.get(project or "default")
    if found is None:
        raise CallerError(f"there is no project `{(project or '')[:80]}`", code=Code.NOT_FOUND, status=404)
    who[Scope.PROJECT, ""] = found.id
    who[Scope.ORG, ""] = next(iter(said.get("org", ())), found.org)
    for name in said.get("user", ()):
        who[Scope.USER, ""] = name
    for one in said.get("metadata", ()):
        name, equals, value = one.partition("=")
        if not equals or not value:
            raise CallerError("`metadata` is `name=value`")
        who[Scope.METADATA, name] = value
    return found, who


def _met(snapshot: Snapshot, said: dict[str, list[str]]) -> list[_Line]:
    project, who = _subjects(snapshot, said)
    found = purses(project.budgets, snapshot.budgets, lambda scope, name: who.get((scope, name)), project.id)
    reaches = {budget.id: one.reach for one in snapshot.document.budgets for budget in one.budgets}
    own = Reach(Scope.PROJECT, match=project.id)
    return [_Line(reaches.get(purse.budget.id, own), purse.budget, purse.account) for purse in found]


def _all(snapshot: Snapshot) -> list[_Line]:
    lines = [
        _Line(Reach(Scope.PROJECT, match=project.id), budget, budget.id)
        for project in snapshot.projects.values()
        for budget in project.budgets
    ]
    scoped = snapshot.document.budgets
    return lines + [_Line(one.reach, budget, _account(one, budget.id)) for one in scoped for budget in one.budgets]


def _account(one: ScopedBudget, limit: str) -> str | None:
    """The one account of a budget; None where it has more."""
    reach = one.reach
    if reach.match is None or (reach.scope in (Scope.USER, Scope.METADATA) and reach.project is None):
        return None
    return account(limit, reach, reach.match, reach.project or "")


async def index(house: House, asked: Asked) -> Answer:
    said: dict[str, list[str]] = {}
    for name, value in asked.query:
        said.setdefault(name, []).append(value)
    snapshot = house.snapshot
    lines = _met(snapshot, said) if said else _all(snapshot)
    now = house.clock.micros()
    accounts = [name for line in lines if (name := _account_at(line, now)) is not None]
    spent = await house.records.spent(accounts) if house.records is not None and accounts else {}
    return Answer(answers.ScopedBudgetPage([_view(house, line, spent, now) for line in lines]))


def _account_at(line: _Line, now: int) -> str | None:
    return f"{line.account}@{period_of(line.budget.period, now)}" if line.account is not None else None


def _view(house: House, line: _Line, spent: dict[str, tuple[int, int]], now: int) -> answers.ScopedBudget:
    budget, name = line.budget, _account_at(line, now)
    sums = spent.get(name) if name is not None else None
    declared, _, _ = budget.id.rpartition("/")
    files = house.configuration.document.file
    return answers.ScopedBudget(
        id=declared,
        limit_id=budget.id,
        scope=line.reach.label,
        match=line.reach.match,
        project=line.reach.project,
        period=budget.period.value,
        limit=usd(budget.limit),
        account=name,
        settled=usd(sums[0]) if sums is not None else None,
        held=usd(sums[1]) if sums is not None else None,
        remaining=usd(budget.limit - sum(sums)) if sums is not None else None,
        resets_at=iso(period_ends(budget.period, now)),
        fallback_price=budget.fallback is not None,
        managed_by="file" if declared in {one.id for one in (*files.budgets, *files.projects)} else "api",
    )


_QUERY = (
    Parameter("org", "The budgets that a call of this organisation meets"),
    Parameter("project", "... of this project; `default`, or the key's"),
    Parameter("key", "... of this key, by its id"),
    Parameter("user", "... of this user"),
    Parameter("metadata", "... with this metadata, as `name=value`", repeated=True),
)
ENDPOINTS = (
    Endpoint(
        "GET", "/api/v1/budgets", index, Access.ADMIN, "What may be spent, is spent and is held",
        answer=answers.ScopedBudgetPage, query=_QUERY,
    ),
)  # fmt: skip
