"""The same answers streamed and whole, in each format that callers speak, and what both say."""

import json
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

from gatepost_gateway.dialects.framing import EventSplitter, data_of


class Step(NamedTuple):
    """A piece of an answer: `text`, `thought` or `refusal` that goes on, or a whole `call`, its arguments in pieces."""

    kind: str
    pieces: tuple[str, ...]
    choice: int = 0
    name: str = ""

    @property
    def text(self) -> str:
        return "".join(self.pieces)


Said = dict[tuple[Any, ...], str]
"""What an answer says: every text under its name."""


def _sse(*said: Any, ends: str = "\n\n") -> list[bytes]:
    return [f"data: {json.dumps(one, ensure_ascii=False)}{ends}".encode() for one in said]


def _events(stream: bytes) -> Iterable[Any]:
    for event in EventSplitter().feed(stream):
        data = data_of(event)
        if data is not None and data.strip() != b"[DONE]":
            yield json.loads(data)


class Chat:
    """OpenAI's chat completions. Texts of a choice are put together by member, whatever came between."""

    choices = 2
    kinds = ("text", "thought", "refusal")
    _members: ClassVar = {"text": "content", "thought": "reasoning_content", "refusal": "refusal"}

    def stream(self, steps: Iterable[Step]) -> list[bytes]:
        out: list[Any] = [self._chunk(0, {"role": "assistant", "content": ""})]
        calls = dict.fromkeys(range(self.choices), -1)
        for step in steps:
            if step.kind != "call":
                out += [self._chunk(step.choice, {self._members[step.kind]: piece}) for piece in step.pieces]
                continue
            calls[step.choice] += 1
            number = calls[step.choice]
            first = {"name": step.name, "arguments": ""}
            call = {"index": number, "id": f"c{number}", "type": "function", "function": first}
            out.append(self._chunk(step.choice, {"tool_calls": [call]}))
            for piece in step.pieces:
                out.append(
                    self._chunk(step.choice, {"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
                )
        out += [self._chunk(choice, {}, "stop") for choice in range(self.choices)]
        return [*_sse(*out), b": a comment\n\n", b"data: [DONE]\n\n"]

    def _chunk(self, choice: int, delta: Any, finish: str | None = None) -> Any:
        said = {"index": choice, "delta": delta, "finish_reason": finish}
        return {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [said]}

    def whole(self, steps: Iterable[Step]) -> bytes:
        messages: list[Any] = [{"role": "assistant", "content": None} for _ in range(self.choices)]
        for step in steps:
            message = messages[step.choice]
            if step.kind == "call":
                function = {"name": step.name, "arguments": step.text}
                calls = message.setdefault("tool_calls", [])
                calls.append({"id": f"c{len(calls)}", "type": "function", "function": function})
            else:
                name = self._members[step.kind]
                message[name] = (message.get(name) or "") + step.text
        return json.dumps({"id": "x", "choices": [{"index": n, "message": m} for n, m in enumerate(messages)]}).encode()

    def read_stream(self, stream: bytes) -> Said:
        said: Said = {}
        for event in _events(stream):
            for choice in event["choices"]:
                for name, value in choice["delta"].items():
                    if name in self._members.values() and value:
                        key = (choice["index"], name)
                        said[key] = said.get(key, "") + value
                for call in choice["delta"].get("tool_calls", ()):
                    for name, value in call["function"].items():
                        key = (choice["index"], call["index"], name)
                        said[key] = said.get(key, "") + value
        return said

    def read_whole(self, body: bytes) -> Said:
        said: Said = {}
        for choice in json.loads(body)["choices"]:
            message = choice["message"]
            said |= {(choice["index"], name): message[name] for name in self._members.values() if message.get(name)}
            for number, call in enumerate(message.get("tool_calls", ())):
                said |= {(choice["index"], number, name): value for name, value in call["function"].items()}
        return said


class Completions:
    """OpenAI's text completions."""

    choices = 2
    kinds = ("text",)

    def stream(self, steps: Iterable[Step]) -> list[bytes]:
        out: list[Any] = [self._chunk(step.choice, one) for step in steps if step.kind == "text" for one in step.pieces]
        out += [self._chunk(choice, "", "stop") for choice in range(self.choices)]
        return [*_sse(*out), b"data: [DONE]\n\n"]

    def _chunk(self, choice: int, text: str, finish: str | None = None) -> Any:
        said = {"index": choice, "text": text, "logprobs": None, "finish_reason": finish}
        return {"id": "x", "object": "text_completion", "created": 1, "model": "m", "choices": [said]}

    def whole(self, steps: Iterable[Step]) -> bytes:
        texts = [""] * self.choices
        for step in steps:
            texts[step.choice] += step.text if step.kind == "text" else ""
        return json.dumps({"id": "x", "choices": [{"index": n, "text": text} for n, text in enumerate(texts)]}).encode()

    def read_stream(self, stream: bytes) -> Said:
        said: Said = {}
        for event in _events(stream):
            for choice in event["choices"]:
                said[choice["index"],] = said.get((choice["index"],), "") + choice["text"]
        return {key: text for key, text in said.items() if text}

    def read_whole(self, body: bytes) -> Said:
        return {(choice["index"],): choice["text"] for choice in json.loads(body)["choices"] if choice["text"]}


class _Blocks:
    """Formats whose answer is a list of parts: texts of one kind that follow each other are one."""

    choices = 1
    kinds = ("text", "thought")

    def joined(self, steps: Iterable[Step]) -> list[Step]:
        out: list[Step] = []
        for step in steps:
            if out and out[-1].kind == step.kind != "call":
                out[-1] = out[-1]._replace(pieces=out[-1].pieces + step.pieces)
            else:
                out.append(step)
        return [step for step in out if step.kind == "call" or step.text]


class Messages(_Blocks):
    """Anthropic's."""

    _members: ClassVar = {"text": "text", "thought": "thinking"}

    def stream(self, steps: Iterable[Step]) -> list[bytes]:
        message = {"id": "x", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": {}}
        out: list[Any] = [{"type": "message_start", "message": message}]
        for number, step in enumerate(self.joined(steps)):
            block: Any = {"type": "tool_use", "id": f"c{number}", "name": step.name, "input": {}}
            kind, member = "input_json_delta", "partial_json"
            if step.kind != "call":
                member = self._members[step.kind]
                kind, block = f"{member}_delta", {"type": member, member: ""}
            out.append({"type": "content_block_start", "index": number, "content_block": block})
            for piece in step.pieces:
                delta = {"type": kind, member: piece}
                out.append({"type": "content_block_delta", "index": number, "delta": delta})
            out.append({"type": "content_block_stop", "index": number})
            out.append({"type": "ping"})
        out += [{"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}}, {"type": "message_stop"}]
        return [f"event: {one['type']}\n".encode() + raw for one, raw in zip(out, _sse(*out), strict=True)]

    def whole(self, steps: Iterable[Step]) -> bytes:
        content: list[Any] = []
        for number, step in enumerate(self.joined(steps)):
            if step.kind == "call":
                content.append(
                    {"type": "tool_use", "id": f"c{number}", "name": step.name, "input": json.loads(step.text)}
                )
            else:
                content.append({"type": self._members[step.kind], self._members[step.kind]: step.text})
        return json.dumps({"id": "x", "type": "message", "role": "assistant", "content": content}).encode()

    def read_stream(self, stream: bytes) -> Said:
        said: Said = {}
        calls: set[int] = set()
        for event in _events(stream):
            number = event.get("index")
            if event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use":
                said[number, "name"], said[number, "input"] = event["content_block"]["name"], ""
                calls.add(number)
            elif event["type"] == "content_block_delta":
                name = "input" if number in calls else "text"
                (piece,) = (value for member, value in event["delta"].items() if member != "type")
                said[number, name] = said.get((number, name), "") + piece
        return {key: _plain(value) if key[1] == "input" else value for key, value in said.items() if value}

    def read_whole(self, body: bytes) -> Said:
        said: Said = {}
        for number, block in enumerate(json.loads(body)["content"]):
            if block["type"] == "tool_use":
                said[number, "name"], said[number, "input"] = block["name"], _plain(json.dumps(block["input"]))
            else:
                said[number, "text"] = block[block["type"]]
        return {key: value for key, value in said.items() if value}


class Responses(_Blocks):
    """OpenAI's Responses: whatever grows is repeated when it is whole."""

    _parts: ClassVar = {"text": "output_text", "thought": "reasoning_text"}

    def _item(self, number: int, step: Step) -> Any:
        if step.kind == "call":
            return {
                "type": "function_call",
                "id": f"i{number}",
                "call_id": f"c{number}",
                "name": step.name,
                "arguments": step.text,
            }
        part = {"type": self._parts[step.kind], "text": step.text}
        if step.kind == "thought":
            return {"type": "reasoning", "id": f"i{number}", "summary": [], "content": [part]}
        return {"type": "message", "id": f"i{number}", "role": "assistant", "content": [part]}

    def stream(self, steps: Iterable[Step]) -> list[bytes]:
        items = [self._item(number, step) for number, step in enumerate(self.joined(steps))]
        out: list[Any] = [{"type": "response.created", "response": {"id": "x", "object": "response", "output": []}}]
        for number, step in enumerate(self.joined(steps)):
            at = {"output_index": number, "item_id": f"i{number}"}
            empty: Any = {"arguments": ""} if step.kind == "call" else {"content": []}
            out.append(
                {"type": "response.output_item.added", "output_index": number, "item": {**items[number], **empty}}
            )
            if step.kind == "call":
                kind = "response.function_call_arguments"
                out += [{"type": f"{kind}.delta", **at, "delta": piece} for piece in step.pieces]
                out.append({"type": f"{kind}.done", **at, "arguments": step.text})
            else:
                name, at = self._parts[step.kind], {**at, "content_index": 0}
                out.append({"type": "response.content_part.added", **at, "part": {"type": name, "text": ""}})
                out += [{"type": f"response.{name}.delta", **at, "delta": piece} for piece in step.pieces]
                out.append({"type": f"response.{name}.done", **at, "text": step.text})
                out.append({"type": "response.content_part.done", **at, "part": {"type": name, "text": step.text}})
            out.append({"type": "response.output_item.done", "output_index": number, "item": items[number]})
        out.append({"type": "response.completed", "response": {"id": "x", "object": "response", "output": items}})
        return [f"event: {one['type']}\n".encode() + raw for one, raw in zip(out, _sse(*out), strict=True)]

    def whole(self, steps: Iterable[Step]) -> bytes:
        items = [self._item(number, step) for number, step in enumerate(self.joined(steps))]
        return json.dumps({"id": "x", "object": "response", "output": items}).encode()

    def read_stream(self, stream: bytes) -> Said:
        said: Said = {}
        done: Said = {}
        for event in _events(stream):
            number = event.get("output_index")
            if event["type"].endswith(".delta"):
                said[number, "text"] = said.get((number, "text"), "") + event["delta"]
            elif event["type"] == "response.output_item.done":
                done |= self._said(number, event["item"])
            elif "name" in event.get("item", {}):
                said[number, "name"] = event["item"]["name"]
            elif event["type"] == "response.completed":
                assert done == self.read_whole(json.dumps(event["response"]).encode())
                assert done == said
        return said

    def read_whole(self, body: bytes) -> Said:
        said: Said = {}
        for number, item in enumerate(json.loads(body)["output"]):
            said |= self._said(number, item)
        return said

    def _said(self, number: int, item: Any) -> Said:
        if item["type"] == "function_call":
            return {(number, "name"): item["name"], (number, "text"): item["arguments"]}
        return {(number, "text"): item["content"][0]["text"]}


class Gemini(_Blocks):
    """Gemini's. A call comes whole."""

    def stream(self, steps: Iterable[Step]) -> list[bytes]:
        out: list[Any] = []
        for step in steps:
            if step.kind == "call":
                out.append(self._event({"functionCall": {"name": step.name, "args": json.loads(step.text)}}))
            else:
                thought = {"thought": True} if step.kind == "thought" else {}
                out += [self._event({"text": piece, **thought}) for piece in step.pieces]
        out.append(self._event({"text": ""}, "STOP"))
        return _sse(*out, ends="\r\n\r\n")

    def _event(self, part: Any, finish: str | None = None) -> Any:
        candidate = {"content": {"parts": [part], "role": "model"}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        return {"candidates": [candidate], "modelVersion": "m", "responseId": "x"}

    def whole(self, steps: Iterable[Step]) -> bytes:
        parts: list[Any] = []
        # What said nothing is not in the stream, and so parts no texts here either.
        for step in self.joined(step for step in steps if step.kind == "call" or step.pieces):
            if step.kind == "call":
                parts.append({"functionCall": {"name": step.name, "args": json.loads(step.text)}})
            else:
                parts.append({"text": step.text, **({"thought": True} if step.kind == "thought" else {})})
        return json.dumps({"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}]}).encode()

    def read_stream(self, stream: bytes) -> Said:
        return self._read(one for event in _events(stream) for one in event["candidates"][0]["content"]["parts"])

    def read_whole(self, body: bytes) -> Said:
        return self._read(json.loads(body)["candidates"][0]["content"]["parts"])

    def _read(self, parts: Iterable[Any]) -> Said:
        said: Said = {}
        number, last = -1, None
        for part in parts:
            kind = "call" if "functionCall" in part else part.get("thought", False)
            number += kind != last or kind == "call"
            if kind == "call":
                said[number, "name"] = part["functionCall"]["name"]
                said[number, "args"] = _plain(json.dumps(part["functionCall"]["args"]))
            else:
                number -= not part["text"] and kind != last
                said[number, "text"] = said.get((number, "text"), "") + part["text"]
            last = kind if part.get("text") or kind == "call" else last
        return {key: value for key, value in said.items() if value}


def _plain(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text


FORMATS: dict[str, Any] = {
    "openai_chat": Chat(),
    "openai_completions": Completions(),
    "openai_responses": Responses(),
    "anthropic_messages": Messages(),
    "gemini_generate": Gemini(),
}
