"""`/api/v1/projects/{id}/policies/{stage}`, and the same of proxies: policies in Rego."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import msgspec

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, Handler, House, by
from gatepost_gateway.control.rego import submitted_policy
from gatepost_gateway.control.rego_registry import InForce, Owner, PolicyRegistry
from gatepost_gateway.control.shapes import PolicyChange
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.settings.declared import DeclaredPolicy

SectionHandler = Callable[[House, Asked, str], Awaitable[Answer]]


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


def _owner(house: House, asked: Asked, section: str) -> Owner:
    """Raises CallerError (404)."""
    owner = Owner(section, asked.path["id"][:128])
    known = house.projects() if section == "projects" else house.snapshot.proxies.keys()
    if owner.id not in known:
        raise CallerError(f"there is no {owner}", code=Code.NOT_FOUND, status=404)
    return owner


async def index(house: House, asked: Asked, section: str) -> Answer:
    owner = _owner(house, asked, section)
    return Answer(answers.RegoPolicyPage([_view(one) for one in PolicyRegistry(house.configuration).all(owner)]))


async def show(house: House, asked: Asked, section: str) -> Answer:
    owner = _owner(house, asked, section)
    return Answer(_view(PolicyRegistry(house.configuration).get(owner, asked.path["stage"])))


async def put(house: House, asked: Asked, section: str) -> Answer:
    said = msgspec.convert(asked.said(PolicyChange).model_dump(exclude_none=True), DeclaredPolicy)
    owner, stage = _owner(house, asked, section), asked.path["stage"]
    if said.on_error != DeclaredPolicy().on_error and stage == "request":
        raise CallerError("`on_error` is for the response stage: a request that no policy judged is never sent")
    # The check waits for a process; what it finds is remembered, so that the writing below finds it done.
    submitted = submitted_policy(said, house.configuration.document.file.compat.rego_packages)
    await asyncio.to_thread(house.configuration.check_policies, [submitted])
    async with house.writing():
        found = PolicyRegistry(house.configuration).put(owner, stage, said, by=by(asked.caller))
    return Answer(_view(found))


async def remove(house: House, asked: Asked, section: str) -> Answer:
    owner = _owner(house, asked, section)
    async with house.writing():
        PolicyRegistry(house.configuration).remove(owner, asked.path["stage"], by=by(asked.caller))
    return Answer(None, 204)


def _of(section: str) -> Iterable[Endpoint]:
    def bound(handler: SectionHandler) -> Handler:
        async def answer(house: House, asked: Asked) -> Answer:
            return await handler(house, asked, section)

        return answer

    every, whose = f"/api/v1/{section}/{{id}}/policies", "a project" if section == "projects" else "a proxy"
    one, admin = every + "/{stage}", Access.ADMIN
    yield Endpoint(
        "GET", every, bound(index), admin, f"List the Rego policies of {whose}", answer=answers.RegoPolicyPage
    )
    yield Endpoint("GET", one, bound(show), admin, f"Show a Rego policy of {whose}", answer=answers.RegoPolicy)
    yield Endpoint(
        "PUT",
        one,
        bound(put),
        admin,
        f"Put a Rego policy of {whose} into force",
        PolicyChange,
        answer=answers.RegoPolicy,
    )
    yield Endpoint("DELETE", one, bound(remove), admin, f"Take a Rego policy of {whose} out of force", status=204)


ENDPOINTS = (*_of("projects"), *_of("proxies"))
