"""A fake gateway for tests of applications: it holds the contract, needs no network, and answers as it is told.

    gateway = FakeGateway()
    gateway.answers("Bonjour")
    client = gateway.client()

Scripted ends are used in order, one for each execution; without one, an execution answers with its own input.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel
from pydantic import ValidationError as Invalid

from . import wire
from ._fake_book import MODEL, PROJECT, Book, Refused, Script
from ._fake_simple import Desk, Events, account, events_of, spoken
from ._fake_tools import Brought
from ._http import Answer, AsyncHttpClient, FunctionTransport, HttpClient
from ._retry import RetryConfig
from ._version import __version__
from .client import AsyncClient, Client
from .options import ClientOptions
from .wire import headers as names

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["KEY", "URL", "FakeGateway", "Seen"]

KEY = "gp_test_secret"
URL = "http://gateway.test"


@dataclass(frozen=True)
class Seen:
    """A request that reached the fake gateway. Header names are lower case; `body` is decoded."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class House:
    """What a fake gateway has inside: the key that it knows, traces, and the simple API's books."""

    key: str
    book: Book
    desk: Desk
    offline_testing: bool = False


class FakeGateway:
    """A gateway in memory.

    Attributes:
        seen: Every request that reached it, in order.
        down: True makes it unreachable.
    """

    def __init__(self, *, api_key: str = KEY, offline_testing: bool = False) -> None:
        self.seen: list[Seen] = []
        self.down = False
        self._house = House(api_key, Book(), Desk(), offline_testing=offline_testing)
        self._failures: deque[Refused] = deque()
        self._tool_calls = 0

    def answers(self, output: str) -> None:
        """Let the next execution answer with this text."""
        self._house.book.scripts.append(Script(output=output))

    def blocks(self, reason: str) -> None:
        """Let policy block the next execution."""
        self._house.book.scripts.append(Script(reason=reason))

    def calls_tools(self, *calls: tuple[str, Mapping[str, Any]]) -> None:
        """Let the model call tools in the next execution: each a name and its arguments."""
        first = self._tool_calls + 1
        self._tool_calls += len(calls)
        wanted = [
            wire.ToolCall(id=f"call_{number}", name=name, arguments=dict(arguments))
            for number, (name, arguments) in enumerate(calls, first)
        ]
        self._house.book.scripts.append(Script(tool_calls=tuple(wanted)))

    def serves(self, label: str, tools: Mapping[str, Brought]) -> None:
        """Let the tool server of this label have these tools.

        Each has its answer: a text, or a function of the arguments. The gateway makes the calls that `calls_tools`
        scripts of them, and asks for an approval first where the execution's `require_approval` says so.
        """
        self._house.book.servers.serve(label, tools)

    def breaks(self, output: str, message: str = "the provider closed the connection") -> None:
        """Let the next stream break with this message after this text."""
        self._house.book.scripts.append(Script(output=output, broken=message))

    def refuses(self, status: int, code: str, error: str = "refused", **more: Any) -> None:
        """Let the next execution be refused and recorded. `more` joins the body: `hint`, `limit`, `retry_after`."""
        self._house.book.scripts.append(Script(refusal=Refused(status, code, error, **more)))

    def redacts(self, payload: Any) -> None:
        """Let the next action be allowed with this payload in place of its own."""
        self._house.book.scripts.append(Script(payload=payload))

    def fails(self, status: int, code: str = "internal_error", *, times: int = 1, **more: Any) -> None:
        """Let the next requests of whatever kind be answered with this status, before anything is done for them."""
        self._failures.extend(Refused(status, code, "failed as told", **more) for _ in range(times))

    def transport(self) -> FunctionTransport:
        """An httpx transport, synchronous and asynchronous, whose every request comes here."""
        return FunctionTransport(self._respond)

    def http_client(self) -> HttpClient:
        """An `httpx.Client` whose every request comes here."""
        return HttpClient(transport=self.transport())

    def async_http_client(self) -> AsyncHttpClient:
        """An `httpx.AsyncClient` whose every request comes here."""
        return AsyncHttpClient(transport=self.transport())

    def client(self, **options: Unpack[ClientOptions]) -> Client:
        """A client of this gateway. It retries as usual, without waiting."""
        return Client(self._house.key, transport=self.transport(), **_impatient(options))

    def async_client(self, **options: Unpack[ClientOptions]) -> AsyncClient:
        """An asynchronous client of this gateway. It retries as usual, without waiting."""
        return AsyncClient(self._house.key, transport=self.transport(), **_impatient(options))

    def _respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        if self.down:
            return None
        url = urlsplit(target)
        seen = Seen(method, unquote(url.path), parse_qs(url.query), headers, json.loads(body) if body else None)
        self.seen.append(seen)
        answered = {names.REQUEST_ID: f"req-{len(self.seen)}", "content-type": "application/json"}
        try:
            status, said = self._answer(seen)
        except Refused as no:
            status, said = no.status, _dressed(seen.path, {**no.body, "request_id": answered[names.REQUEST_ID]})
            if "retry_after" in no.body:
                answered[names.RETRY_AFTER] = str(no.body["retry_after"])
        if isinstance(said, str):
            kind = "text/event-stream" if isinstance(said, Events) else "text/plain"
            answered["content-type"] = f"{kind}; charset=utf-8"
            return Answer(status, answered, said.encode())
        return Answer(status, answered, b"" if said is None else json.dumps(said).encode())

    def _answer(self, seen: Seen) -> tuple[int, Any]:
        if self._failures:
            raise self._failures.popleft()
        for method, pattern, operation, status in _ROUTES:
            found = re.fullmatch(pattern, seen.path)
            if found is not None and method == seen.method:
                if seen.path not in _OPEN:
                    self._authenticate(seen)
                said = operation(self._house, seen, *found.groups())
                return status, said.model_dump(mode="json") if isinstance(said, BaseModel) else said
        raise Refused(404, "not_found", f"no {seen.method} {seen.path} here")

    def _authenticate(self, seen: Seen) -> None:
        said = seen.headers.get(names.AUTHORIZATION, "").removeprefix("Bearer ") or seen.headers.get(names.API_KEY)
        if not said:
            raise Refused(401, "missing_key", "no API key")
        if said != self._house.key:
            raise Refused(401, "invalid_key", "unknown API key")


def _impatient(options: ClientOptions) -> ClientOptions:
    impatient: ClientOptions = {"base_url": URL, "retry_config": RetryConfig(backoff_base=0, retry_after_max=0.05)}
    impatient.update(options)
    return impatient


def _body(model: type[Any], seen: Seen) -> Any:
    try:
        return model.model_validate(seen.body or {})
    except Invalid as error:
        faults = [{"where": ".".join(map(str, at["loc"])), "message": at["msg"]} for at in error.errors()]
        raise Refused(422, "validation_failed", "the body is not what this path takes", errors=faults) from error


def _page(rows: list[wire.TraceRow], query: Mapping[str, str]) -> wire.TracePage:
    """The filters that make sense without sessions; `cursor` is the place in the whole list."""
    wanted = {name: query[name] for name in ("user", "outcome", "project") if name in query}
    rows = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    if "model" in query:
        rows = [row for row in rows if query["model"] in row.models]
    begin, limit = int(query.get("cursor", 0)), int(query.get("limit", 50))
    following = begin + limit
    return wire.TracePage(items=rows[begin:following], next_cursor=str(following) if following < len(rows) else None)


def _up(_house: House, _seen: Seen) -> wire.Up:
    return wire.Up(version=__version__)


def _sdk_config(house: House, _seen: Seen) -> wire.SdkConfig:
    features = wire.SdkFeatures(offline_testing=house.offline_testing)
    return wire.SdkConfig(features=features, version=__version__, project=PROJECT)


def _models(_house: House, _seen: Seen) -> wire.ModelCards:
    return wire.ModelCards(data=[wire.ModelCard(id=MODEL, owned_by="sandbox", provider="sandbox")])


def _open(house: House, seen: Seen) -> wire.Trace:
    return house.book.open(_body(wire.TraceCreate, seen), seen.headers.get(names.IDEMPOTENCY_KEY))


def _complete(house: House, _seen: Seen, trace_id: str) -> wire.TraceSummary:
    return house.book.complete(trace_id)


def _show(house: House, _seen: Seen, trace_id: str) -> wire.TraceDetail:
    return house.book.show(trace_id)


def _list(house: House, seen: Seen) -> wire.TracePage:
    return _page(house.book.rows(), {name: values[-1] for name, values in seen.query.items()})


def _execute(house: House, seen: Seen) -> wire.Execution | Events:
    asked = _body(wire.ExecutionRequest, seen)
    done = house.book.execute(asked)
    return events_of(done, house.book.broken) if asked.stream else done


def _embed(house: House, seen: Seen) -> wire.EmbeddingResult:
    return house.book.embed(_body(wire.EmbeddingRequest, seen))


def _draw(house: House, seen: Seen) -> wire.ImageResult:
    return house.book.draw(_body(wire.ImageRequest, seen))


def _check(house: House, seen: Seen) -> wire.CheckResult:
    return house.book.check(_body(wire.Question, seen))


def _simulate(house: House, seen: Seen) -> wire.Simulation:
    return house.book.simulate(_body(wire.Question, seen))


def _log(house: House, seen: Seen) -> wire.LogRecorded:
    return house.book.log(_body(wire.LogRequest, seen))


def _act(house: House, seen: Seen) -> wire.ActionDone:
    asked: Mapping[str, Any] = seen.body or {}
    if not asked.get("capability"):
        raise Refused(422, "validation_failed", "name a `capability`")
    return house.book.act(str(asked["capability"]))


def _signup(house: House, seen: Seen) -> wire.Account:
    return account(_body(wire.SignupRequest, seen), house.key)


def _chat(house: House, seen: Seen) -> wire.ChatResponse | str:
    asked = _body(wire.ChatRequest, seen)
    said = spoken(house.book.next_script())
    return house.desk.stream(asked, said) if asked.stream else house.desk.chat(asked, said)


def _completion(house: House, seen: Seen) -> dict[str, Any]:
    said = spoken(house.book.next_script())
    messages: list[Mapping[str, Any]] = seen.body.get("messages") or [{}]
    return house.desk.completion(seen.body["model"], said.output or str(messages[-1].get("content", "")))


def _bring(house: House, seen: Seen) -> None:
    house.desk.bring(_body(wire.ProviderKeySet, seen))


def _key(house: House, seen: Seen) -> wire.ApiKeyCreated:
    return house.desk.key(_body(wire.ApiKeyNew, seen))


def _me(house: House, _seen: Seen) -> wire.MeResponse:
    return house.desk.me(house.key)


def _metrics(house: House, seen: Seen) -> wire.MetricsResponse:
    return house.desk.metrics(seen.query.get("group_by", ["provider"])[-1])


def _health(_house: House, _seen: Seen) -> wire.Health:
    return wire.Health(status="healthy", version=__version__, uptime_seconds=1.0)


def _dressed(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A refusal as the path's surface tells it."""
    if path == "/v1/chat/completions":
        return {"error": {"message": body["error"], "type": body["code"], "code": body["code"]}}
    if path.startswith("/v1/") and path not in {"/v1/models", "/v1/execute"}:
        return {"detail": body.pop("error"), **body}
    return body


_OPEN = frozenset({"/up", "/health", "/v1/signup"})
_ROUTES: tuple[tuple[str, str, Callable[..., Any], int], ...] = (
    ("GET", "/up", _up, 200),
    ("GET", "/health", _health, 200),
    ("POST", "/v1/execute", _act, 200),
    ("POST", "/v1/signup", _signup, 201),
    ("POST", "/v1/chat", _chat, 200),
    ("POST", "/v1/chat/completions", _completion, 200),
    ("POST", "/v1/keys", _bring, 204),
    ("POST", "/v1/keys/api", _key, 201),
    ("GET", "/v1/me", _me, 200),
    ("GET", "/v1/metrics", _metrics, 200),
    ("GET", "/v1/models", _models, 200),
    ("GET", "/api/v1/sdk/config", _sdk_config, 200),
    ("POST", "/api/v1/traces", _open, 201),
    ("GET", "/api/v1/traces", _list, 200),
    ("GET", "/api/v1/traces/([^/]+)", _show, 200),
    ("PATCH", "/api/v1/traces/([^/]+)/complete", _complete, 200),
    ("POST", "/api/v1/traces/([^/]+)/complete", _complete, 200),
    ("POST", "/api/v1/executions", _execute, 200),
    ("POST", "/api/v1/embeddings", _embed, 200),
    ("POST", "/api/v1/images", _draw, 200),
    ("POST", "/api/v1/checks", _check, 200),
    ("POST", "/api/v1/simulate", _simulate, 200),
    ("POST", "/api/v1/logs", _log, 201),
)
