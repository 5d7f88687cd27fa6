"""The kinds of value that configuration and admin bodies are made of."""

import ipaddress
import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from gatepost_gateway.domain.money import MILLION, NANO
from gatepost_gateway.domain.routing import AUTO, TIER

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_REGO_PACKAGE = re.compile(r"(?!data\.)[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_REGION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_SCOPE = re.compile(r"org|project|proxy|key|user|ip|global|metadata:[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_PROXY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""It stands in paths."""
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_HEADER_PREFIX = re.compile(r"[Xx]-[A-Za-z0-9-]*[A-Za-z0-9]-?")
_SECRET_NAME = re.compile(
    r"(^|[_-])(secret|password|passwd|authorization|(api|private|access)_?key|(access|auth)_?token)", re.IGNORECASE
)
_MOST_USD = Decimal(10**9)
MOST_TARGETS = 8
"""Entries that one tier may name."""
_AMOUNT = "must be a number of dollars, such as 0.0006"


def wrong(words: str) -> ValueError:
    """What a validator raises: pydantic reads no other exception, whatever was wrong."""
    return ValueError(words)


class Shape(BaseModel):
    """A mapping with named keys and no others. A key with nothing behind it was not said.

    Made ready when it is first asked for: most of them a process never is.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, protected_namespaces=(), defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_said(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: item for key, item in value.items() if item is not None or key not in cls.model_fields}  # pyright: ignore[reportUnknownVariableType]
        return value


def _exact(value: Any) -> Any:
    """A number as an exact decimal; text that is one is taken as well, as answers of the API are written."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise wrong(_AMOUNT)
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise ValueError(_AMOUNT) from None
    if not amount.is_finite():
        raise ValueError(_AMOUNT)
    if amount < 0:
        raise ValueError("must not be negative")
    if amount > _MOST_USD:
        raise ValueError("is more than a thousand million dollars")
    return amount


def _price(amount: Decimal) -> Decimal:
    scaled = amount * NANO * (MILLION // 1000)
    if scaled != int(scaled):
        raise ValueError("is finer than a nano-dollar for a million tokens")
    return amount


def _dollars(amount: Decimal) -> Decimal:
    if amount * NANO != int(amount * NANO):
        raise ValueError("is finer than a nano-dollar")
    return amount


def _seconds(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wrong("must be a number of seconds")
    seconds = float(value)
    if not 0 < seconds <= 86_400:
        raise ValueError("must be more than 0 and at most 86400 seconds")
    return seconds


def _matching(pattern: re.Pattern[str], most: int, words: str) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > most or not pattern.fullmatch(text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must have no line breaks and no other characters that do not show")
    return text


def _visible(text: str) -> str:
    if not text or len(text) > 256 or not text.isprintable() or text.strip() != text or "#" in text or "?" in text:
        raise ValueError("must be 1 to 256 visible characters without `#`, `?` and outer blanks")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https", "sandbox") or not parts.hostname:
        raise ValueError("must be a whole URL that begins with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must carry no user name and no password: use `api_key`")
    if parts.fragment or "#" in text or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must have no `#`, no blanks and only ASCII characters")
    if any(_SECRET_NAME.search(pair.partition("=")[0]) or pair.startswith("key=") for pair in parts.query.split("&")):
        raise ValueError("must carry no key in its query: use `api_key`")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has a port that is no port") from None
    return text.rstrip("/")


def _listen(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not _HOST.fullmatch(host) or not port.isdecimal() or int(port) > 65_535:
        raise ValueError("must be an address and a port, such as 127.0.0.1:41002")
    return text


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=True))
    except ValueError:
        raise ValueError("must be a network such as 10.0.0.0/8") from None


def _plain(value: Any) -> Any:
    """JSON values for settings that only a provider understands; a secret has no place there."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            if isinstance(item, str) and _SECRET_NAME.search(str(key)):  # pyright: ignore[reportUnknownArgumentType]
                raise ValueError("a secret has no place here: use `api_key`")
        return {str(key): _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return value


def _listed(value: Any) -> Any:
    """One id is a list of one."""
    return [value] if isinstance(value, str) else value  # pyright: ignore[reportUnknownVariableType]


def _no_tier(text: str) -> str:
    if text == AUTO or text.startswith(TIER):
        raise ValueError(f"is not a model's: `{AUTO}` and names that begin with `{TIER}` choose a tier")
    return text


def _rego_file(text: str) -> str:
    if not text.endswith(".rego"):
        raise ValueError("must be a file whose name ends in .rego")
    return text


def _env_name(text: str) -> str:
    if not _ENV.fullmatch(text):
        raise ValueError("must be the name of an environment variable")
    if text.startswith("GATEPOST_"):
        raise ValueError("names one of the gateway's own variables, which go to no provider")
    return text


Id = Annotated[
    str, _matching(_ID, 128, "must be 1 to 128 letters, digits or ._:/@- and begin with a letter or a digit")
]
ModelId = Annotated[Id, AfterValidator(_no_tier)]
LimitId = Annotated[
    str, _matching(_PROXY_ID, 128, "must be 1 to 128 letters, digits or ._- and begin with a letter or a digit")
]
LimitScope = Annotated[
    str, _matching(_SCOPE, 137, "must be org, project, proxy, key, user, ip, global or metadata:<name>")
]
Subject = Annotated[str, Field(min_length=1, max_length=512)]
ProxyId = Annotated[
    str, _matching(_PROXY_ID, 128, "must be 1 to 128 letters, digits or ._- and begin with a letter or a digit")
]
Name = Annotated[str, Field(max_length=200)]
Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
LongTitle = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_printable)]
Identifier = Annotated[str, AfterValidator(_visible)]
Url = Annotated[str, AfterValidator(_url)]
Listen = Annotated[str, AfterValidator(_listen)]
Network = Annotated[str, AfterValidator(_network)]
HeaderPrefix = Annotated[str, _matching(_HEADER_PREFIX, 40, "must be a header prefix such as X-Acme-")]
HeaderName = Annotated[str, _matching(_HEADER_NAME, 64, "must be the name of a header, such as Api-Key")]
RegoFile = Annotated[str, AfterValidator(_rego_file), Field(max_length=4096)]
RegoPackage = Annotated[
    str, _matching(_REGO_PACKAGE, 128, "must be the name of a package, such as acme.policy, without `data.`")
]
EnvName = Annotated[str, AfterValidator(_env_name)]
Price = Annotated[Decimal, BeforeValidator(_exact), AfterValidator(_price)]
Dollars = Annotated[Decimal, BeforeValidator(_exact), AfterValidator(_dollars)]
Seconds = Annotated[float, BeforeValidator(_seconds)]
Count = Annotated[int, Field(gt=0, le=10**12)]
Region = Annotated[str, _matching(_REGION, 64, "must be a region such as eu or eu-west-1")]
Weight = Annotated[int, Field(ge=0, le=1000)]
Targets = Annotated[list[Id], BeforeValidator(_listed), Field(min_length=1, max_length=MOST_TARGETS)]
Settings = Annotated[dict[str, Any], BeforeValidator(_plain)]
