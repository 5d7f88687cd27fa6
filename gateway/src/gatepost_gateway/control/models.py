"""`/api/v1/models`: the registry."""

from gatepost_gateway.control import answers
from gatepost_gateway.control.compose import model_entry
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, by
from gatepost_gateway.control.shapes import ModelChange, ModelNew
from gatepost_gateway.control.view import model_fields, source_text
from gatepost_gateway.domain.money import MILLION, NANO, Prices, usd
from gatepost_gateway.settings.declared import DeclaredModel
from gatepost_gateway.settings.problems import ConfigurationError, Problem
from gatepost_gateway.storage import catalog

_SCALE = NANO * (MILLION // 1000)


def view(model: DeclaredModel, owner: str) -> answers.Model:
    """An entry as it is shown."""
    fields = model_fields(model)
    del fields["api_key"]
    fields["name"] = model.name or None
    key = model.api_key
    return answers.Model(
        **fields,
        api_key_set=key is not None and key.sealed is not None,
        api_key_source=source_text(key) if key is not None else None,
        managed_by=owner,
        effective=_effective(model),
    )


def _effective(model: DeclaredModel) -> answers.Facts:
    entry = model_entry(model, {})
    found = entry.prices
    source = "unknown" if found is None else "entry" if model.input_cost_per_1k is not None else _catalogue()
    return answers.Facts(
        per_1k(found.input) if found else None,
        per_1k(found.output) if found else None,
        per_1k(found.cache_read) if found else None,
        per_1k(found.cache_write) if found else None,
        image_price(found),
        entry.context_window,
        entry.max_output,
        source,
    )


def _catalogue() -> str:
    return f"catalogue of {catalog.as_of()}"


def per_1k(per_million: int | None) -> str | None:
    """Nano-dollars per million tokens as exact dollars per thousand."""
    if per_million is None:
        return None
    whole, part = divmod(per_million, _SCALE)
    if not part:
        return str(whole)
    return f"{whole}.{part:012d}".rstrip("0")


def image_price(prices: Prices | None) -> str | None:
    return usd(prices.image) if prices is not None and prices.image is not None else None


async def index(house: House, asked: Asked) -> Answer:  # noqa: ARG001
    return Answer(answers.ModelPage([view(model, owner) for model, owner in house.configuration.models()]))


async def show(house: House, asked: Asked) -> Answer:
    return Answer(view(*house.configuration.model(asked.path["id"])))


async def create(house: House, asked: Asked) -> Answer:
    said = asked.said(ModelNew)
    async with house.writing():
        model = house.configuration.add_model(said.id, said, by=by(asked.caller))
    return Answer(view(model, "api"), 201)


async def replace(house: House, asked: Asked) -> Answer:
    said = asked.said(ModelChange)
    model_id = asked.path["id"]
    if said.id not in (None, model_id):
        raise ConfigurationError((Problem("id", f"is not `{model_id}`: an id is never changed"),))
    async with house.writing():
        model = house.configuration.put_model(model_id, said, by=by(asked.caller))
    return Answer(view(model, "api"))


async def remove(house: House, asked: Asked) -> Answer:
    async with house.writing():
        house.configuration.remove_model(asked.path["id"], by=by(asked.caller))
    return Answer(None, 204)


ENDPOINTS = (
    Endpoint("GET", "/api/v1/models", index, Access.ADMIN, "List the registered models", answer=answers.ModelPage),
    Endpoint(
        "POST", "/api/v1/models", create, Access.ADMIN, "Register a model", ModelNew, answer=answers.Model, status=201
    ),
    Endpoint("GET", "/api/v1/models/{id}", show, Access.ADMIN, "Show a model", answer=answers.Model),
    Endpoint("PUT", "/api/v1/models/{id}", replace, Access.ADMIN, "Replace a model", ModelChange, answer=answers.Model),
    Endpoint("DELETE", "/api/v1/models/{id}", remove, Access.ADMIN, "Remove a model", status=204),
)
