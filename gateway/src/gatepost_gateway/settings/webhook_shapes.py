"""The shape of `webhooks` in `gatepost.yaml`, and of what the API takes."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gatepost_gateway.domain.webhooks import Topic
from gatepost_gateway.settings.fields import Id, LimitId, Shape, Url, wrong
from gatepost_gateway.settings.secret_shapes import SecretShape

TopicName = Literal[
    "budget.threshold",
    "spend_cap.tripped",
    "key.paused",
    "key.resumed",
    "breaker.opened",
    "breaker.closed",
    "escalation.created",
    "escalation.resolved",
    "escalation.expired",
    "errors.spiked",
    "errors.calmed",
]
assert {*TopicName.__args__} == {topic.value for topic in Topic} - {Topic.TEST.value}


def _web(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text


def _share(value: Any) -> Any:
    try:
        share = float(value)
    except (TypeError, ValueError):
        raise ValueError("must be a number between 0 and 1") from None
    if isinstance(value, bool | str) or not 0 < share <= 1:
        raise wrong("must be more than 0 and at most 1")
    return share


Share = Annotated[float, BeforeValidator(_share)]
Threshold = Annotated[int, Field(ge=1, le=100)]
HookUrl = Annotated[Url, Field(max_length=2000), AfterValidator(_web)]


class SpikeShape(Shape):
    """`share` of at least `calls` calls in the last `minutes`; over again at `calm_share`."""

    share: Share | None = None
    calm_share: Share | None = None
    calls: int | None = Field(default=None, ge=1, le=1_000_000)
    minutes: int | None = Field(default=None, ge=1, le=60)

    @model_validator(mode="after")
    def _apart(self) -> "SpikeShape":
        if (self.calm_share or 0.1) > (self.share or 0.2):
            raise ValueError("`calm_share` must not be more than `share`")
        return self


class WebhookFields(Shape):
    """A webhook without its id and its secret."""

    url: HookUrl
    events: list[TopicName] | None = Field(default=None, min_length=1)
    project: Id | None = None
    thresholds: list[Threshold] | None = Field(default=None, max_length=20)
    error_spikes: SpikeShape | None = None
    enabled: bool | None = None


class WebhookShape(WebhookFields):
    id: LimitId
    secret: SecretShape
    previous_secret: SecretShape | None = None
