"""What a caller of the Responses API may go on from: its earlier answers, by their ids.

Where the provider itself speaks the format, it remembers the conversation: kept is who that was, and the next call goes
there. Where the gateway translated, it remembers the conversation itself, encrypted: the items of the input and of the
answer, which are put in front of the next input. Both are kept for one key, `LIFE` after the answer, and also where
bodies are not stored; with `store: false` nothing is.
"""

import hashlib
from collections import OrderedDict

import msgspec
from msgspec import Raw, Struct, structs

from gatepost_gateway.dialects.framing import EventSplitter, data_of
from gatepost_gateway.dialects.openai_responses import MOST_KEPT
from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.clock import DAY_MICROS
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.domain.ports import Archive, Found, Recorder, Vault
from gatepost_gateway.domain.records import Closed, Kept
from gatepost_gateway.domain.routing import AUTO, TIER, ModelPolicy
from gatepost_gateway.domain.snapshot import ModelEntry
from gatepost_gateway.pipeline.call import Call, Plan
from gatepost_gateway.pipeline.restore import given_out, restore_asked
from gatepost_gateway.policy.placeholders import Placeholders

KIND = "response"
LIFE = 30 * DAY_MICROS
"""Microseconds that an answer can be gone on from: as long as OpenAI keeps one."""
MOST_BYTES = 64 * 1024 * 1024
"""Bytes of conversations that this process holds; older ones are read where records are."""


class Chain(Struct, frozen=True):
    """What an earlier answer left. `items`: input and output as JSON items; null where its provider remembers them."""

    entry: str
    provider: str
    base_url: str
    tokens: int = 0
    """All that the provider counted: at most so many it may count again."""
    media: int = 0
    items: Raw = Raw(b"null")
    placeholders: dict[str, str] = {}
    """What stands for the caller's own texts in what its provider remembers."""

    @property
    def elsewhere(self) -> bool:
        """The provider remembers the conversation."""
        return bytes(self.items) == b"null"


class _Answer(Struct):
    id: str
    output: Raw = Raw(b"[]")


class _Event(Struct):
    response: _Answer | None = None


_answer = msgspec.json.Decoder(_Answer)
_event = msgspec.json.Decoder(_Event)
_chain = msgspec.json.Decoder(Chain)
_items = msgspec.json.Decoder(list[dict[str, Raw]])
_encode = msgspec.json.Encoder().encode
_OF_ONE_ANSWER = frozenset({"message", "function_call"})
"""Items whose own ids mean something to nobody else."""


class Responses:
    """The conversations of Responses callers, encrypted, bounded in bytes and time."""

    def __init__(self, recorder: Recorder, archive: Archive, vault: Vault) -> None:
        self._recorder = recorder
        self._archive = archive
        self._vault = vault
        self._held: OrderedDict[str, Found] = OrderedDict()
        self._bytes = 0

    async def follow(self, call: Call) -> Chain | None:
        """Puts the conversation that the call goes on with in front of its input, or tells who remembers it.

        Raises CallerError (404) when this key was given no such answer, or it is not kept.
        """
        asked = call.asked
        assert asked is not None
        if asked.previous is None:
            return None
        chain = await self._load(call.record, asked.previous)
        if chain.elsewhere:
            asked.earlier = chain.tokens
            if chain.placeholders:
                call.placeholders = Placeholders(known=chain.placeholders)
            call.pinned = _pin(call, chain)
        else:
            _replay(asked, chain.items)
            asked.media += chain.media
        return chain

    async def _load(self, record: Closed, response_id: str) -> Chain:
        id = _name(record, response_id)
        found = self._held.get(id) or await self._archive.kept(KIND, id)
        if found is None or found.project != record.project or found.expires_at <= record.at:
            error = CallerError(
                f"previous response `{response_id[:80]}` is not known here: it is another key's, it was not stored, or"
                " its time is over; send the conversation in `input`",
                code=Code.PREVIOUS_RESPONSE_NOT_FOUND,
                status=404,
            )
            error.param = "previous_response_id"
            raise error
        return _chain.decode(self._vault.open_state(KIND, id, found.box))

    def keep(self, call: Call, said: bytes) -> None:
        """Remembers an answer; it is written with the call's record. `said`: the whole, or a stream's last events."""
        asked, target = call.asked, call.target
        assert asked is not None
        assert target is not None
        answer = _answer_in(said, stream=asked.stream) if asked.dialect is DialectName.OPENAI_RESPONSES else None
        if answer is None:
            return
        call.response_id = answer.id
        entry = target.entry
        chain = Chain(entry.id, entry.provider.value, entry.base_url, media=asked.media)
        if asked.wire is DialectName.OPENAI_RESPONSES:
            usage = call.summary.usage if call.summary is not None else None
            most = len(asked.body) + asked.earlier + len(said)
            given = given_out(call)
            values = given.values if given is not None else {}
            tokens = usage.total if usage is not None else most
            chain = structs.replace(chain, media=0, tokens=tokens, placeholders=values)
        else:
            items = _joined(_listed(restore_asked(call).fields.get("input")), _unnamed(answer.output))
            chain = structs.replace(chain, items=Raw(items))
        if asked.store and len(asked.body) <= MOST_KEPT:
            self._store(call.record, answer.id, _encode(chain))

    def _store(self, record: Closed, response_id: str, plain: bytes) -> None:
        id, project = _name(record, response_id), record.project or ""
        found = Found(project, self._vault.seal_state(KIND, id, plain), record.at + LIFE)
        self._recorder.append(Kept(KIND, id, project, found.expires_at, found.box))
        before = self._held.pop(id, None)
        self._held[id] = found
        self._bytes += len(found.box) - (len(before.box) if before is not None else 0)
        while self._bytes > MOST_BYTES and len(self._held) > 1:
            _, gone = self._held.popitem(last=False)
            self._bytes -= len(gone.box)


def _pin(call: Call, chain: Chain) -> str | None:
    """The entry at the server that remembers: the one that is asked for, where it is there.

    None leaves a name that may not be said, or means nothing, to who chooses. Raises CallerError (422) for a model that
    is elsewhere.
    """
    asked, project = call.asked, call.project
    assert asked is not None
    assert project is not None
    if asked.model == AUTO or asked.model.startswith(TIER):
        return chain.entry
    entries = call.snapshot.called(project.id, asked.model)
    if project.model_policy is ModelPolicy.TIER or not entries:
        return None
    there = [entry.id for entry in entries if _remembers(entry, chain)]
    if not there:
        raise CallerError(
            f"`previous_response_id` is an answer of `{chain.entry}`, whose provider remembers the conversation, and"
            f" `{asked.model}` is elsewhere: call that model, or send the conversation in `input`",
            code=Code.NOT_TRANSLATABLE,
            status=422,
        )
    return chain.entry if chain.entry in there else there[0]


def only_there(plan: Plan, chain: Chain | None) -> Plan:
    """The plan without the places that know nothing of what the call continues."""
    if chain is None or not chain.elsewhere:
        return plan
    there = tuple(target for target in plan.targets if _remembers(target.entry, chain))
    return Plan(there) if there else plan


def _remembers(entry: ModelEntry, chain: Chain) -> bool:
    return entry.id == chain.entry or (entry.provider.value, entry.base_url) == (chain.provider, chain.base_url)


def _name(record: Closed, response_id: str) -> str:
    """What an answer is kept under: nobody can name another key's, or write over it."""
    said = f"{record.project}\0{record.proxy or ''}\0{record.key_id}\0{response_id}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32]


def _answer_in(said: bytes, *, stream: bool) -> _Answer | None:
    """The answer; None where a server's last event does not carry it."""
    try:
        if not stream:
            return _answer.decode(said)
        for event in reversed(EventSplitter().feed(said)):
            data = data_of(event)
            if data is not None and data.startswith(b"{"):
                return _event.decode(data).response
    except (msgspec.DecodeError, ValueError):
        # A name of another shape is no name: such an answer cannot be gone on from.
        return None
    return None


def _replay(asked: Asked, items: Raw) -> None:
    fields = {name: raw for name, raw in asked.fields.items() if name != "previous_response_id"}
    fields["input"] = Raw(_joined(bytes(items), _listed(asked.fields.get("input"))))
    asked.fields = fields
    asked.body = _encode(fields)


def _listed(said: Raw | None) -> bytes:
    """`input` as a list of items."""
    text = bytes(said).strip() if said is not None else b"null"
    if text.startswith(b"["):
        return text
    return b"[]" if text == b"null" else b'[{"role":"user","content":' + text + b"}]"


def _joined(first: bytes, second: bytes) -> bytes:
    """Two JSON lists as one."""
    inner = [piece for piece in (first.strip()[1:-1].strip(), second.strip()[1:-1].strip()) if piece]
    return b"[" + b",".join(inner) + b"]"


def _unnamed(output: Raw) -> bytes:
    """The items of an answer as the next input has them."""
    items = _items.decode(output)
    return _encode([_without_id(item) if _kind(item) in _OF_ONE_ANSWER else item for item in items])


def _kind(item: dict[str, Raw]) -> str:
    return bytes(item.get("type", Raw(b'""'))).decode("utf-8", "replace").strip('"')


def _without_id(item: dict[str, Raw]) -> dict[str, Raw]:
    return {name: raw for name, raw in item.items() if name not in ("id", "status")}
