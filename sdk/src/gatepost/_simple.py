"""The simple calls of both shells: sign up, bring keys, ask and be answered, see what was used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Literal, overload

from . import _calls, _plain, wire
from ._calls import Moment
from ._http import AsyncHttp, SyncHttp
from ._stream import AsyncStream, Stream, StreamChunk, text_of
from .options import ChatOptions

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._plain import Talk

Range = Literal["1h", "24h", "7d", "30d"]
GroupBy = Literal["provider", "model", "user", "status", "feature", "key"]
Granularity = Literal["minute", "hour", "day"]
Provider = Literal["openai", "anthropic", "gemini", "azure", "bedrock"]


class SimpleCalls:
    """What a `Client` does without a trace."""

    _http: SyncHttp

    def signup(self, email: str, org_name: str | None = None, project_name: str = "Default") -> wire.Account:
        """An organisation, a project and a key, where the gateway lets strangers in. Needs no key.

        Raises:
            AuthError: Nobody can sign up there (`signup_closed`).
            RateLimitError: Too many signed up from this address.
        """
        return self._http.send(_plain.signup(email=email, org_name=org_name, project_name=project_name))

    def set_provider_key(self, provider: Provider, api_key: str, meta: Mapping[str, Any] | None = None) -> None:
        """Bring the project's own key of a provider: stored encrypted, never shown again.

        Args:
            provider: Whose key it is.
            api_key: The key.
            meta: For azure: `endpoint`, `deployment` and, if need be, `api_version`.
        """
        self._http.send(_plain.set_provider_key(provider=provider, api_key=api_key, meta=meta))

    def chat(self, model: str, messages: Talk, **options: Unpack[ChatOptions]) -> wire.ChatResponse:
        """One question, one answer.

        It is repeated after 429, 500, 502, 503 and 504, and after a failure of the connection; where the first
        attempt had arrived all the same, both are billed. `retries=0` of the client switches that off.

        Args:
            model: A model, a tier, or "auto".
            messages: A text, one message, or a list of messages.
            options: As described at `ChatOptions`.

        Raises:
            AuthError: The gateway does not know the key, or policy blocked the call (`policy_violation`).
            BudgetExceededError: A budget has no room for the call.
            RateLimitError: Too fast; `retry_after` says when.
            ProviderError: The provider failed or refused.
            ConnectionError: No answer, also after retries.
        """
        return self._http.send(_plain.chat(model, messages, options))

    @overload
    def chat_stream(
        self, model: str, messages: Talk, *, as_chunks: Literal[False] = False, **options: Unpack[ChatOptions]
    ) -> Stream[str]: ...

    @overload
    def chat_stream(
        self, model: str, messages: Talk, *, as_chunks: Literal[True], **options: Unpack[ChatOptions]
    ) -> Stream[StreamChunk]: ...

    def chat_stream(
        self, model: str, messages: Talk, *, as_chunks: bool = False, **options: Unpack[ChatOptions]
    ) -> Stream[Any]:
        """One question, and its answer as it is written. A stream tells neither usage nor cost: the records do.

        The request goes out when the first piece is asked for. It is repeated as `chat` is until the first byte of an
        answer is there, and never after.

        Args:
            model: A model, a tier, or "auto".
            messages: A text, one message, or a list of messages.
            as_chunks: True for `StreamChunk`, which knows the request's id, in place of `str`.
            options: As described at `ChatOptions`.

        Raises:
            ProviderError: While reading: the stream broke at the gateway or behind it.
            ConnectionError: While reading: the connection to the gateway broke.
        """
        return Stream(self._http.stream(_plain.chat_stream(model, messages, options)), _shape(as_chunks=as_chunks))

    def completions(self, model: str, messages: Talk, **options: Any) -> dict[str, Any]:
        """A chat completion in OpenAI's format, as it comes; `options` are that format's own, and `user_id`."""
        return self._http.send(_plain.completions(model, messages, options))

    def models(self) -> list[wire.ModelCard]:
        """The models that this key may call, with prices where they are known."""
        return self._http.send(_calls.models())

    def metrics(
        self,
        range: Range | None = None,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        group_by: GroupBy | None = None,
        granularity: Granularity | None = None,
    ) -> wire.MetricsResponse:
        """What the project used: totals, groups and a series.

        Args:
            range: How far back from now; "24h" unless told.
            since: In place of `range`, with `until`: the first moment, with a zone.
            until: The first moment that does not count any more.
            group_by: What the breakdown is by; "provider" unless told.
            granularity: The length of a point of the series; chosen by the window unless told.
        """
        window = _plain.metrics_query(range, since, until)
        return self._http.send(_plain.metrics({**window, "group_by": group_by, "granularity": granularity}))

    def create_api_key(
        self,
        name: str,
        *,
        expires_at: Moment | None = None,
        models: list[str] | None = None,
        paths: list[str] | None = None,
        rate_limits: Mapping[str, int] | None = None,
    ) -> wire.ApiKeyCreated:
        """Another key of the project. Its text is in the answer, once: keep it now.

        Args:
            name: What it is called.
            expires_at: Until when it works.
            models: The models that it may call; all of the project's unless told.
            paths: The paths that it may ask; all unless told.
            rate_limits: How fast it may be: `rpm`, `tpm` and what else a key of the gateway may have.
        """
        limits = {"expires_at": expires_at, "models": models, "paths": paths, "rate_limits": rate_limits}
        return self._http.send(_plain.create_api_key(name=name, **limits))

    def me(self) -> wire.MeResponse:
        """Whose key this is: project, limits, budgets, and the providers whose keys it brought."""
        return self._http.send(_plain.me())

    def health(self) -> dict[str, Any]:
        """How the gateway is: `status`, `version`, and its parts. Needs no key."""
        return self._http.send(_plain.health())


class AsyncSimpleCalls:
    """What an `AsyncClient` does without a trace."""

    _http: AsyncHttp

    async def signup(self, email: str, org_name: str | None = None, project_name: str = "Default") -> wire.Account:
        """An organisation, a project and a key, where the gateway lets strangers in; see `Client.signup`."""
        return await self._http.send(_plain.signup(email=email, org_name=org_name, project_name=project_name))

    async def set_provider_key(self, provider: Provider, api_key: str, meta: Mapping[str, Any] | None = None) -> None:
        """Bring the project's own key of a provider; see `Client.set_provider_key`."""
        await self._http.send(_plain.set_provider_key(provider=provider, api_key=api_key, meta=meta))

    async def chat(self, model: str, messages: Talk, **options: Unpack[ChatOptions]) -> wire.ChatResponse:
        """One question, one answer; see `Client.chat`."""
        return await self._http.send(_plain.chat(model, messages, options))

    @overload
    def chat_stream(
        self, model: str, messages: Talk, *, as_chunks: Literal[False] = False, **options: Unpack[ChatOptions]
    ) -> AsyncStream[str]: ...

    @overload
    def chat_stream(
        self, model: str, messages: Talk, *, as_chunks: Literal[True], **options: Unpack[ChatOptions]
    ) -> AsyncStream[StreamChunk]: ...

    def chat_stream(
        self, model: str, messages: Talk, *, as_chunks: bool = False, **options: Unpack[ChatOptions]
    ) -> AsyncStream[Any]:
        """One question, and its answer as it is written; see `Client.chat_stream`."""
        return AsyncStream(self._http.stream(_plain.chat_stream(model, messages, options)), _shape(as_chunks=as_chunks))

    async def completions(self, model: str, messages: Talk, **options: Any) -> dict[str, Any]:
        """A chat completion in OpenAI's format, as it comes; `options` are that format's own, and `user_id`."""
        return await self._http.send(_plain.completions(model, messages, options))

    async def models(self) -> list[wire.ModelCard]:
        """The models that this key may call, with prices where they are known."""
        return await self._http.send(_calls.models())

    async def metrics(
        self,
        range: Range | None = None,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        group_by: GroupBy | None = None,
        granularity: Granularity | None = None,
    ) -> wire.MetricsResponse:
        """What the project used; see `Client.metrics`."""
        window = _plain.metrics_query(range, since, until)
        return await self._http.send(_plain.metrics({**window, "group_by": group_by, "granularity": granularity}))

    async def create_api_key(
        self,
        name: str,
        *,
        expires_at: Moment | None = None,
        models: list[str] | None = None,
        paths: list[str] | None = None,
        rate_limits: Mapping[str, int] | None = None,
    ) -> wire.ApiKeyCreated:
        """Another key of the project; see `Client.create_api_key`."""
        limits = {"expires_at": expires_at, "models": models, "paths": paths, "rate_limits": rate_limits}
        return await self._http.send(_plain.create_api_key(name=name, **limits))

    async def me(self) -> wire.MeResponse:
        """Whose key this is: project, limits, budgets, and the providers whose keys it brought."""
        return await self._http.send(_plain.me())

    async def health(self) -> dict[str, Any]:
        """How the gateway is: `status`, `version`, and its parts. Needs no key."""
        return await self._http.send(_plain.health())


def _shape(*, as_chunks: bool) -> Callable[[StreamChunk], Any]:
    return _plain.itself if as_chunks else text_of
