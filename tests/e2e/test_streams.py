"""Streams under rules, by the official clients of every format that is served."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import anthropic
import httpx
import openai
import pytest
from google import genai
from google.genai.errors import APIError as GoogleError

from e2e.running import CLIENT, Gateway, until
from e2e.upstream import Seen, Upstream, Wire, chunk, usage_chunk

POLICIES = """
policies:
  chain:
    - {name: mails, kind: redactor, find: [EMAIL], phases: [response]}
    - {name: no-titan, kind: keyword, terms: [project titan], phases: [response]}
    - {name: guard, kind: agent-firewall, blocked_tools: ["delete_*"]}
"""
HELD = """
policies:
  chain:
    - {name: no-titan, kind: keyword, terms: [project titan], phases: [response], streaming_mode: buffered}
"""
WORDS = ["word "] * 200
"""More than any rule must see together."""
PAUSE = ""
"""So that what came before it is read by itself."""
MAIL = ["write to b", "ob@exam", "ple.org", " today"]
TITAN = ["the proj", "ect ti", "tan is " + "said " * 20]


class Script:
    """An upstream that says what a test wants, piece by piece, in OpenAI's format."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.tool = ""
        self.waits = False
        """It stands by when all is said, and never ends."""

    async def __call__(self, seen: Seen, wire: Wire) -> None:
        speak = Messages() if seen.target.endswith("/messages") else Chat()
        await wire.begin()
        await wire.chunk(speak.begin())
        for piece in self.pieces:
            if piece == PAUSE:
                await asyncio.sleep(0.1)
            else:
                await wire.chunk(speak.say(piece))
        if self.tool:
            await wire.chunk(speak.call(self.tool, ['{"who":', '"b', 'ob@example.org"}']))
        while self.waits:
            await asyncio.sleep(0.02)
        await wire.chunk(speak.end())
        await wire.end()


class Chat:
    """OpenAI's events."""

    def __init__(self) -> None:
        self.finish = "stop"

    def begin(self) -> bytes:
        return chunk("")

    def say(self, text: str) -> bytes:
        return chunk(text)

    def call(self, name: str, parts: list[str]) -> bytes:
        self.finish = "tool_calls"
        function = {"name": name, "arguments": ""}
        calls: list[dict[str, Any]] = [{"index": 0, "id": "c", "type": "function", "function": function}]
        calls += [{"index": 0, "function": {"arguments": part}} for part in parts]
        return b"".join(self._delta({"tool_calls": [call]}) for call in calls)

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return chunk(choices=[{"index": 0, "delta": delta, "finish_reason": None}])

    def end(self) -> bytes:
        return chunk(finish=self.finish) + usage_chunk() + b"data: [DONE]\n\n"


class Messages:
    """Anthropic's events."""

    def __init__(self) -> None:
        self.block = 0
        self.stop = "end_turn"

    def begin(self) -> bytes:
        usage = {"input_tokens": 10, "output_tokens": 1}
        message = {"id": "x", "type": "message", "role": "assistant", "model": "a", "content": [], "usage": usage}
        block = {"type": "text", "text": ""}
        return self._event("message_start", message=message) + self._event("content_block_start", content_block=block)

    def say(self, text: str) -> bytes:
        return self._event("content_block_delta", delta={"type": "text_delta", "text": text})

    def call(self, name: str, parts: list[str]) -> bytes:
        out, self.stop = self._event("content_block_stop"), "tool_use"
        self.block += 1
        out += self._event(
            "content_block_start", content_block={"type": "tool_use", "id": "c", "name": name, "input": {}}
        )
        for part in parts:
            out += self._event("content_block_delta", delta={"type": "input_json_delta", "partial_json": part})
        return out

    def end(self) -> bytes:
        said = self._event("content_block_stop")
        said += self._event("message_delta", delta={"stop_reason": self.stop}, usage={"output_tokens": 5})
        return said + self._event("message_stop")

    def _event(self, kind: str, **more: Any) -> bytes:
        at = {"index": self.block} if kind.startswith("content") else {}
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **at, **more})}\n\n".encode()


class Got(NamedTuple):
    """What a client was given: the text, and the error that ended it, as its own client raises it."""

    text: str
    status: int | None = None
    words: str = ""
    tool: str = ""


@pytest.fixture(scope="module")
def script() -> Script:
    return Script()


@pytest.fixture(scope="module")
def upstream(script: Script) -> Iterator[Upstream]:
    with Upstream(script) as one:
        yield one


@pytest.fixture(scope="module")
def gateway(gateways: Callable[..., Gateway], upstream: Upstream) -> Gateway:
    return gateways(models(upstream) + POLICIES, env={"KEY": "sk-" + "s" * 30})


@pytest.fixture(scope="module")
def holding(gateways: Callable[..., Gateway], upstream: Upstream) -> Gateway:
    return gateways(models(upstream) + HELD, env={"KEY": "sk-" + "s" * 30})


def models(upstream: Upstream) -> str:
    """`m` speaks OpenAI's format, `a` Anthropic's."""
    each = "max_output: 8000, api_key: {env: KEY}, base_url:"
    return (
        f"models:\n  - {{id: m, identifier: m, provider: openai, {each} {upstream.url}/v1}}\n"
        f"  - {{id: a, identifier: a, provider: anthropic, {each} {upstream.url}}}\n"
    )


@pytest.fixture(autouse=True)
def fresh(script: Script) -> None:
    script.pieces, script.tool, script.waits = [], "", False


def by_chat(gateway: Gateway) -> Got:
    text = tool = ""
    with openai.OpenAI(api_key=gateway.runtime_key, base_url=f"{gateway.base_url}/v1", max_retries=0) as client:
        try:
            for event in client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "hi"}], stream=True
            ):
                for choice in event.choices:
                    text += choice.delta.content or ""
                    for call in choice.delta.tool_calls or ():
                        tool += (call.function.name or "") + (call.function.arguments or "")
        except openai.APIStatusError as error:
            return Got(text, error.status_code, f"{error} {error.body}", tool)
        except openai.APIError as error:
            return Got(text, None, f"{error} {error.body}", tool)
    return Got(text, tool=tool)


def by_completions(gateway: Gateway) -> Got:
    text = ""
    with openai.OpenAI(api_key=gateway.runtime_key, base_url=f"{gateway.base_url}/v1", max_retries=0) as client:
        try:
            for event in client.completions.create(model="a", prompt="hi", stream=True):
                text += "".join(choice.text for choice in event.choices)
        except openai.APIStatusError as error:
            return Got(text, error.status_code, f"{error} {error.body}")
        except openai.APIError as error:
            return Got(text, None, f"{error} {error.body}")
    return Got(text)


def by_responses(gateway: Gateway) -> Got:
    text = tool = ""
    with openai.OpenAI(api_key=gateway.runtime_key, base_url=f"{gateway.base_url}/v1", max_retries=0) as client:
        try:
            for event in client.responses.create(model="a", input="hi", stream=True):
                if event.type == "response.output_text.delta":
                    text += event.delta
                elif event.type == "response.output_item.done" and event.item.type == "function_call":
                    tool = event.item.name + event.item.arguments
                elif event.type == "response.completed":
                    assert event.response.output_text == text
                elif event.type in ("error", "response.failed"):
                    return Got(text, None, event.to_json(), tool)
        except openai.APIStatusError as error:
            return Got(text, error.status_code, f"{error} {error.body}", tool)
        except openai.APIError as error:
            return Got(text, None, f"{error} {error.body}", tool)
    return Got(text, tool=tool)


def by_messages(gateway: Gateway) -> Got:
    text = tool = ""
    with anthropic.Anthropic(api_key=gateway.runtime_key, base_url=gateway.base_url, max_retries=0) as client:
        try:
            for event in client.messages.create(
                model="a", max_tokens=100, messages=[{"role": "user", "content": "hi"}], stream=True
            ):
                if event.type == "content_block_start" and event.content_block.type == "tool_use":
                    tool += event.content_block.name
                elif event.type == "content_block_delta":
                    text += getattr(event.delta, "text", "")
                    tool += getattr(event.delta, "partial_json", "")
        except anthropic.APIStatusError as error:
            # A stream that began has the status that it began with.
            return Got(text, error.status_code if error.status_code != 200 else None, str(error), tool)
    return Got(text, tool=tool)


def by_gemini(gateway: Gateway) -> Got:
    text = tool = ""
    client = genai.Client(api_key=gateway.runtime_key, http_options={"base_url": gateway.base_url})
    try:
        for event in client.models.generate_content_stream(model="m", contents="hi"):
            for part in (event.candidates or [])[0].content.parts if event.candidates else ():
                text += part.text or ""
                if part.function_call is not None:
                    tool += (part.function_call.name or "") + json.dumps(part.function_call.args)
    except GoogleError as error:
        return Got(text, error.code if not text else None, str(error), tool)
    return Got(text, tool=tool)


EVERYBODY = pytest.mark.parametrize("ask", [by_chat, by_completions, by_responses, by_messages, by_gemini])
CALLERS = pytest.mark.parametrize("ask", [by_chat, by_responses, by_messages, by_gemini])


@EVERYBODY
def test_what_is_found_across_pieces_is_redacted(
    gateway: Gateway, script: Script, ask: Callable[[Gateway], Got]
) -> None:
    script.pieces = [*WORDS, *MAIL, *WORDS]
    assert ask(gateway) == Got("word " * 200 + "write to [EMAIL] today" + "word " * 200)


@EVERYBODY
def test_an_early_block_is_an_answer_with_its_status(
    gateway: Gateway, upstream: Upstream, script: Script, ask: Callable[[Gateway], Got]
) -> None:
    script.pieces, script.waits = TITAN, True
    got = ask(gateway)
    assert (got.text, got.status) == ("", 409 if ask in (by_chat, by_completions, by_responses) else 403)
    assert "no-titan" in got.words
    until(lambda: upstream.last().closed_at)


@EVERYBODY
def test_a_late_block_ends_the_stream_and_the_upstream(
    gateway: Gateway, upstream: Upstream, script: Script, ask: Callable[[Gateway], Got]
) -> None:
    script.pieces, script.waits = [*WORDS, PAUSE, *TITAN], True
    got = ask(gateway)
    assert got.text.startswith("word word ")
    assert set(got.text.split()) == {"word"}
    assert "no-titan" in got.words
    assert "output_blocked" in got.words.lower()
    until(lambda: upstream.last().closed_at)


@CALLERS
def test_a_tool_is_called_redacted_or_not_at_all(
    gateway: Gateway, script: Script, ask: Callable[[Gateway], Got]
) -> None:
    script.pieces, script.tool = ["one moment "], "mail_to"
    got = ask(gateway)
    assert (got.text, got.status) == ("one moment ", None)
    assert got.tool.startswith("mail_to")
    assert json.loads(got.tool.removeprefix("mail_to")) == {"who": "[EMAIL]"}
    script.pieces, script.tool = [*WORDS, PAUSE], "delete_all"
    got = ask(gateway)
    assert "guard" in got.words
    assert got.tool == ""


def test_the_record_tells_what_the_rules_said(gateway: Gateway, script: Script) -> None:
    script.pieces = [*MAIL]
    answer = gateway.chat("m", stream=True)
    step = gateway.step(answer)
    said = {(one["rule"], one["phase"]): one["effect"] for one in step["decisions"]}
    assert said["mails", "response"] == "redact"
    assert said["no-titan", "response"] == "allow"
    assert "bob@example.org" not in json.dumps(step)


def test_a_caller_that_leaves_while_all_is_held_back(holding: Gateway, upstream: Upstream, script: Script) -> None:
    script.pieces, script.waits = ["word "], True
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {holding.runtime_key}"}
    with pytest.raises(httpx.ReadTimeout):
        CLIENT.post(f"{holding.base_url}/v1/chat/completions", json=body, headers=headers, timeout=0.5)
    until(lambda: upstream.last().closed_at)


def test_a_buffered_stream_is_blocked_before_it_begins_and_else_goes_out_at_once(
    holding: Gateway, script: Script
) -> None:
    script.pieces = [*WORDS, *TITAN]
    assert by_chat(holding)[:2] == ("", 409)
    script.pieces = WORDS
    assert by_chat(holding) == Got("word " * 200)


@pytest.mark.soak
def test_a_buffered_stream_is_kept_alive_by_comments(holding: Gateway, script: Script) -> None:
    script.pieces, script.waits = ["word "], True
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {holding.runtime_key}"}
    with CLIENT.stream(
        "POST", f"{holding.base_url}/v1/chat/completions", json=body, headers=headers, timeout=40
    ) as got:
        lines = got.iter_lines()
        assert [next(lines), next(lines), next(lines), next(lines)] == [": keep-alive", "", ": keep-alive", ""]
        script.waits = False
        assert "[DONE]" in "".join(lines)
