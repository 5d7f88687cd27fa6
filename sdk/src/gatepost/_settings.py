"""How a client is set up: what was passed, then what `configure` said, then the environment, then the defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ._retry import RetryConfig
from .errors import ConfigurationError
from .options import Options, Verify

DEFAULT_BASE_URL = "http://localhost:41002"
DEFAULT_TIMEOUT = 30.0

if TYPE_CHECKING:
    from typing_extensions import Unpack


@dataclass(frozen=True)
class Fallback:
    """Where a governed call goes when the gateway is away and failing open was asked for."""

    url: str
    api_key: str = field(repr=False)
    model: str


@dataclass(frozen=True)
class Settings:
    """Everything that a client needs to know. None means "not said"."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    timeout: float | None = None
    retry_config: RetryConfig | None = None
    fail_open: bool | None = None
    fallback_provider_url: str | None = None
    fallback_api_key: str | None = field(default=None, repr=False)
    fallback_model: str | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    user_id: str | None = None
    verify: Verify | None = None
    mock: bool | None = None
    offline: bool | None = None
    offline_licence: str | os.PathLike[str] | None = None
    licence_key: str | None = None

    def over(self, below: Settings) -> Settings:
        """These settings, with what they do not say taken from `below`; headers are joined."""
        said = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        if self.headers is not None and below.headers is not None:
            said["headers"] = {**below.headers, **self.headers}
        return replace(below, **said)

    @property
    def url(self) -> str:
        """The base URL without a slash at its end."""
        return (self.base_url or DEFAULT_BASE_URL).strip().rstrip("/")

    @property
    def seconds(self) -> float | None:
        """The timeout of one attempt in seconds; None for none (`timeout=float("inf")`)."""
        seconds = DEFAULT_TIMEOUT if self.timeout is None else self.timeout
        return None if seconds == float("inf") else seconds

    @property
    def retries(self) -> RetryConfig:
        """The retry settings in force."""
        return self.retry_config or RetryConfig()

    @property
    def fallback(self) -> Fallback | None:
        """The fallback provider, or None where its three settings are not complete."""
        if self.fallback_provider_url and self.fallback_api_key and self.fallback_model:
            return Fallback(self.fallback_provider_url.rstrip("/"), self.fallback_api_key, self.fallback_model)
        return None

    def checked(self) -> Settings:
        """These settings, or a ConfigurationError that says which of them cannot work."""
        require_address(self.url)
        if self.timeout is not None and not (isinstance(self.timeout, (int, float)) and self.timeout > 0):
            raise ConfigurationError('`timeout` is a number of seconds above 0; float("inf") waits for ever')
        require_header("user_id", self.user_id)
        for name, value in (self.headers or {}).items():
            require_header(f"headers: {name}", value)
        for name in ("api_key", "fallback_api_key"):
            require_sendable(name, getattr(self, name))
        if self.fail_open:
            require_fallback(self)
        if self.mock and self.offline:
            raise ConfigurationError("`mock` and `offline` are two ways to work without a gateway: say one")
        return self


def require_address(url: str) -> None:
    """What paths can be added to. An address with credentials is not shown: they would be in every error."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and url.isprintable()
    except ValueError:
        raise ConfigurationError("`base_url` is not an address: its host or its port is not one") from None
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("`base_url` holds credentials: the key goes into `api_key`, others into `headers`")
    if not fits or " " in url:
        raise ConfigurationError(f"`base_url` is not an http or https address: `{url}`")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"`base_url` ends with its path: `{url}` holds a query or a fragment")


def require_sendable(name: str, key: str | None) -> None:
    """A key read from a file often ends in a line break, which no header can carry; it is never shown."""
    if key is not None and not (
        isinstance(key, str) and key and key.isascii() and key.isprintable() and " " not in key
    ):
        raise ConfigurationError(f"`{name}` is empty, or holds spaces, line breaks or other signs that no key has")


def require_header(name: str, value: str | None) -> None:
    """What a header can carry: without line breaks, and in Latin-1."""
    if value is not None and not (isinstance(value, str) and value.isprintable() and value.isascii()):
        raise ConfigurationError(f"`{name}` is no text, or holds signs that no header can carry")


def require_fallback(settings: Settings) -> Fallback:
    """The fallback provider; without one, failing open would be a promise that cannot be kept."""
    if settings.fallback is not None:
        return settings.fallback
    names = ("fallback_provider_url", "fallback_api_key", "fallback_model")
    missing = ", ".join(f"`{name}`" for name in names if not getattr(settings, name))
    raise ConfigurationError(f"`fail_open` needs a provider to fall back to: {missing} not set")


def require_count(name: str, value: Any) -> None:
    """A whole number that is not below 0."""
    if not isinstance(value, int) or value < 0:
        raise ConfigurationError(f"`{name}` is a whole number and cannot be negative")


class _Defaults:
    """What `configure` said last."""

    settings = Settings()


_process_wide = _Defaults()


def configure(**options: Unpack[Options]) -> None:
    """Set the defaults of every client that is built after this call.

    Each call replaces what the one before set; `configure()` returns to the environment and the built-in defaults.
    Clients that already exist keep what they were built with.

    Args:
        options: As described at `Options`.

    Raises:
        ConfigurationError: An option is unknown, cannot work, or is not supported by this version.
    """
    _process_wide.settings = from_options(options).checked()


def generation() -> object:
    """Another object after each `configure`."""
    return _process_wide.settings


def resolve(said: Settings) -> Settings:
    """What a new client works with."""
    environment = Settings(
        api_key=os.environ.get("GATEPOST_API_KEY") or None,
        base_url=os.environ.get("GATEPOST_BASE_URL") or None,
        offline_licence=os.environ.get("GATEPOST_OFFLINE_LICENCE") or None,
        licence_key=os.environ.get("GATEPOST_LICENCE_KEY") or None,
    )
    return said.over(_process_wide.settings.over(environment)).checked()


def from_options(options: Mapping[str, Any]) -> Settings:
    """Settings for options as a caller passes them; refuses what this version does not do."""
    known = dict(options)
    retries = known.pop("retries", None)
    unknown = sorted(set(known) - {f.name for f in fields(Settings)})
    if unknown:
        raise ConfigurationError(f"there is no option `{unknown[0]}`")
    if retries is not None:
        require_count("retries", retries)
        known["retry_config"] = replace(known.get("retry_config") or RetryConfig(), max_retries=retries)
    return Settings(**known)
