"""The probabilities of tokens, as OpenAI's formats tell them beside a text: they tell the text once more."""

import re
from collections.abc import Iterable
from typing import Any, cast

_BYTES = re.compile(r"(?:\\x[0-9a-f]{2})+")
"""A token that is a part of a character (OpenAI's cookbook, "Using logprobs")."""


def tells_more(odds: Any, texts: Iterable[str]) -> bool:
    """Whether the tokens say anything that the texts beside them do not."""
    tokens = "".join(token for token in _tokens(odds) if not _BYTES.fullmatch(token))
    return tokens not in "".join(texts)


def _tokens(odds: Any) -> list[str]:
    """The tokens that were chosen, in order: `content` and `refusal` of a chat, `tokens` of a completion."""
    rows: list[Any] = []
    if isinstance(odds, list):
        rows = cast("list[Any]", odds)
    elif isinstance(odds, dict):
        members = cast("dict[str, Any]", odds)
        for name in ("content", "refusal", "tokens"):
            rows += members.get(name) or []
    tokens: list[Any] = [cast("dict[str, Any]", row).get("token") if isinstance(row, dict) else row for row in rows]
    return [token for token in tokens if isinstance(token, str)]
