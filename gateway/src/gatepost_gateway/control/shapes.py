"""The bodies of the admin API."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field

from gatepost_gateway.control.secrets import usable
from gatepost_gateway.domain import clock
from gatepost_gateway.settings.fields import (
    Id,
    Identifier,
    LimitId,
    LongTitle,
    ModelId,
    ProxyId,
    Shape,
    Title,
    Url,
    wrong,
)
from gatepost_gateway.settings.limit_shapes import RatesShape
from gatepost_gateway.settings.shapes import ModelFields, ProxyFields, RuleFields
from gatepost_gateway.settings.webhook_shapes import WebhookFields

_MASKS = ("*", "\u2022", "\u2026", "...")


def _secret_said(value: Any) -> Any:
    """A literal, or the place where the secret is kept. A preview with its middle masked is no secret."""
    if isinstance(value, dict):
        places = cast("dict[str, Any]", value)
        if set(places) not in ({"env"}, {"file"}) or not all(isinstance(place, str) for place in places.values()):
            raise ValueError("must be the key itself, or where it is kept: {env: NAME} or {file: path}")
        if places.get("env", "").startswith("GATEPOST_"):
            raise ValueError("names one of the gateway's own variables, which go to no provider")
        return places
    if not isinstance(value, str):
        raise wrong("must be the key itself, or where it is kept: {env: NAME} or {file: path}")
    if any(mask in value for mask in _MASKS):
        raise ValueError("looks like a masked preview: send the whole key, or leave it out to keep the stored one")
    if not usable(value):
        raise ValueError("must be 1 to 8192 visible ASCII characters")
    return value


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        raise wrong("must be a time such as 2027-01-31T00:00:00Z")
    try:
        return clock.from_iso(value)
    except (ValueError, OverflowError):
        raise ValueError("must be a time such as 2027-01-31T00:00:00Z") from None


SecretSaid = Annotated[str | dict[str, str], BeforeValidator(_secret_said)]
Email = Annotated[str, Field(pattern=r"^[!-?A-~]+@[!-?A-~]+$", min_length=3, max_length=255)]
Deployment = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
ApiVersion = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?$")]
PathPattern = Annotated[str, Field(pattern=r"^/[!-)+-~]*\*?$", max_length=300)]
"""A path, or the beginning of paths with `*` behind it."""
Moment = Annotated[int, BeforeValidator(_moment, json_schema_input_type=datetime)]


class WebhookNew(WebhookFields):
    """POST: a webhook; its secret is made here."""

    id: LimitId | None = None


class WebhookRotation(Shape):
    """`overlap_seconds`: how long the old secret signs too."""

    overlap_seconds: int = Field(default=86_400, ge=0, le=30 * 86_400)


class MasterRotation(Shape):
    """`keep_old`: the old key is put aside in a file of its own, for old backups."""

    keep_old: bool = False


class ModelChange(ModelFields):
    """PUT: the whole entry. A key that is left out stays the stored one."""

    id: ModelId | None = None
    api_key: SecretSaid | None = Field(default=None, repr=False, json_schema_extra={"writeOnly": True})


class ModelNew(ModelChange):
    """POST: a new entry."""

    id: ModelId  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]


class ProxyChange(ProxyFields):
    """PUT: the whole proxy."""

    id: ProxyId | None = None


class ProxyNew(ProxyChange):
    """POST: a new proxy."""

    id: ProxyId  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]


class RuleChange(RuleFields):
    """PUT: the whole rule. `settings` are its kind's."""

    name: Id | None = None
    project: Id | None = None
    settings: dict[str, Any] = Field(default={})


class RuleNew(RuleChange):
    """POST: a new rule, at the end of the chain."""

    name: Id  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]


class ReplayAsked(Shape):
    """POST: `document` is the text of a file, `since` RFC 3339 (seven days ago unless told)."""

    document: str = Field(max_length=1_048_576)
    name: str = Field(default="gatepost.yaml", min_length=1, max_length=4096)
    since: str | None = None
    project: Id | None = None
    limit: int = Field(default=1000, ge=1, le=10_000)


class KeyNew(Shape):
    """POST: a new key."""

    name: Title
    kind: Literal["runtime", "admin"] = "runtime"
    project: Id = "default"
    proxy: Id | None = None
    expires_at: Moment | None = None
    models: list[Identifier] | None = Field(default=None, max_length=100)
    paths: list[PathPattern] | None = Field(default=None, max_length=100)
    rate_limits: RatesShape | None = None


class OrgNew(Shape):
    id: Id | None = None
    name: Title


class ProjectNew(Shape):
    id: Id | None = None
    name: Title


class MemberNew(Shape):
    email: Email
    role: Literal["owner", "admin", "member", "viewer"] = "member"


class MemberRole(Shape):
    role: Literal["owner", "admin", "member", "viewer"]


class MemberKeyNew(Shape):
    """POST: an admin key for a member, which does in one project what the member's role may."""

    name: Title
    project: Id
    expires_at: Moment | None = None


class Signup(Shape):
    email: Email
    org_name: Title | None = None
    project_name: Title = "Default"


class AzureMeta(Shape):
    endpoint: Url | None = None
    deployment: Deployment | None = None
    api_version: ApiVersion | None = None


class OwnKeyNew(Shape):
    """POST: a new key of the caller's own project."""

    name: LongTitle
    expires_at: Moment | None = None
    models: list[Identifier] | None = Field(default=None, max_length=100)
    paths: list[PathPattern] | None = Field(default=None, max_length=100)
    rate_limits: RatesShape | None = None


class OwnProviderKey(Shape):
    """POST: a provider's key that a project brings. An Azure key says its `endpoint` and its `deployment`."""

    provider: Literal["openai", "anthropic", "gemini", "azure", "bedrock"]
    api_key: str = Field(min_length=8, max_length=8192, repr=False, json_schema_extra={"writeOnly": True})
    meta: AzureMeta | None = None


class KeyRotation(Shape):
    """How long the old key goes on beside the new one."""

    overlap_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] = 3600


class Note(Shape):
    """Why."""

    note: str = Field(default="", max_length=2000)


class Application(Shape):
    """A whole file."""

    document: str = Field(max_length=1024 * 1024)
    dry_run: bool = False
    name: str = Field(default="gatepost.yaml", min_length=1, max_length=300)


class PolicyChange(Shape):
    """PUT: a policy in Rego. `on_error` is for the response stage."""

    source: str = Field(min_length=1, max_length=262_144)
    mode: Literal["enforce", "observe"] = "enforce"
    timeout_ms: Annotated[int, Field(ge=1, le=200)] = 10
    on_error: Literal["block", "allow"] = "block"
