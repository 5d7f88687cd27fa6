"""Every reader of bytes that callers and providers send: it returns, or refuses by a typed error, and does not hang."""

import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle

from gatepost_gateway.dialects import leaves, registry, tool_uses, transcript, translation, whole
from gatepost_gateway.dialects.event_stream import FrameReader
from gatepost_gateway.dialects.frame_readers import FRAMES
from gatepost_gateway.dialects.frames import payload, rewritten
from gatepost_gateway.dialects.framing import EventSplitter
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.sides import ProviderSide, Shape, WholeCaller, WholeProvider
from gatepost_gateway.dialects.transcript_stream import Words
from gatepost_gateway.domain.chat import Asked, DialectName
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.findings import Place
from gatepost_gateway.domain.ports import Answered
from gatepost_gateway.providers import refusal

from . import seeds
from .mutation import Mutator

SIDES: Mapping[DialectName, ProviderSide] = {
    side.dialect: side
    for side in (
        registry.OPENAI_CHAT, registry.OPENAI_RESPONSES, registry.ANTHROPIC_MESSAGES, registry.GEMINI_GENERATE,
        registry.BEDROCK_CONVERSE,
    )
}  # fmt: skip
SHAPE = Shape(model="m", stream=True, cap=50, max_output=100, thinks=True)


@dataclass(frozen=True)
class Target:
    """`read` refuses an input by one of `refusals`, and by nothing else. `make` gives the next input."""

    name: str
    read: Callable[[bytes], None]
    refusals: type[Exception]
    make: Callable[[random.Random], Callable[[], bytes]]
    seeds: tuple[bytes, ...]

    def run(self, data: bytes) -> None:
        """Reads, or refuses. Raises whatever else comes out."""
        with contextlib.suppress(self.refusals):
            self.read(data)


def _mutating(found: list[bytes]) -> Callable[[random.Random], Callable[[], bytes]]:
    return lambda chance: Mutator(found, chance).mutated


def _target(
    name: str, read: Callable[[bytes], None], found: list[bytes], refusals: type[Exception] = ValueError
) -> Target:
    return Target(name, read, refusals, _mutating(found), tuple(found))


def _cut(data: bytes) -> list[bytes]:
    """Pieces whose lengths the data itself gives: the same input is always cut the same way."""
    step = 1 + (len(data) * 7 + data[-1] if data else 0) % max(1, min(len(data), 400))
    return [data[start : start + step] for start in range(0, len(data), step)]


def _governed(asked: Asked) -> None:
    """What the pipeline does with a request beside translating it."""
    with contextlib.suppress(Malformed):
        leaves.open_request(asked)
    said = transcript.transcript(asked)
    if said is not None:
        said.after(transcript.spoken(["a"], [("f", asked.body.decode("utf-8", "replace"))]))
    tool_uses.results_of(asked)


def request(dialect: DialectName) -> Target:
    # A server that only completes text refuses every chat unread.
    completes = [registry.OPENAI_COMPLETIONS] if dialect is DialectName.OPENAI_COMPLETIONS else []
    others = cycle([*SIDES.values(), *completes])
    caller = registry.CALLERS[dialect]

    def read(data: bytes) -> None:
        asked = caller.read_asked(data)
        asked.model, asked.name = asked.model or "m", "a1"
        _governed(asked)
        translation.write_request(asked, next(others), SHAPE)

    return _target(f"request {dialect}", read, [seeds.written(one) for one in seeds.REQUESTS[dialect]], CallerError)


def whole_request(dialect: DialectName, caller: WholeCaller) -> Target:
    makers = (registry.OPENAI_EMBEDDINGS, registry.GEMINI_EMBED, registry.BEDROCK_EMBED)
    images = dialect is DialectName.OPENAI_IMAGES
    others = cycle((registry.OPENAI_IMAGES, registry.BEDROCK_IMAGES) if images else makers)
    shapes = cycle((Shape(model="amazon.titan-embed-text-v2:0"), Shape(model="cohere.embed-english-v3")))
    drawing = cycle((Shape(model="amazon.nova-canvas-v1:0"), Shape(model="stability.sd3-large-v1:0")))

    def read(data: bytes) -> None:
        asked = caller.read_asked(data)
        asked.model = asked.model or "m"
        with contextlib.suppress(Malformed):
            leaves.open_request(asked)
        whole.write_request(asked, next(others), next(drawing if images else shapes))

    return _target(f"request {dialect}", read, [seeds.written(one) for one in seeds.REQUESTS[dialect]], CallerError)


def answer(dialect: DialectName) -> Target:
    side = SIDES[dialect]
    others = cycle([seeds.asked(one, stream=False) for one in registry.CALLERS])

    def read(data: bytes) -> None:
        asked = next(others)
        body, _ = translation.read_answer(asked, side, data)
        with contextlib.suppress(Malformed):
            leaves.open_answer(body)
        transcript.reply_turns(asked.dialect, body)
        tool_uses.calls_of(asked.dialect, body)

    return _target(f"answer {dialect}", read, [seeds.reply(dialect)])


def _read(asked: Asked, side: ProviderSide, pieces: list[bytes]) -> None:
    reader = translation.stream_reader(asked, side)
    for piece in pieces:
        reader.feed(piece)
    reader.close()


def stream(dialect: DialectName) -> Target:
    side = SIDES[dialect]
    others = cycle([seeds.asked(one, stream=True) for one in registry.CALLERS])

    def read(data: bytes) -> None:
        _read(next(others), side, _cut(data))

    if dialect is not DialectName.BEDROCK_CONVERSE:
        return _target(f"stream {dialect}", read, [seeds.stream(dialect)])
    texts = [(kind, seeds.written(said)) for kind, said in seeds.CONVERSE_EVENTS]

    def make(chance: random.Random) -> Callable[[], bytes]:
        mutators = [(kind, Mutator([text], chance)) for kind, text in texts]

        def one() -> bytes:
            changed = int(chance.random() * len(texts))
            out = [
                seeds.frame(kind, mutators[at][1].mutated() if at == changed else text)
                for at, (kind, text) in enumerate(texts)
                if at == changed or chance.random() < 0.9
            ]
            return b"".join(out)

        return one

    return Target(f"stream {dialect}", read, ValueError, make, (b"".join(seeds.frame(*one) for one in texts),))


def frames(dialect: DialectName) -> Target:
    """What judges a stream, in each caller's format, and what tells its conversation from others."""

    def read(data: bytes) -> None:
        reader, words = FRAMES[dialect](), Words(dialect)
        try:
            for event in EventSplitter().feed(data):
                found = reader.read(event)
                words.feed(event)
                if found.slots:
                    rewritten(found, {found.slots[0].path: "changed"})
        finally:
            words.turns()
            words.calls()

    return _target(f"frames {dialect}", read, [seeds.stream(dialect)])


def vectors(name: str, side: WholeProvider, shape: DialectName) -> Target:
    others = cycle(
        [registry.WHOLE_CALLERS[one].read_asked(seeds.written(seeds.REQUESTS[one][0])) for one in _asking(shape)]
    )

    def read(data: bytes) -> None:
        whole.read_answer(next(others), side, [Answered(data)])

    return _target(f"answer {name}", read, [seeds.written(one) for one in seeds.VECTORS[name]])


def _asking(shape: DialectName) -> list[DialectName]:
    if shape is DialectName.OPENAI_IMAGES:
        return [shape]
    return [DialectName.OPENAI_EMBEDDINGS, DialectName.GEMINI_EMBED, DialectName.GEMINI_BATCH_EMBED]


def _event_stream(data: bytes) -> None:
    reader = FrameReader()
    for piece in _cut(data):
        reader.feed(piece)


def _sse(data: bytes) -> None:
    splitter = EventSplitter()
    events = [event for piece in _cut(data) for event in splitter.feed(piece)]
    assert b"".join(events) + splitter.rest == data
    for event in events:
        payload(event)


def _leaves(data: bytes) -> None:
    try:
        leaves.open_answer(data)
    finally:
        leaves.open_json(data.decode("utf-8", "replace"), Place.TOOL_CALL)


def _refusal(data: bytes) -> None:
    for status in (400, 401, 429, 500):
        assert refusal.explain("p", status, [(b"retry-after", data[:40])], data).code


_ERRORS = [
    seeds.written({"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": "x"}}),
    seeds.written({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}),
    seeds.written({"error": {"code": 429, "message": "m", "status": "X", "details": [{"retryDelay": "3s"}]}}),
    seeds.written({"message": "no", "__type": "ThrottlingException"}),
]
_FRAMES = b"".join(seeds.frame(kind, seeds.written(said)) for kind, said in seeds.CONVERSE_EVENTS)
TARGETS: Mapping[str, Target] = {
    one.name: one
    for one in (
        *(request(dialect) for dialect in registry.CALLERS),
        *(whole_request(dialect, caller) for dialect, caller in registry.WHOLE_CALLERS.items()),
        *(answer(dialect) for dialect in SIDES),
        *(stream(dialect) for dialect in SIDES),
        *(frames(dialect) for dialect in FRAMES),
        vectors("openai", registry.OPENAI_EMBEDDINGS, DialectName.OPENAI_EMBEDDINGS),
        vectors("gemini", registry.GEMINI_EMBED, DialectName.OPENAI_EMBEDDINGS),
        vectors("bedrock", registry.BEDROCK_EMBED, DialectName.OPENAI_EMBEDDINGS),
        vectors("pictures", registry.BEDROCK_IMAGES, DialectName.OPENAI_IMAGES),
        _target("event stream", _event_stream, [_FRAMES]),
        _target("server-sent events", _sse, [seeds.stream(DialectName.ANTHROPIC_MESSAGES)]),
        _target("leaves", _leaves, [seeds.written(seeds.REQUESTS[DialectName.OPENAI_CHAT][0])], Malformed),
        _target("refusals", _refusal, _ERRORS),
    )
}
"""By name."""
