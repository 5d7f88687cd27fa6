"""`/api/v1/proxies`: the proxies of agents."""

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, by
from gatepost_gateway.control.limits import rates
from gatepost_gateway.control.proxy_registry import ProxyRegistry
from gatepost_gateway.control.shapes import ProxyChange, ProxyNew
from gatepost_gateway.domain.snapshot import KeyState
from gatepost_gateway.settings.declared import DeclaredProxy
from gatepost_gateway.settings.problems import ConfigurationError, Problem


def view(house: House, proxy: DeclaredProxy, owner: str) -> answers.Proxy:
    """A proxy as it is shown."""
    keys = house.keyring.identities.keys.values()
    request, response = proxy.request_policy, proxy.response_policy
    return answers.Proxy(
        id=proxy.id,
        name=proxy.name or None,
        project=proxy.project,
        owner=proxy.owner or None,
        environment=proxy.environment or None,
        description=proxy.description or None,
        models=list(proxy.models),
        providers=list(proxy.providers),
        default_model=proxy.default_model,
        target_model=proxy.target_model,
        model_policy=proxy.model_policy,
        request_policy=request.source if request is not None else None,
        response_policy=response.source if response is not None else None,
        policies=list(proxy.policies.chain),
        record_tool_arguments=proxy.record_tool_arguments,
        rate_limits=rates(proxy.rate_limits),
        keys=[key.id for key in keys if key.proxy == proxy.id and key.state is not KeyState.REVOKED],
        openai_path=f"/a/{proxy.id}/openai/v1",
        anthropic_path=f"/a/{proxy.id}/anthropic",
        managed_by=owner,
    )


def _registry(house: House) -> ProxyRegistry:
    return ProxyRegistry(house.configuration)


async def index(house: House, asked: Asked) -> Answer:  # noqa: ARG001
    return Answer(answers.ProxyPage([view(house, proxy, owner) for proxy, owner in _registry(house).all()]))


async def show(house: House, asked: Asked) -> Answer:
    return Answer(view(house, *_registry(house).get(asked.path["id"])))


async def create(house: House, asked: Asked) -> Answer:
    said = asked.said(ProxyNew)
    async with house.writing():
        proxy = _registry(house).add(said.id, said, house.projects(), by=by(asked.caller))
    return Answer(view(house, proxy, "api"), 201)


async def replace(house: House, asked: Asked) -> Answer:
    said, wanted = asked.said(ProxyChange), asked.path["id"]
    if said.id not in (None, wanted):
        raise ConfigurationError((Problem("id", f"is not `{wanted}`: an id is never changed"),))
    async with house.writing():
        proxy = _registry(house).put(wanted, said, house.projects(), by=by(asked.caller))
    return Answer(view(house, proxy, "api"))


async def remove(house: House, asked: Asked) -> Answer:
    async with house.writing():
        _registry(house).remove(asked.path["id"], by=by(asked.caller))
    return Answer(None, 204)


ENDPOINTS = (
    Endpoint("GET", "/api/v1/proxies", index, Access.ADMIN, "List the proxies", answer=answers.ProxyPage),
    Endpoint(
        "POST", "/api/v1/proxies", create, Access.ADMIN, "Make a proxy", ProxyNew, answer=answers.Proxy, status=201
    ),
    Endpoint("GET", "/api/v1/proxies/{id}", show, Access.ADMIN, "Show a proxy", answer=answers.Proxy),
    Endpoint(
        "PUT", "/api/v1/proxies/{id}", replace, Access.ADMIN, "Replace a proxy", ProxyChange, answer=answers.Proxy
    ),
    Endpoint("DELETE", "/api/v1/proxies/{id}", remove, Access.ADMIN, "Remove a proxy", status=204),
)
