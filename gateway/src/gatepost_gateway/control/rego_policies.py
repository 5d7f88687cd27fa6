"""`/api/v1/projects/{id}/policies/{stage}`: policies in Rego."""

import asyncio

import msgspec

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, by
from gatepost_gateway.control.rego import submitted_policy
from gatepost_gateway.control.rego_registry import InForce, PolicyRegistry
from gatepost_gateway.control.shapes import PolicyChange
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.settings.declared import DeclaredPolicy


def _view(one: InForce) -> answers.RegoPolicy:
    said = one.policy
    return answers.RegoPolicy(
        stage=one.stage,
        source=said.source or "",
        file=said.file,
        mode=said.mode,
        timeout_ms=said.timeout_ms,
        on_error=said.on_error,
        packages=list(said.packages),
        reads=[".".join(("input", *path)) for path in said.reads],
        managed_by=one.managed_by,
    )


def _project(house: House, asked: Asked) -> str:
    """Raises CallerError (404)."""
    project = asked.path["id"]
    if project not in house.projects():
        raise CallerError(f"there is no project `{project[:80]}`", code=Code.NOT_FOUND, status=404)
    return project


async def index(house: House, asked: Asked) -> Answer:
    registry = PolicyRegistry(house.configuration)
    return Answer(answers.RegoPolicyPage([_view(one) for one in registry.all(_project(house, asked))]))


async def show(house: House, asked: Asked) -> Answer:
    return Answer(_view(PolicyRegistry(house.configuration).get(_project(house, asked), asked.path["stage"])))


async def put(house: House, asked: Asked) -> Answer:
    said = msgspec.convert(asked.said(PolicyChange).model_dump(exclude_none=True), DeclaredPolicy)
    project, stage = _project(house, asked), asked.path["stage"]
    if said.on_error != DeclaredPolicy().on_error and stage == "request":
        raise CallerError("`on_error` is for the response stage: a request that no policy judged is never sent")
    # The check waits for a process; what it finds is remembered, so that the writing below finds it done.
    submitted = submitted_policy(said, house.configuration.document.file.compat.rego_packages)
    await asyncio.to_thread(house.configuration.check_policies, [submitted])
    async with house.writing():
        found = PolicyRegistry(house.configuration).put(project, stage, said, by=by(asked.caller))
    return Answer(_view(found))


async def remove(house: House, asked: Asked) -> Answer:
    project = _project(house, asked)
    async with house.writing():
        PolicyRegistry(house.configuration).remove(project, asked.path["stage"], by=by(asked.caller))
    return Answer(None, 204)


_ONE = "/api/v1/projects/{id}/policies/{stage}"
ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/v1/projects/{id}/policies",
        index,
        Access.ADMIN,
        "List a project's Rego policies",
        answer=answers.RegoPolicyPage,
    ),
    Endpoint("GET", _ONE, show, Access.ADMIN, "Show a Rego policy", answer=answers.RegoPolicy),
    Endpoint("PUT", _ONE, put, Access.ADMIN, "Put a Rego policy into force", PolicyChange, answer=answers.RegoPolicy),
    Endpoint("DELETE", _ONE, remove, Access.ADMIN, "Take a Rego policy out of force", status=204),
)
