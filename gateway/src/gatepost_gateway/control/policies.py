"""`/api/v1/policies`: the rules of the policy chain."""

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, by
from gatepost_gateway.control.rule_registry import RuleRegistry
from gatepost_gateway.control.shapes import RuleChange, RuleNew
from gatepost_gateway.domain.chain import RuleSpec
from gatepost_gateway.settings.problems import ConfigurationError, Problem


def view(rule: RuleSpec, owner: str) -> answers.Policy:
    """A rule as it is shown."""
    return answers.Policy(
        name=rule.name,
        kind=rule.kind,
        mode=rule.mode.value,
        phases=[phase.value for phase in rule.phases],
        operations=list(rule.operations),
        streaming_mode=rule.streaming_mode.value if rule.streaming_mode is not None else None,
        project=rule.project,
        proxy=rule.proxy,
        settings=rule.settings,
        managed_by=owner,
    )


def _registry(house: House) -> RuleRegistry:
    return RuleRegistry(house.configuration)


async def index(house: House, asked: Asked) -> Answer:  # noqa: ARG001
    return Answer(answers.PolicyPage([view(rule, owner) for rule, owner in _registry(house).all()]))


async def show(house: House, asked: Asked) -> Answer:
    return Answer(view(*_registry(house).get(asked.path["id"])))


async def create(house: House, asked: Asked) -> Answer:
    said = asked.said(RuleNew)
    async with house.writing():
        rule = _registry(house).add(said.name, said, house.projects(), by=by(asked.caller))
    return Answer(view(rule, "api"), 201)


async def replace(house: House, asked: Asked) -> Answer:
    said, wanted = asked.said(RuleChange), asked.path["id"]
    if said.name not in (None, wanted):
        raise ConfigurationError((Problem("name", f"is not `{wanted}`: a name is never changed"),))
    async with house.writing():
        rule = _registry(house).put(wanted, said, house.projects(), by=by(asked.caller))
    return Answer(view(rule, "api"))


async def remove(house: House, asked: Asked) -> Answer:
    async with house.writing():
        _registry(house).remove(asked.path["id"], by=by(asked.caller))
    return Answer(None, 204)


ENDPOINTS = (
    Endpoint("GET", "/api/v1/policies", index, Access.ADMIN, "List the policy chain", answer=answers.PolicyPage),
    Endpoint(
        "POST", "/api/v1/policies", create, Access.ADMIN, "Add a rule", RuleNew, answer=answers.Policy, status=201
    ),
    Endpoint("GET", "/api/v1/policies/{id}", show, Access.ADMIN, "Show a rule", answer=answers.Policy),
    Endpoint("PUT", "/api/v1/policies/{id}", replace, Access.ADMIN, "Change a rule", RuleChange, answer=answers.Policy),
    Endpoint("DELETE", "/api/v1/policies/{id}", remove, Access.ADMIN, "Remove a rule", status=204),
)
