"""Stage 7: an earlier answer to the same question, where the project or the caller wants that.

The same question is the same bytes after the request gate, from the same project and proxy, under the same version of
the configuration. What is kept is what the provider said, before the response gate: a hit is judged by it again. Only
answers that are complete and whose model was done are kept; one that calls tools is not, for it would have them called
again, and neither is a fallback's. An answer that was given to a caller's own provider key is nobody else's.
"""

import hashlib

import msgspec
from msgspec import Raw, Struct

from gatepost_gateway.domain.chat import Asked, DialectName, Operation, Stop
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.ports import Summary
from gatepost_gateway.domain.snapshot import CacheRules
from gatepost_gateway.pipeline.cache import AnswerCache, NoAnswer, Replay, Stored, Taken
from gatepost_gateway.pipeline.call import OWN, Call, Target
from gatepost_gateway.pipeline.dispatch import PASSED_REQUEST_HEADERS
from gatepost_gateway.pipeline.pricing import price_of

HEADER = b"cache"
"""The header, after its prefix, by which one call asks for the cache (`on`) or against it (`off`)."""
_WISHES = {b"on": True, b"off": False}
_OPERATIONS = frozenset({Operation.CHAT, Operation.EMBED})
_UNASKED = CacheRules()
"""For a call that wants the cache in a project that says nothing of one."""


class _Generation(Struct):
    temperature: float | None = None


_number = msgspec.json.Decoder(float)
_generation = msgspec.json.Decoder(_Generation)


class Recall:
    """The stage over one process's cache."""

    def __init__(self, cache: AnswerCache, clock: Clock) -> None:
        self._cache = cache
        self._clock = clock

    def find(self, call: Call) -> bool:
        """Whether an earlier answer stands in `call` now, as if it had just come. Raises CallerError (400) for a wish
        that is neither `on` nor `off`.
        """
        project, asked = call.project, call.asked
        assert project is not None
        assert asked is not None
        rules = _rules(call, asked)
        if rules is None:
            return False
        call.cache_key = key = key_of(call, asked)
        stored = self._cache.get(project.id, key, self._clock.monotonic())
        target = _target(call, stored.entry) if stored is not None else None
        if stored is None or target is None:
            call.taken = Taken(rules.max_bytes) if asked.stream else None
            return False
        _restore(call, asked, stored, target)
        return True

    def keep(self, call: Call) -> None:
        """Remembers the answer of a call that `find` found nothing for."""
        project, asked, summary, target = call.project, call.asked, call.summary, call.target
        if call.cache_key is None or call.record.cached or summary is None or target is None:
            return
        assert project is not None
        assert asked is not None
        body = call.taken.whole() if call.taken is not None else call.body
        if body is None or call.fallback_used or not is_done(asked, summary):
            return
        rules = project.cache or _UNASKED
        expires_at = self._clock.monotonic() + rules.ttl_seconds
        stored = Stored(target.entry.id, body, summary, expires_at, call.record.lossy)
        self._cache.put(project.id, call.cache_key, stored, rules.max_bytes)


def key_of(call: Call, asked: Asked) -> bytes:
    """A digest of all that an answer depends on, and of whose it is."""
    record, headers = call.record, call.inbound.headers
    said = (
        record.org,
        record.project,
        record.proxy,
        call.snapshot.version,
        asked.operation.value,
        asked.dialect.value,
        asked.model,
        asked.stream,
        call.inbound.fallbacks,
        call.forced_cap,
        call.forced_tier,
        [(name, headers[name]) for name in PASSED_REQUEST_HEADERS if name in headers],
        asked.body,
    )
    return hashlib.sha256(msgspec.msgpack.encode(said)).digest()


def is_done(asked: Asked, summary: Summary) -> bool:
    """Whether an answer is all that the model wanted to say, and asks nobody to do anything."""
    if asked.operation is Operation.EMBED:
        return True
    finish = summary.finish
    return len(finish) >= asked.choices and all(one == Stop.STOP for one in finish) and not summary.tool_calls


def wish_of(call: Call) -> bool | None:
    """What the call itself says of the cache; None: nothing. Raises CallerError (400) for another word."""
    if call.inbound.cache is not None:
        return call.inbound.cache
    headers = call.inbound.headers
    said = headers.get(OWN + HEADER)
    for prefix in call.snapshot.document.header_prefixes:
        said = said if said is not None else headers.get(prefix.encode("latin-1") + HEADER)
    if said is None:
        return None
    wish = _WISHES.get(said.strip().lower())
    if wish is None:
        raise CallerError("`X-Gatepost-Cache` must be `on` or `off`")
    return wish


def _rules(call: Call, asked: Asked) -> CacheRules | None:
    """By which rules this call is answered from the cache; None: it is not."""
    assert call.project is not None
    assert call.principal is not None
    wish, rules = wish_of(call), call.project.cache
    if wish is None:
        wish = rules is not None
    if not wish or call.principal.passed_through or not _repeatable(asked):
        return None
    rules = rules or _UNASKED
    return rules if not rules.temperature_zero_only or _is_cold(asked) else None


def _repeatable(asked: Asked) -> bool:
    """Whether the request says all that its answer depends on, and the answer leaves nothing behind to go on from."""
    if asked.operation not in _OPERATIONS or asked.unpriced is not None or asked.previous is not None:
        return False
    return asked.dialect is not DialectName.OPENAI_RESPONSES or not asked.store


def _is_cold(asked: Asked) -> bool:
    """Whether the caller asks for a temperature of 0; vectors have none."""
    if asked.operation is Operation.EMBED:
        return True
    said = asked.fields.get("temperature")
    if said is not None:
        return _temperature(said) == 0
    inner = asked.fields.get("generationConfig", asked.fields.get("generation_config"))
    try:
        return inner is not None and _generation.decode(inner).temperature == 0
    except msgspec.DecodeError:
        return False


def _temperature(said: Raw) -> float | None:
    try:
        return _number.decode(said)
    except msgspec.DecodeError:
        return None


def _target(call: Call, entry: str) -> Target | None:
    """Who gave the answer, where the call might go there today."""
    assert call.plan is not None
    return next((target for target in call.plan.targets if target.entry.id == entry), None)


def _restore(call: Call, asked: Asked, stored: Stored, target: Target) -> None:
    record, summary = call.record, stored.summary
    call.target, call.summary, call.answer, call.lost = target, summary, NoAnswer(), stored.lossy
    call.cap = None
    record.cached, record.cost = True, 0
    record.prices = price_of(target, call.purses or (), asked)
    if record.prices is not None and summary.usage is not None:
        record.saved = record.prices.cost(summary.usage)
    if asked.stream:
        call.reader, call.first = Replay(summary), stored.body
    else:
        call.body = stored.body
    call.note_losses()
