"""What is planted at any position of a request, an answer or a stream is found and taken out, or the position is
declared to hold no words. Positions are generated: a member that is not read shows here.
"""

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gatepost_gateway.dialects.frame_readers import FRAMES
from gatepost_gateway.dialects.framing import EventSplitter, data_of
from gatepost_gateway.dialects.leaves import open_answer, open_request
from gatepost_gateway.dialects.places import CLOSED, KEPT, SKIPPED
from gatepost_gateway.dialects.registry import CALLERS, WHOLE_CALLERS
from gatepost_gateway.dialects.rewriting import rewrite_answer, rewrite_request
from gatepost_gateway.domain.chat import DialectName
from gatepost_gateway.domain.governance import Phase, Principal
from gatepost_gateway.domain.snapshot import ProjectEntry
from gatepost_gateway.policy.facts import Facts, Said, Setting
from gatepost_gateway.policy.gate import Gates
from tests.policy.kinds.making import engine, spec
from tests.policy.streams import FORMATS, Step

MARK = "bob@example.org"
ENGINE = engine(spec("redactor"))
TEXT = base64.b64encode(b"a plain text").decode()
SCHEMA = {"type": "object", "title": "t", "properties": {"q": {"type": "string", "description": "d", "enum": ["e"]}}}
FUNCTION = {"name": "f", "description": "d", "parameters": SCHEMA}
ARGUMENTS = json.dumps({"q": "v", "deep": [{"x": "y"}], "a key": 1})
USED = {"id": "c", "type": "function", "function": {"name": "f", "arguments": ARGUMENTS}}
Path = tuple[Any, ...]

REQUESTS: dict[DialectName, dict[str, Any]] = {
    DialectName.OPENAI_CHAT: {
        "model": "m", "user": "u", "stop": ["s"], "metadata": {"k": "v"},
        "messages": [
            {"role": "system", "content": "s", "name": "n"},
            {"role": "developer", "content": [{"type": "text", "text": "t"}]},
            {"role": "user", "content": [
                {"type": "text", "text": "t"},
                {"type": "image_url", "image_url": {"url": "https://x.test/i.png", "detail": "low"}},
                {"type": "file", "file": {"filename": "f.txt", "file_data": f"data:text/plain;base64,{TEXT}"}},
            ]},
            {"role": "assistant", "content": "a", "refusal": "r", "reasoning_content": "t", "tool_calls": [USED]},
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": ARGUMENTS}},
            {"role": "tool", "tool_call_id": "c", "content": "result"},
            {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "t"}]},
            {"role": "function", "name": "f", "content": ARGUMENTS},
        ],
        "tools": [{"type": "function", "function": FUNCTION}], "functions": [FUNCTION],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "description": "d", "schema": SCHEMA}},
        "prediction": {"type": "content", "content": "p"},
        "web_search_options": {"user_location": {"type": "approximate", "approximate": {"city": "c"}}},
    },
    DialectName.OPENAI_COMPLETIONS: {"model": "m", "prompt": ["p"], "suffix": "s", "user": "u", "stop": "x"},
    DialectName.OPENAI_RESPONSES: {
        "model": "m", "instructions": "i", "metadata": {"k": "v"}, "user": "u",
        "input": [
            {"role": "user", "content": "t"},
            {"role": "user", "content": [
                {"type": "input_text", "text": "t"},
                {"type": "input_file", "filename": "f.txt", "file_data": f"data:text/plain;base64,{TEXT}"},
                {"type": "input_image", "image_url": "https://x.test/i.png"},
            ]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "t"}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": ARGUMENTS},
            {"type": "function_call_output", "call_id": "c", "output": "o"},
            {"type": "custom_tool_call", "call_id": "d", "name": "g", "input": "free text"},
            {"type": "custom_tool_call_output", "call_id": "d", "output": "o"},
            {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "t"}]},
        ],
        "tools": [{"type": "function", **FUNCTION}, {"type": "custom", "name": "g", "description": "d"}],
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA}},
        "prompt": {"id": "p", "variables": {"who": "x"}},
    },
    DialectName.ANTHROPIC_MESSAGES: {
        "model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "s"}], "stop_sequences": ["x"],
        "metadata": {"user_id": "u"},
        "messages": [
            {"role": "user", "content": "t"},
            {"role": "user", "content": [
                {"type": "text", "text": "t"},
                {"type": "document", "title": "t", "context": "c",
                 "source": {"type": "text", "media_type": "text/plain", "data": "plain words"}},
                {"type": "search_result", "title": "t", "source": "s", "content": [{"type": "text", "text": "t"}]},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "t", "signature": "s"},
                {"type": "text", "text": "t", "citations": [{"type": "char_location", "cited_text": "c"}]},
                {"type": "tool_use", "id": "c", "name": "f", "input": {"q": "v", "deep": [{"x": "y"}]}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c", "content": "r"},
                {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "t"}]},
            ]},
        ],
        "tools": [{"name": "f", "description": "d", "input_schema": SCHEMA}],
    },
    DialectName.GEMINI_GENERATE: {
        "systemInstruction": {"parts": [{"text": "s"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "t"}, {"inlineData": {"mimeType": "text/plain", "data": TEXT}}]},
            {"role": "model", "parts": [
                {"text": "t", "thought": True},
                {"functionCall": {"name": "f", "args": {"q": "v", "deep": ["x"]}}},
            ]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"r": "v", "a b": "c"}}}]},
        ],
        "tools": [{"functionDeclarations": [FUNCTION]}], "labels": {"k": "v"},
        "generationConfig": {"stopSequences": ["x"], "responseSchema": SCHEMA},
    },
    DialectName.OPENAI_EMBEDDINGS: {"model": "m", "input": ["t"], "user": "u"},
    DialectName.OPENAI_IMAGES: {"model": "m", "prompt": "p", "user": "u"},
    DialectName.GEMINI_EMBED: {"content": {"parts": [{"text": "t"}]}, "title": "t"},
    DialectName.GEMINI_BATCH_EMBED: {"requests": [{"model": "m", "content": {"parts": [{"text": "t"}]}, "title": "t"}]},
}  # fmt: skip


def positions(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every string of a JSON value, and the strings of the JSON that stands in strings (behind `json`)."""
    if isinstance(value, str):
        yield path
        if value == ARGUMENTS:
            yield from (one for one in positions(json.loads(value), (*path, json)))
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from positions(one, (*path, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from positions(one, (*path, number))


def planted(value: Any, path: Path, text: str = f"write to {MARK} today") -> Any:
    """The same with a text at a position."""
    if not path:
        return text
    step, *rest = path
    if step is json:
        return json.dumps(planted(json.loads(value), tuple(rest), text))
    made = copy.copy(value)
    made[step] = planted(value[step], tuple(rest), text)
    return made


def declared(path: Path, words: frozenset[str] = SKIPPED) -> bool:
    """Whether a position holds no words by declaration, in `dialects.places`."""
    names = [step for step in path if isinstance(step, str)]
    return bool(names) and (names[-1] in words or any(name in CLOSED for name in names))


def facts_of(asked: Any) -> Facts:
    setting = Setting(Principal("k", "o", "p"), ProjectEntry("p", "o"), "s", {}, {}, dict[str, Any])
    return Facts(Phase.REQUEST, setting, asked, lambda: open_request(asked))


def requests() -> Iterator[Any]:
    for dialect, body in REQUESTS.items():
        for path in positions(body):
            yield pytest.param(dialect, path, id=f"{dialect.value}:{'.'.join(map(_named, path))}")


def _named(step: Any) -> str:
    return "(json)" if step is json else str(step)


def test_there_is_a_body_for_every_format() -> None:
    assert set(REQUESTS) == {*CALLERS, *WHOLE_CALLERS}


@pytest.mark.parametrize(("dialect", "path"), list(requests()))
def test_a_request_goes_on_without_what_is_planted_anywhere_in_it(dialect: DialectName, path: Path) -> None:
    body = planted(REQUESTS[dialect], path)
    side = CALLERS.get(dialect) or WHOLE_CALLERS[dialect]
    asked = side.read_asked(msgspec.json.encode(body))
    sent = rewrite_request(asked, ENGINE.judge(facts_of(asked)).changes).body
    assert MARK.encode() not in sent or declared(path, KEPT)


@pytest.mark.parametrize("dialect", list(REQUESTS))
def test_what_looks_like_a_picture_hides_nothing(dialect: DialectName) -> None:
    side = CALLERS.get(dialect) or WHOLE_CALLERS[dialect]
    for path in positions(REQUESTS[dialect]):
        body = planted(REQUESTS[dialect], path, f"data:image/png;base64,write to {MARK}")
        asked = side.read_asked(msgspec.json.encode(body))
        sent = rewrite_request(asked, ENGINE.judge(facts_of(asked)).changes).body
        assert MARK.encode() not in sent or declared(path, KEPT), path


def test_the_positions_are_many_and_few_of_them_are_declared() -> None:
    every = [(dialect, path) for dialect, body in REQUESTS.items() for path in positions(body)]
    words = [path for _, path in every if not declared(path, KEPT)]
    assert len(every) > 200
    assert len(words) > 170


def answered(body: bytes) -> Facts:
    side = CALLERS[DialectName.OPENAI_CHAT]
    facts = facts_of(side.read_asked(b'{"model":"m","messages":[]}'))
    facts.answered(Said(body), lambda: open_answer(body))
    return facts


STEPS = [
    Step("text", ("some ", "words")),
    Step("call", (ARGUMENTS[:9], ARGUMENTS[9:]), name="f"),
]


def answers() -> Iterator[Any]:
    for name, form in FORMATS.items():
        body = json.loads(form.whole(STEPS if name != "openai_completions" else STEPS[:1]))
        for path in positions(body):
            yield pytest.param(body, path, id=f"{name}:{'.'.join(map(_named, path))}")


@pytest.mark.parametrize(("body", "path"), list(answers()))
def test_an_answer_goes_out_without_what_is_planted_anywhere_in_it(body: Any, path: Path) -> None:
    said = json.dumps(planted(body, path)).encode()
    out = rewrite_answer(said, ENGINE.judge(answered(said)).changes)
    assert MARK.encode() not in out or declared(path)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_stream_goes_out_without_what_is_planted_in_any_of_its_events(name: str) -> None:
    form = FORMATS[name]
    stream = form.stream(STEPS if name != "openai_completions" else STEPS[:1])
    tried = 0
    for number, event in enumerate(stream):
        data = data_of(event)
        if data is None or not data.startswith(b"{"):
            continue
        for path in positions(json.loads(data)):
            if declared(path) or path[-1] in ("arguments", "partial_json") or path == ("delta",):
                # Pieces of arguments are no texts by themselves: they are planted whole, below.
                continue
            tried += 1
            planted_event = event.replace(data, json.dumps(planted(json.loads(data), path)).encode())
            assert MARK.encode() not in passed(name, [*stream[:number], planted_event, *stream[number + 1 :]]), path
    assert tried
    if name != "openai_completions":
        arguments = json.dumps({"deep": [{"to": MARK}]})
        spoken = form.stream([Step("call", (arguments[:12], arguments[12:]), name="f"), Step("text", (MARK,))])
        assert MARK.encode() not in passed(name, spoken)


def passed(name: str, stream: list[bytes]) -> bytes:
    """What goes out; nothing where the stream is not of its format any more."""
    gate = Gates(ENGINE).open(FRAMES[DialectName(name)](), lambda _: answered(b"{}"))
    try:
        return b"".join(gate.feed(event) for event in EventSplitter().feed(b"".join(stream))) + gate.close()
    except ValueError:
        return b""


@pytest.mark.parametrize(
    ("dialect", "name", "payload"),
    [
        (DialectName.OPENAI_CHAT, "file_data", "data:text/plain;base64,{}"),
        (DialectName.OPENAI_RESPONSES, "file_data", "data:text/plain;base64,{}"),
        (DialectName.GEMINI_GENERATE, "data", "{}"),
        (DialectName.ANTHROPIC_MESSAGES, "data", MARK),
    ],
)
def test_a_payload_that_is_text_is_read(dialect: DialectName, name: str, payload: str) -> None:
    said = payload.format(base64.b64encode(MARK.encode()).decode())
    paths = [path for path in positions(REQUESTS[dialect]) if path[-1] == name]
    assert paths
    for path in paths:
        body = copy.deepcopy(REQUESTS[dialect])
        at: Any = body
        for step in path[:-1]:
            at = at[step]
        at[name] = said
        asked = CALLERS[dialect].read_asked(msgspec.json.encode(body))
        assert said.encode() not in rewrite_request(asked, ENGINE.judge(facts_of(asked)).changes).body
