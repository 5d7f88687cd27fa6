"""The model registry: entries as they are written, and as they are shown."""

from typing import Optional

from pydantic import Field

from .shape import Answer, Ask, JsonObject, Money


class ModelEntry(Ask):
    """POST /api/v1/models and PUT /api/v1/models/{id}: the fields of a model in gatepost.yaml.

    Prices are dollars per 1,000 tokens (`image_cost`: per image); None is unknown, which is not 0.
    """

    id: str
    identifier: str
    """The name that the provider knows."""
    provider: str
    name: Optional[str] = None
    base_url: Optional[str] = None
    api_key: Optional[str] = Field(default=None, repr=False)
    """Write-only: never returned."""
    is_public: bool = True
    project: Optional[str] = None
    input_cost_per_1k: Optional[Money] = None
    output_cost_per_1k: Optional[Money] = None
    cache_read_cost_per_1k: Optional[Money] = None
    cache_write_cost_per_1k: Optional[Money] = None
    image_cost: Optional[Money] = None
    context_window: Optional[int] = None
    max_output: Optional[int] = None
    data_retention_days: Optional[int] = None
    additional_config: JsonObject = {}
    operations: Optional[list[str]] = None
    data_policy: Optional[JsonObject] = None
    """What is declared of its data: `zero_retention`, `training`, `region`."""


class ModelView(Answer):
    """A model entry as the API shows it: without its key, with its owner."""

    id: str
    identifier: str
    provider: str
    name: Optional[str] = None
    base_url: Optional[str] = None
    api_key_set: bool = False
    is_public: bool = True
    project: Optional[str] = None
    input_cost_per_1k: Optional[Money] = None
    output_cost_per_1k: Optional[Money] = None
    cache_read_cost_per_1k: Optional[Money] = None
    cache_write_cost_per_1k: Optional[Money] = None
    image_cost: Optional[Money] = None
    context_window: Optional[int] = None
    max_output: Optional[int] = None
    data_retention_days: Optional[int] = None
    additional_config: JsonObject = {}
    operations: Optional[list[str]] = None
    data_policy: Optional[JsonObject] = None
    """What is declared of its data: `zero_retention`, `training`, `region`."""
    managed_by: str = "api"
    """Either "file" or "api": who may change the entry. What the file declares, the API shows read-only."""


class ModelPage(Answer):
    """GET /api/v1/models."""

    items: list[ModelView]


class Pricing(Answer):
    """Dollars per 1,000 tokens (`image_usd`: per image); None is unknown."""

    input_per_1k_usd: Optional[Money] = None
    output_per_1k_usd: Optional[Money] = None
    cache_read_per_1k_usd: Optional[Money] = None
    cache_write_per_1k_usd: Optional[Money] = None
    image_usd: Optional[Money] = None


class ModelCard(Answer):
    """A model as GET /v1/models lists it for callers: OpenAI's shape, plus prices and limits where known."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = ""
    provider: Optional[str] = None
    pricing: Optional[Pricing] = None
    """None where no price is known."""


class ModelCards(Answer):
    """GET /v1/models."""

    object: str = "list"
    data: list[ModelCard]
