"""Work without a gateway, for tests: local answers of the same shape, by leave of the project's operator.

`offline=True` needs that leave: the gateway tells it once, when a client is built, or a licence file that the operator
signed stands for it. `mock=True` needs none, and its answers say that they are mock.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from . import _ed25519, wire
from ._breaker import Breaker
from ._calls import Call, Reply
from ._http import FunctionTransport, HttpClient, Link, SyncHttp, Transport
from ._local import KEY, LocalGateway
from ._settings import Settings
from .errors import ConfigurationError, GatewayError

LICENCE_WORDS = b"gatepost offline licence 1\n"
"""What stands before the signed text, so that no other signed thing can pass for a licence."""


def local(
    settings: Settings, client: HttpClient | None, transport: Transport | None
) -> tuple[Settings, FunctionTransport]:
    """What a client without a gateway works with. `client` or `transport` carry the one question, where it is asked.

    Raises:
        ConfigurationError: The project may not work offline, or nobody can say whether it may.
        APIError: The gateway refused to say.
    """
    if settings.offline and not licensed(settings):
        require_leave(_asked(settings, client, transport))
    gateway = LocalGateway("offline" if settings.offline else "mock")
    return replace(settings, api_key=settings.api_key or KEY), gateway.transport()


def _asked(settings: Settings, client: HttpClient | None, transport: Transport | None) -> wire.SdkConfig:
    http = SyncHttp(Link(settings, Breaker()), client, transport)
    try:
        return http.send(config())
    except GatewayError as error:
        raise ConfigurationError(
            f"nobody can say whether this project may work offline: {error.detail}",
            code="offline_unknown",
            hint="`offline_licence` stands for asking the gateway; `mock=True` needs no leave",
        ) from error
    finally:
        if client is None:
            http.client.close()


def config() -> Call[wire.SdkConfig]:
    """What the project allows SDKs to do."""

    def read(reply: Reply) -> wire.SdkConfig:
        return wire.SdkConfig.model_validate(reply.body)

    return Call("GET", "/api/v1/sdk/config", read, repeatable=True)


def require_leave(said: wire.SdkConfig) -> None:
    """Raises ConfigurationError where the project's operator did not allow it."""
    if not said.features.offline_testing:
        raise ConfigurationError(
            f"project `{said.project}` may not work offline",
            code="offline_not_allowed",
            hint="an operator allows it: `features: [offline_testing]` in the project",
        )


def licensed(settings: Settings, *, now: float | None = None) -> bool:
    """Whether a licence file stands for the gateway's leave.

    Raises:
        ConfigurationError: There is one, and it cannot be read, is not signed by the key, is over, or allows nothing.
    """
    if settings.offline_licence is None:
        return False
    if settings.licence_key is None:
        raise ConfigurationError("`offline_licence` needs `licence_key`: the public key that its signature is held to")
    path = Path(os.fspath(settings.offline_licence))
    try:
        sealed = cast("Mapping[str, Any]", json.loads(path.read_text()))
        text, signature = str(sealed["licence"]), bytes.fromhex(sealed["signature"])
        said = cast("Mapping[str, Any]", json.loads(text))
        features, ends = list(said["features"]), float(said["expires_at"])
        key = bytes.fromhex(settings.licence_key)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"`{path}` is not a licence, or `licence_key` is not a key: {error}") from error
    if not _ed25519.verify(key, LICENCE_WORDS + text.encode(), signature):
        raise ConfigurationError(f"`{path}` is not signed by `licence_key`", code="licence_invalid")
    if ends <= (time.time() if now is None else now):
        raise ConfigurationError(f"`{path}` is over", code="licence_expired")
    if "offline_testing" not in features:
        raise ConfigurationError(f"`{path}` does not allow work offline", code="offline_not_allowed")
    return True
