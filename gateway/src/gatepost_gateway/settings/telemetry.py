"""Where telemetry goes: `server.telemetry`, read once, at start."""

from pathlib import Path

from msgspec import Struct, field
from pydantic import Field

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings.fields import HeaderName, Name, Seconds, Shape
from gatepost_gateway.settings.secret_shapes import SecretShape
from gatepost_gateway.settings.webhook_shapes import HookUrl, Share


class TelemetryShape(Shape):
    """`endpoint` without the path of a signal: `http://127.0.0.1:4318`. `sample`: of traces that no caller began."""

    endpoint: HookUrl
    headers: dict[HeaderName, SecretShape] = Field(default={})
    traces: bool | None = None
    metrics: bool | None = None
    sample: Share | None = None
    interval_seconds: Seconds | None = None
    service_name: Name | None = None


class Telemetry(Struct, frozen=True):
    """An OpenTelemetry collector, and what it is told."""

    endpoint: str
    headers: dict[str, Secret] = field(default_factory=dict[str, Secret])
    traces: bool = True
    metrics: bool = True
    sample: float = 1.0
    interval_seconds: float = 60.0
    service_name: str = "gatepost"


class MissingSecretError(Exception):
    """A header's value is not where it should be; the text says where."""


def telemetry_of(said: TelemetryShape, base: Path, variables: dict[str, Secret]) -> Telemetry:
    """Raises MissingSecretError."""
    headers = {name: _read(name, source, base, variables) for name, source in said.headers.items()}
    plain = said.model_dump(exclude_none=True, exclude={"headers"})
    return Telemetry(**plain, headers=headers)


def _read(name: str, source: SecretShape, base: Path, variables: dict[str, Secret]) -> Secret:
    if source.env is not None:
        found = variables.get(source.env)
        if found is None:
            raise MissingSecretError(f"the header `{name}` names the variable `{source.env}`, which is not set")
        return found
    path = base / (source.file or "")
    try:
        return Secret(path.read_text().strip())
    except (OSError, UnicodeDecodeError) as error:
        raise MissingSecretError(f"the header `{name}` names `{path}`, which cannot be read") from error
