"""What rules that ask a judge outside have in common: where it is, what its answer means, what else counts."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.chain import RuleSpec, Unloadable
from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.domain.ports import Headers, Origin
from gatepost_gateway.domain.review import Inquiry, NoVerdict
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.rules import Label, NotRun, Vote

_PORTS = {"http": 80, "https": 443}
_TARGET = re.compile(r"[!-~]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OWN = "GATEPOST_"
_CATEGORY = re.compile(r"[a-z0-9][a-z0-9 _/-]{0,39}")
MOST_CATEGORIES = 5
"""Categories of a verdict that are told."""
_FLAGS = {"allow": False, "allowed": False, "pass": False, "flag": True, "flagged": True, "block": True, "deny": True}


class Failure(StrEnum):
    """What becomes of a call whose judge gave no verdict: it is blocked, it passes, or it fails with a 503."""

    BLOCK = "block"
    ALLOW = "allow"
    RAISE = "raise"


class KeyRef(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the key stands that the judge is shown: a variable of the control plane's environment, or the stored key
    of a model at the same address.
    """

    env: str | None = None
    store: str | None = None


class Judge(Struct, frozen=True):
    """A judge as it is asked. `most`: questions under way."""

    origin: Origin
    target: bytes
    seconds: float
    most: int
    fails: Failure

    def inquiry(self, facts: Facts, label: Label, body: Any, headers: Headers = ()) -> Inquiry:
        said = ((b"content-type", b"application/json"), (b"accept", b"application/json"), *headers)
        key, data = facts.inquiry_key(label.name), msgspec.json.encode(body)
        return Inquiry(key, label.name, self.origin, self.target, said, data, self.seconds, self.most)


class Opinion(Struct, frozen=True):
    """What a judge says. `scores` by category, where it gives any."""

    flagged: bool
    categories: tuple[str, ...] = ()
    scores: Mapping[str, float] = {}
    rationale: str = ""


def judge_of(where: str, said: tuple[int, int, Failure], path: tuple[str, ...] = ()) -> Judge:
    """`said`: milliseconds, questions under way, and what counts without a verdict. Raises Unloadable."""
    millis, most, fails = said
    if not 1 <= millis <= 60_000:
        raise Unloadable((*path, "timeout_ms"), "`timeout_ms` is at least 1 and at most 60000")
    if most < 1:
        raise Unloadable(("max_concurrent",), "`max_concurrent` is at least 1")
    try:
        parts = urlsplit(where)
        port = parts.port
    except ValueError:
        raise Unloadable((*path, "endpoint"), "`endpoint` is not a URL") from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme not in _PORTS or not parts.hostname or not _TARGET.fullmatch(target) or parts.fragment:
        raise Unloadable((*path, "endpoint"), "`endpoint` must be an http or https URL")
    if parts.username is not None or "key=" in parts.query or "token=" in parts.query:
        raise Unloadable((*path, "endpoint"), "a secret has no place in a URL: use `secret_key_ref`")
    origin = Origin(parts.scheme, parts.hostname, port or _PORTS[parts.scheme])
    return Judge(origin, target.encode("ascii"), millis / 1000, most, fails)


def check_key(ref: KeyRef | None, path: tuple[str, ...] = ()) -> None:
    """Raises Unloadable."""
    if ref is None:
        return
    at = (*path, "secret_key_ref")
    if (ref.env is None) == (ref.store is None):
        raise Unloadable(at, "`secret_key_ref` says one of `env` and `store`")
    if ref.env is not None and (not _VARIABLE.fullmatch(ref.env) or ref.env.startswith(_OWN)):
        raise Unloadable((*at, "env"), "`env` must name an environment variable, and none of the gateway's own")


def key_ref(spec: RuleSpec) -> KeyRef | None:
    """Where a rule's judge has its key from; None where it has none, and for every other rule."""
    said = spec.settings.get("provider", spec.settings)
    ref = cast("dict[str, Any]", said).get("secret_key_ref") if isinstance(said, dict) else None
    try:
        return msgspec.convert(ref, KeyRef) if isinstance(ref, dict) else None
    except msgspec.ValidationError:
        return None


def endpoint_of(spec: RuleSpec) -> str:
    """The address of a rule's judge."""
    said = spec.settings.get("provider", spec.settings)
    return str(cast("dict[str, Any]", said).get("endpoint", "")) if isinstance(said, dict) else ""


def opinion(facts: Facts, label: Label, judge: Judge) -> Opinion | Vote:
    """What was said to the rule's question; a vote where nobody said anything and that counts as a block.

    Raises NotRun where such a call passes, GatewayFault (503) where it fails.
    """
    found = facts.elsewhere.get(facts.inquiry_key(label.name), NoVerdict("no judge is asked here"))
    try:
        return read(found)
    except NoVerdict as why:
        words = f"the judge gave no verdict: {why}"
        if judge.fails is Failure.ALLOW:
            raise NotRun(words) from None
        if judge.fails is Failure.BLOCK:
            return Vote(Effect.BLOCK, "the judge gave no verdict", "not_reviewed", rationale=words)
        public = f"the judge of `{label.name}` gave no verdict"
        raise GatewayFault(public, code=Code.POLICY_UNAVAILABLE, status=503, hint=words) from why


def read(found: "bytes | NoVerdict") -> Opinion:
    """An answer, in any of the shapes that are documented. Raises NoVerdict."""
    if isinstance(found, NoVerdict):
        raise found
    said = _object(found)
    if "choices" in said:
        said = _object(_content(said))
    results = said.get("results")
    if isinstance(results, list) and results:
        return _joined([_one(one) for one in cast("list[Any]", results)])
    return _one(said)


def _one(said: Any) -> Opinion:
    if not isinstance(said, dict):
        raise NoVerdict("its answer says no verdict")
    one = cast("dict[str, Any]", said)
    flagged, verdict = one.get("flagged"), one.get("verdict")
    if isinstance(verdict, str):
        flagged = _FLAGS.get(verdict.lower())
    if not isinstance(flagged, bool):
        raise NoVerdict("its answer says no verdict")
    listed = one.get("categories")
    if isinstance(listed, dict):
        listed = [name for name, hit in cast("dict[str, Any]", listed).items() if hit is True]
    names = cast("list[Any]", listed) if isinstance(listed, list) else []
    scores = one.get("category_scores")
    told = cast("dict[str, Any]", scores) if isinstance(scores, dict) else {}
    rationale = one.get("rationale", one.get("reason", ""))
    return Opinion(
        flagged,
        tuple(name for name in names if isinstance(name, str)),
        {name: float(score) for name, score in told.items() if isinstance(score, int | float)},
        rationale if isinstance(rationale, str) else "",
    )


def _joined(found: list[Opinion]) -> Opinion:
    """Of several texts: what is said of any of them is said of all."""
    scores: dict[str, float] = {}
    for one in found:
        for name, score in one.scores.items():
            scores[name] = max(score, scores.get(name, score))
    names = dict.fromkeys(name for one in found for name in one.categories)
    return Opinion(
        any(one.flagged for one in found),
        tuple(names),
        scores,
        next((one.rationale for one in found if one.rationale), ""),
    )


def _object(data: bytes | str) -> dict[str, Any]:
    try:
        said: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise NoVerdict("its answer is not a JSON object")
    return cast("dict[str, Any]", said)


def _content(said: dict[str, Any]) -> str:
    try:
        content = said["choices"][0]["message"]["content"]
    except (LookupError, TypeError):
        content = None
    if not isinstance(content, str):
        raise NoVerdict("its answer is no completed chat")
    return content


def shown(categories: tuple[str, ...]) -> str:
    """The names of categories that are fit to be told."""
    fit = [name.lower() for name in categories if _CATEGORY.fullmatch(name.lower())][:MOST_CATEGORIES]
    return f": {', '.join(fit)}" if fit else ""


def texts_of(leaves: tuple[Leaf, ...], places: frozenset[Place], most: int) -> list[str]:
    """The texts that a judge is to read. Raises NoVerdict when they are longer than `most` characters together."""
    texts = [leaf.text for leaf in leaves if not places or leaf.place in places]
    if sum(map(len, texts)) > most:
        raise NoVerdict(f"the texts are longer than {most} characters together")
    return texts
