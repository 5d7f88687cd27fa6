"""What an answer is worth, by checks that need no model. Each gives a score from 0 to 1, in linear time."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.chain import Unloadable

Score = Callable[[str], float]
_SENTENCE = re.compile(r"[.!?…。！？]+(?=[\s\"'”’»)\]]|$)|[。！？]")
_WORD = re.compile(r"\w+")
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?```\s*\Z", re.DOTALL | re.IGNORECASE)
_GRAM = 4
"""Words that must stand together again to count as repeated."""
REFUSALS = (
    *(
        "i can't help with",
        "i cannot help with",
        "i can't assist",
        "i cannot assist",
        "i'm unable to",
        "i am unable to",
    ),
    *("i'm not able to", "i am not able to", "i won't be able to", "i can't provide", "i cannot provide"),
    *("i must decline", "as an ai language model", "i can't comply", "i cannot comply", "i can't fulfill"),
)
_OPENING = 240
"""Characters in which a refusal is said."""


class MinLength(Struct, frozen=True, forbid_unknown_fields=True):
    min_chars: int = 1


class MinSentences(Struct, frozen=True, forbid_unknown_fields=True):
    min_sentences: int = 1


class NoRefusal(Struct, frozen=True, forbid_unknown_fields=True):
    """`phrases`: those of an operator's own, beside the known ones."""

    phrases: tuple[str, ...] = ()


class NoRepetition(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class ValidJson(Struct, frozen=True, forbid_unknown_fields=True):
    """`fenced`: a fence of Markdown around it is taken off."""

    fenced: bool = True


class RequiredTerms(Struct, frozen=True, forbid_unknown_fields=True):
    terms: tuple[str, ...]


def _length(said: MinLength) -> Score:
    return lambda text: min(1.0, len(text.strip()) / said.min_chars)


def _sentences(said: MinSentences) -> Score:
    def score(text: str) -> float:
        found = len(_SENTENCE.findall(text))
        return min(1.0, (found or bool(text.strip())) / said.min_sentences)

    return score


def _refusal(said: NoRefusal) -> Score:
    phrases = (*REFUSALS, *(one.casefold() for one in said.phrases))

    def score(text: str) -> float:
        opening = text[:_OPENING].casefold().replace("’", "'")
        return 0.0 if any(phrase in opening for phrase in phrases) else 1.0

    return score


def _repetition(_said: NoRepetition) -> Score:
    def score(text: str) -> float:
        words = _WORD.findall(text.casefold())
        grams = list(zip(*(words[start:] for start in range(_GRAM)), strict=False))
        return len(set(grams)) / len(grams) if grams else 1.0

    return score


def _json(said: ValidJson) -> Score:
    def score(text: str) -> float:
        fence = _FENCE.match(text) if said.fenced else None
        try:
            msgspec.json.decode(fence[1] if fence else text)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            return 0.0
        return 1.0

    return score


def _terms(said: RequiredTerms) -> Score:
    terms = tuple(one.casefold() for one in said.terms)

    def score(text: str) -> float:
        folded = text.casefold()
        return sum(term in folded for term in terms) / len(terms)

    return score


CHECKS: dict[str, tuple[type[Struct], Callable[[Any], Score]]] = {
    "min_length": (MinLength, _length),
    "min_sentences": (MinSentences, _sentences),
    "no_refusal": (NoRefusal, _refusal),
    "no_repetition": (NoRepetition, _repetition),
    "valid_json": (ValidJson, _json),
    "required_terms": (RequiredTerms, _terms),
}


def check_of(sort: str, config: dict[str, Any]) -> Score:
    """The check called `sort`. Raises Unloadable, its path below the check."""
    known = CHECKS.get(sort)
    if known is None:
        raise Unloadable(("type",), f"check `{sort[:40]}` is not known: one of {', '.join(CHECKS)}")
    settings, make = known
    try:
        said = msgspec.convert(config, settings)
    except msgspec.ValidationError as error:
        raise Unloadable(("config",), f"the config of `{sort}` cannot be used: {str(error)[:200]}") from None
    for name in said.__struct_fields__:
        value = getattr(said, name)
        if (name.startswith("min_") and value < 1) or (name == "terms" and not all(value or ("",))):
            raise Unloadable(("config", name), f"`{name}` must say something")
    return make(said)
