"""Stage 8: the request goes out. Retries and fallbacks happen before the first content byte, never after it."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable

import msgspec
from msgspec import Struct

from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import (
    Answered,
    CredentialSource,
    Headers,
    Provider,
    Providers,
    Transport,
    UpstreamAnswer,
    UpstreamRequest,
    Vault,
)
from gatepost_gateway.domain.records import Attempt, Closed
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import ModelEntry, ProviderKind, Retries, endpoint_of
from gatepost_gateway.domain.tracing import child_of
from gatepost_gateway.pipeline.call import Call, Target
from gatepost_gateway.pipeline.failure_words import recorded
from gatepost_gateway.pipeline.permits import circuit_open, over
from gatepost_gateway.pipeline.reserve import imposed_cap
from gatepost_gateway.pipeline.several import ask_each
from gatepost_gateway.pipeline.strategies import Sight

MAX_ANSWER = 64 * 1024 * 1024
MAX_REFUSAL = 256 * 1024
MAX_PRELUDE = 1024 * 1024
"""Bytes that a stream may send before its answer begins: comments, roles, settings."""
_KEYLIKE = re.compile(
    r"\b(?:sk|gp|gpa|key|pk|rk)[-_][A-Za-z0-9*_.-]{6,}|\b(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/=_-]{6,}"
)
_MAY_PASS: dict[ProviderKind, tuple[bytes, ...]] = {
    ProviderKind.OPENAI: (b"openai-organization", b"openai-project", b"openai-beta"),
    ProviderKind.AZURE: (b"openai-beta",),
    ProviderKind.ANTHROPIC: (b"anthropic-beta", b"anthropic-version"),
}
"""Request headers of a caller that its provider may see; no other goes out."""
PATIENCE = 1.0
"""Seconds of a provider's Retry-After that are waited for while another target could answer at once."""
PASSED_REQUEST_HEADERS = tuple(sorted({name for names in _MAY_PASS.values() for name in names}))
"""Every request header that some provider may see."""
_SUMMARY_HEADERS = (b"x-request-id", b"x-amzn-requestid", b"apim-request-id", b"request-id")


Again = Callable[[Call, UpstreamError], Awaitable[None]]
"""Asked before another attempt follows one that may be billed; raises when there must be none."""


class StoredOnly:
    """Implements `ports.CredentialSource`: an entry has what is stored with it, and nothing else."""

    async def get(self, entry: ModelEntry, stored: Secret | None) -> Secret | None:  # noqa: ARG002 - the port's shape
        return stored


class Outside(Struct, frozen=True):
    """What leads to providers: connections, and the keys that they are shown."""

    transport: Transport
    vault: Vault
    credentials: CredentialSource = StoredOnly()


class Dispatcher:
    """`sleep` is asyncio's, or a test's."""

    def __init__(
        self,
        outside: Outside,
        providers: Providers,
        sight: Sight,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._credentials = outside.credentials
        self._transport = outside.transport
        self._providers = providers
        self._vault = outside.vault
        self._breakers = sight.breakers
        self._pace = sight.pace
        self._clock = clock
        self._sleep = sleep

    async def reach(self, call: Call, again: Again) -> None:
        """Leaves the first good answer in `call`: a whole one in `body`, a stream in `reader` with its first batch.

        Targets whose breaker is open are passed over. `again` is asked before another attempt follows one that may be
        billed. Raises what it raises, and the UpstreamError of the last attempt when there is no answer.
        """
        assert call.plan is not None
        retries = call.snapshot.document.retries
        give_up_at = self._clock.monotonic() + retries.budget
        failure: UpstreamError | None = None
        shut: list[UpstreamError] = []
        targets = call.plan.targets
        for place, target in enumerate(targets):
            if wait := self._wait(call, target):
                shut.append(self._pass_over(call, target, wait))
                continue
            if failure is not None and failure.served:
                await again(call, failure)
            others = targets[place + 1 :]
            spare = bool(others) and any(not self._wait(call, other) for other in others)
            said = await self._try(call, target, again, (give_up_at, spare))
            if said is None:
                return
            if said.code is Code.UPSTREAM_CIRCUIT_OPEN:
                shut.append(said)
                continue
            failure = said
            if failure.next_step is NextStep.GIVE_UP:
                break
        raise failure or min(shut, key=lambda one: one.retry_after or 0.0)

    async def _try(
        self, call: Call, target: Target, again: Again, patience: tuple[float, bool]
    ) -> UpstreamError | None:
        """Asks one target, again where that may help. None: it answered.

        `patience`: until when another attempt may begin, and whether another target can be asked instead.
        """
        retries = call.snapshot.document.retries
        give_up_at, spare = patience
        failure: UpstreamError | None = None
        for number in range(retries.attempts):
            said = await self._attempt(call, target)
            if said is not None and said.code is Code.UPSTREAM_CIRCUIT_OPEN and failure is not None:
                return failure
            failure = said
            if failure is None or failure.next_step is not NextStep.RETRY_SAME or number + 1 == retries.attempts:
                return failure
            wait = _pause(failure, retries, number)
            if self._clock.monotonic() + wait > give_up_at or (spare and (failure.retry_after or 0.0) > PATIENCE):
                return failure
            await self._sleep(wait)
            if self._wait(call, target):
                return failure
            if failure.served:
                await again(call, failure)
        return failure

    def _wait(self, call: Call, target: Target) -> float:
        """Seconds that the breaker of a target's endpoint keeps it shut."""
        endpoint = endpoint_of(target.entry)
        return self._breakers.wait(endpoint, call.snapshot.document.breaker) if endpoint is not None else 0.0

    def _pass_over(self, call: Call, target: Target, wait: float) -> UpstreamError:
        route = call.record.route
        if route is not None:
            words = f"{target.entry.id}: its breaker is open for {wait:.1f} s"
            call.record.route = msgspec.structs.replace(route, passed_over=(*route.passed_over, words))
        return circuit_open(target, wait)

    async def _attempt(self, call: Call, target: Target) -> UpstreamError | None:
        began = self._clock.monotonic()
        provider = self._providers[target.entry.provider]
        credential = target.passed or (self._vault.open(target.credential) if target.credential else None)
        endpoint = endpoint_of(target.entry)
        if endpoint is not None:
            leave = self._breakers.ask(endpoint, call.snapshot.document.breaker)
            if isinstance(leave, float | int):
                return circuit_open(target, leave)
            call.permit = leave
        call.target, call.credential, call.reader, call.summary = target, credential, None, None
        failure: UpstreamError | None = None
        try:
            await self._ask(call, target, provider, credential)
        except UpstreamError as error:
            failure = error
        except BaseException:
            over(call, left=True)
            self._note(call, target, began, None, None)
            raise
        self._note(call, target, began, failure, call.credential)
        self._learn(call, target, began, failure)
        if failure is not None:
            self._leave(call)
            over(call, failure)
        elif call.reader is None:
            over(call)
        elif call.permit is not None:
            call.permit.began()
        return failure

    async def _ask(self, call: Call, target: Target, provider: Provider, credential: Secret | None) -> None:
        asked = call.asked
        assert asked is not None
        headers = call.inbound.headers
        extra = [(name, headers[name]) for name in _MAY_PASS.get(target.entry.provider, ()) if name in headers]
        call.credential = credential = await self._credentials.get(target.entry, credential)
        asked.wire = None
        request = provider.build(asked, target.entry, credential, extra, imposed_cap(call, target.entry))
        if target.entry.additional_config.get("traceparent"):
            request = msgspec.structs.replace(request, headers=[*request.headers, *_trace(call.record)])
        _carried(call, request)
        call.sent = True
        name = target.entry.provider.value
        call.answer = answer = await self._transport.open(request, call.snapshot.document.timeouts, name)
        if answer.status >= 300:
            raise provider.explain(answer.status, answer.headers, await answer.read_all(MAX_REFUSAL))
        if not asked.stream:
            body = await answer.read_all(MAX_ANSWER)
            rest = await self._rest(call, provider, request.more) if request.more else ()
            call.body, call.summary = provider.read(asked, body, answer.headers, rest)
            call.note_losses()
            answer.close()
            return
        call.reader = reader = provider.reader(asked)
        call.summary = reader.summary
        first = b""
        while not (reader.spoke or reader.ended or reader.summary.finish):
            first += await next_batch(call, answer)
            if len(first) > MAX_PRELUDE:
                raise _broken(name, "it streams without beginning its answer", Code.UPSTREAM_GARBAGE, NextStep.TRY_NEXT)
        call.first = first
        call.note_losses()

    async def _rest(self, call: Call, provider: Provider, more: tuple[UpstreamRequest, ...]) -> list[Answered]:
        """The answers to the further requests of a call. Raises UpstreamError as the first one would."""
        name, timeouts = _provider(call), call.snapshot.document.timeouts
        limit = max(MAX_REFUSAL, MAX_ANSWER // len(more))

        async def ask(request: UpstreamRequest) -> Answered:
            answer = await self._transport.open(request, timeouts, name)
            try:
                if answer.status >= 300:
                    raise provider.explain(answer.status, answer.headers, await answer.read_all(MAX_REFUSAL))
                return Answered(await answer.read_all(limit), answer.headers)
            finally:
                answer.close()

        try:
            return await ask_each(more, ask)
        except UpstreamError as failure:
            failure.partly = True
            raise

    def _learn(self, call: Call, target: Target, began: float, failure: UpstreamError | None) -> None:
        """How fast an entry answered, or that it asked for rest: for those who have a choice after this call."""
        if failure is None:
            self._pace.note(target.entry.id, call.reader is not None, self._clock.monotonic() - began)
        elif failure.code is Code.UPSTREAM_RATE_LIMITED and failure.retry_after and target.passed is None:
            # The limit of a key that a caller passed through is that caller's alone.
            self._pace.rest(target.entry.id, failure.retry_after)

    def _leave(self, call: Call) -> None:
        if call.answer is not None:
            call.answer.close()
            call.answer = None

    def _note(
        self, call: Call, target: Target, began: float, failure: UpstreamError | None, credential: Secret | None
    ) -> None:
        answer = call.answer
        call.record.attempts += (
            Attempt(
                model=target.entry.id,
                provider=target.entry.provider.value,
                micros=int((self._clock.monotonic() - began) * 1_000_000),
                status=failure.upstream_status if failure else (answer.status if answer else None),
                error=failure.code.value if failure else None,
                detail=scrub(recorded(call, failure), credential) if failure else None,
                request_id=_upstream_request_id(answer.headers) if answer else None,
                served=failure.served if failure else False,
            ),
        )
        if failure is not None:
            failure.public = scrub(failure.public, credential)
            failure.body = scrub(failure.body.decode("latin-1"), credential).encode("latin-1")


def _trace(record: Closed) -> Headers:
    """What makes the provider's own spans children of this call's."""
    parent = child_of(record.traceparent, record.trace_id, record.step_id).encode()
    state = record.tracestate
    return [(b"traceparent", parent), *([(b"tracestate", state.encode())] if state is not None else [])]


def _pause(failure: UpstreamError, retries: Retries, number: int) -> float:
    """Seconds before the next attempt: as long as the provider asks and a little longer, else doubled each time.

    Jitter keeps callers that failed together from coming back together; it guards nothing.
    """
    jitter = random.random()  # noqa: S311
    if failure.retry_after:
        return failure.retry_after * (1 + jitter / 10)
    return min(retries.cap, retries.base * 2**number) * (1 + jitter) / 2


def _carried(call: Call, request: UpstreamRequest) -> None:
    """Notes what translation lost. Raises UpstreamError (422) before anything is sent, where the project is strict."""
    call.lost, call.record.lossy = request.lossy, request.lossy
    assert call.project is not None
    if request.lossy and call.project.strict_translation:
        provider = _provider(call)
        raise UpstreamError(
            f"{provider}'s format has no place for {', '.join(f'`{name}`' for name in request.lossy)}, and the project"
            " says `strict_translation`: leave it out, or call a model whose provider speaks your format",
            code=Code.NOT_TRANSLATABLE,
            status=422,
            next_step=NextStep.TRY_NEXT,
            provider=provider,
            sent=False,
        )


async def next_batch(call: Call, answer: UpstreamAnswer) -> bytes:
    """The next whole events of a stream. Raises UpstreamError when it stops without its end, or is not the format."""
    data = await answer.read()
    if data:
        return read_events(call, data)
    return finish(call)


def read_events(call: Call, data: bytes) -> bytes:
    """The whole events that `data` completes, for the caller. Raises UpstreamError when they are not the format."""
    reader = call.reader
    assert reader is not None
    try:
        return reader.feed(data)
    except ValueError as error:
        raise garbage(call, error) from error


def finish(call: Call) -> bytes:
    """The body of a stream ended: what that completes. Raises UpstreamError when the stream itself did not end."""
    reader = call.reader
    assert reader is not None
    try:
        last = reader.close()
    except ValueError as error:
        raise garbage(call, error) from error
    if not reader.ended:
        words = "it stopped in the middle of the stream"
        raise _broken(_provider(call), words, Code.UPSTREAM_TRUNCATED, NextStep.RETRY_SAME)
    return last


def garbage(call: Call, error: ValueError) -> UpstreamError:
    """What a provider sent is not its format, in the provider's words or a decoder's."""
    words = scrub(str(error), call.credential)
    return _broken(_provider(call), words, Code.UPSTREAM_GARBAGE, NextStep.TRY_NEXT)


def _provider(call: Call) -> str:
    return call.target.entry.provider.value if call.target else ""


def _broken(provider: str, words: str, code: Code, step: NextStep) -> UpstreamError:
    return UpstreamError(f"{provider}: {words}", code=code, status=502, next_step=step, provider=provider)


def scrub(text: str, credential: Secret | None) -> str:
    """A provider's words without the key that it may quote, whole or in part."""
    if credential is not None and (key := credential.reveal()):
        text = text.replace(key, "***")
    return _KEYLIKE.sub("***", text)


def _upstream_request_id(headers: Headers) -> str | None:
    for name, value in headers:
        if name in _SUMMARY_HEADERS:
            return value.decode("latin-1")[:200]
    return None
