"""`/api/v1/projects`: the projects, with what they may spend and have spent."""

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House
from gatepost_gateway.domain.clock import iso
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.limits import Budget, period_ends, period_of
from gatepost_gateway.domain.money import usd
from gatepost_gateway.domain.snapshot import ProjectEntry


def account(budget: Budget, now: int) -> str:
    """The account of a project's budget in the period of `now` (microseconds)."""
    return f"{budget.id}@{period_of(budget.period, now)}"


async def _view(house: House, projects: list[ProjectEntry]) -> list[answers.Project]:
    now = house.clock.micros()
    accounts = [account(budget, now) for project in projects for budget in project.budgets]
    spent = await house.records.spent(accounts) if house.records is not None and accounts else {}
    declared = {project.id for project in house.configuration.document.file.projects}
    return [_project(project, spent, now, managed_by_file=project.id in declared) for project in projects]


def _project(
    project: ProjectEntry, spent: dict[str, tuple[int, int]], now: int, *, managed_by_file: bool
) -> answers.Project:
    passing = project.pass_through_provider
    return answers.Project(
        id=project.id,
        org=project.org,
        name=project.name or None,
        default_model=project.default_model,
        budgets=[_budget(budget, spent.get(account(budget, now)), now) for budget in project.budgets],
        rate_limits=project.rate_limits,
        pass_through_provider=passing.value if passing is not None else None,
        features=list(project.features),
        managed_by="file" if managed_by_file else "api",
    )


def _budget(budget: Budget, spent: tuple[int, int] | None, now: int) -> answers.Budget:
    return answers.Budget(
        limit_id=budget.id,
        period=budget.period.value,
        limit=usd(budget.limit),
        settled=usd(spent[0]) if spent is not None else None,
        held=usd(spent[1]) if spent is not None else None,
        resets_at=iso(period_ends(budget.period, now)),
        fallback_price=budget.fallback is not None,
    )


async def index(house: House, asked: Asked) -> Answer:  # noqa: ARG001
    return Answer(answers.ProjectPage(await _view(house, list(house.snapshot.projects.values()))))


async def show(house: House, asked: Asked) -> Answer:
    project = house.snapshot.projects.get(asked.path["id"])
    if project is None:
        raise CallerError(f"there is no project `{asked.path['id'][:80]}`", code=Code.NOT_FOUND, status=404)
    return Answer((await _view(house, [project]))[0])


ENDPOINTS = (
    Endpoint("GET", "/api/v1/projects", index, Access.ADMIN, "List the projects", answer=answers.ProjectPage),
    Endpoint("GET", "/api/v1/projects/{id}", show, Access.ADMIN, "Show a project", answer=answers.Project),
)
