"""Which of OpenAI's three chat formats a server is asked in: the caller's own where the server has it, else chat.

An entry may say (`additional_config: {responses: ..., completions: ...}`). Else an `internal` entry's address says,
OpenAI, Azure and servers that are compatible with them have the Responses API, and text completions are there where the
server is not OpenAI's own or the model is one that completes text (OpenAI's "Models": `gpt-3.5-turbo-instruct`,
`davinci-002`, `babbage-002`).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from gatepost_gateway.dialects.registry import (
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_EMBEDDINGS,
    OPENAI_IMAGES,
    OPENAI_RESPONSES,
)
from gatepost_gateway.dialects.sides import ProviderSide
from gatepost_gateway.dialects.whole import WholeSide
from gatepost_gateway.domain.chat import Asked, DialectName, Operation
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind

PATHS: Mapping[DialectName, str] = MappingProxyType(
    {
        DialectName.OPENAI_CHAT: "/chat/completions",
        DialectName.OPENAI_COMPLETIONS: "/completions",
        DialectName.OPENAI_RESPONSES: "/responses",
        DialectName.OPENAI_EMBEDDINGS: "/embeddings",
        DialectName.OPENAI_IMAGES: "/images/generations",
    }
)
"""Where a server has each format, below its root."""
ANSWERS: Mapping[DialectName, str] = MappingProxyType(
    {
        DialectName.OPENAI_CHAT: "a chat completion",
        DialectName.OPENAI_COMPLETIONS: "a text completion",
        DialectName.OPENAI_RESPONSES: "a response",
        DialectName.OPENAI_EMBEDDINGS: "a list of vectors",
        DialectName.OPENAI_IMAGES: "a list of pictures",
    }
)
"""What an answer in each format is called."""
SIDES: Mapping[DialectName, ProviderSide] = MappingProxyType(
    {side.dialect: side for side in (OPENAI_CHAT, OPENAI_COMPLETIONS, OPENAI_RESPONSES)}
)
WHOLE: Mapping[DialectName, WholeSide] = MappingProxyType(
    {DialectName.OPENAI_EMBEDDINGS: OPENAI_EMBEDDINGS, DialectName.OPENAI_IMAGES: OPENAI_IMAGES}
)
"""The formats of what is never streamed."""
_MAKES = {Operation.EMBED: DialectName.OPENAI_EMBEDDINGS, Operation.IMAGE: DialectName.OPENAI_IMAGES}
_SETTING = {DialectName.OPENAI_COMPLETIONS: "completions", DialectName.OPENAI_RESPONSES: "responses"}
_COMPLETES = re.compile(r"(?:^|[/:])(?:gpt-3\.?5-turbo-instruct|davinci|babbage|text-)|-base$")
_OFFICIAL = re.compile(r"https://(?:[a-z]+\.)?api\.openai\.com(?:[:/]|$)")


def wire_of(entry: ModelEntry, asked: Asked) -> DialectName:
    """The format that `entry` is asked in for what is asked."""
    return _MAKES.get(asked.operation) or spoken(entry, asked.dialect)


def spoken(entry: ModelEntry, dialect: DialectName) -> DialectName:
    """The format that `entry` is asked in by a caller who speaks `dialect`."""
    if entry.provider is ProviderKind.INTERNAL:
        return _at(entry.base_url)
    return dialect if dialect in _SETTING and _has(entry, dialect) else DialectName.OPENAI_CHAT


def _at(url: str) -> DialectName:
    """The format of a server that is called at one address."""
    path = url.partition("?")[0].rstrip("/")
    found = (name for name, end in PATHS.items() if path.endswith(end) and name in SIDES)
    return next(found, DialectName.OPENAI_CHAT)


def _has(entry: ModelEntry, dialect: DialectName) -> bool:
    said = entry.additional_config.get(_SETTING[dialect])
    if said is not None:
        return bool(said)
    if entry.provider is ProviderKind.SANDBOX:
        return False
    if dialect is DialectName.OPENAI_RESPONSES:
        return True
    own = entry.provider is ProviderKind.AZURE or _OFFICIAL.match(entry.base_url) is not None
    return not own or _COMPLETES.search(entry.identifier) is not None
