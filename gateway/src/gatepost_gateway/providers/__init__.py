"""Upstream families, one a file. The tuple below is the whole list: what is not in it cannot be reached."""

from collections.abc import Mapping
from types import MappingProxyType

from gatepost_gateway.domain.chat import Operation
from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.domain.ports import Provider
from gatepost_gateway.domain.snapshot import ProviderKind
from gatepost_gateway.providers.anthropic import Anthropic
from gatepost_gateway.providers.bedrock import Bedrock
from gatepost_gateway.providers.compatible import (
    Compatible,
    api_key_header,
    bearer,
    below_root,
    by_deployment,
    verbatim,
)
from gatepost_gateway.providers.gemini import Gemini

_MAKER = frozenset({Operation.CHAT, Operation.EMBED, Operation.IMAGE})

FAMILIES: tuple[Compatible | Anthropic | Gemini | Bedrock, ...] = (
    Compatible(ProviderKind.OPENAI, address=below_root, auth=bearer, operations=_MAKER),
    Anthropic(),
    Gemini(),
    Bedrock(SystemClock()),
    Compatible(ProviderKind.AZURE, address=by_deployment, auth=api_key_header),
    Compatible(ProviderKind.INTERNAL, address=verbatim, auth=bearer),
    Compatible(ProviderKind.SANDBOX, address=below_root, auth=bearer, operations=_MAKER),
)

PROVIDERS: Mapping[ProviderKind, Provider] = MappingProxyType({family.kind: family for family in FAMILIES})

__all__ = ["FAMILIES", "PROVIDERS"]
