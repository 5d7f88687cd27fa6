"""Options by name, for type checkers and editors."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Union

if TYPE_CHECKING:
    from ._calls import Moment
    from ._retry import RetryConfig

Verify = Union[bool, str, "os.PathLike[str]", ssl.SSLContext]


class ClientOptions(TypedDict, total=False):
    """The options of a client beside its key. None is the same as not said.

    Attributes:
        base_url: Where the gateway is. Default: GATEPOST_BASE_URL, else http://localhost:41002.
        timeout: Seconds that one attempt waits for a connection, and for each part of the answer. Default 30.
        retries: Attempts after the first. Default 2.
        retry_config: How patiently they are made; `retries` wins over its `max_retries`.
        fail_open: Whether a governed call goes to the fallback provider when the gateway is away. Default False.
        fallback_provider_url: An OpenAI-compatible base URL, for instance https://api.openai.com/v1.
        fallback_api_key: The key of that provider.
        fallback_model: The model to ask there.
        headers: Headers for every request to the gateway.
        user_id: Whom the calls are for; sent as `x-user-id`.
        verify: True, False (local development only), the path of a CA bundle, or an `ssl.SSLContext`.
        mock: True for local answers of the same shape, marked as mock: no network, no gateway. For a client, and for
            `configure`; not for `with_options`.
        offline: The same, marked as offline, where the project's operator allows it; else a ConfigurationError.
        offline_licence: A licence file of the operator, which stands for asking the gateway for that leave. Default:
            GATEPOST_OFFLINE_LICENCE.
        licence_key: The public key that the licence is held to. Default: GATEPOST_LICENCE_KEY.
    """

    base_url: str | None
    timeout: float | None
    retries: int | None
    retry_config: RetryConfig | None
    fail_open: bool | None
    fallback_provider_url: str | None
    fallback_api_key: str | None
    fallback_model: str | None
    headers: Mapping[str, str] | None
    user_id: str | None
    verify: Verify | None
    mock: bool | None
    offline: bool | None
    offline_licence: str | os.PathLike[str] | None
    licence_key: str | None


class Options(ClientOptions, total=False):
    """The options of `configure` and `with_options`: those of a client, and its key.

    Attributes:
        api_key: The key, `gp_...`. Default: the environment's GATEPOST_API_KEY.
    """

    api_key: str | None


class ExecuteOptions(TypedDict, total=False):
    """What `execute` takes beside the trace and the input.

    Attributes:
        tools: Tools that the model may call, in OpenAI's function shape, and servers of tools that the gateway calls
            by itself (`{"type": "mcp", "server_label", "server_url", "require_approval", "allowed_tools", "headers"}`).
        model: The model; the project's default where it is not said.
        parent_step_id: The step to go on from: in a tool loop, `result.step_id`.
        tool_results: One `{"tool_call_id", "name", "content"}` for each pending call.
        approvals: One `{"id", "approve", "reason"}` for each call in `result.approvals`.
        max_tokens: The most tokens that the model may write.
        temperature: The model's sampling temperature.
        idempotency_key: Sent as `Idempotency-Key`; a new one is made where it is not said.
        fail_open: For this call only: whether it goes to the fallback provider when the gateway is away.
    """

    tools: Sequence[Mapping[str, Any]] | None
    model: str | None
    parent_step_id: str | None
    tool_results: Sequence[Mapping[str, Any]] | None
    approvals: Sequence[Mapping[str, Any]] | None
    max_tokens: int | None
    temperature: float | None
    idempotency_key: str | None
    fail_open: bool | None


class ChatOptions(TypedDict, total=False):
    """What `chat` and `chat_stream` take beside the model and the messages. None is the same as not said.

    Attributes:
        max_tokens: The most tokens that the model may write.
        temperature: From 0 to 2.
        top_p: From 0 to 1.
        stop: A text, or several, at which the model stops.
        presence_penalty: From -2 to 2.
        frequency_penalty: From -2 to 2.
        seed: For answers that can be repeated, where the model has that.
        fallback_models: At most 5 models, tried in their order when the first does not answer.
        cache: True asks for an earlier answer, False against it.
        user_id: For this call only: whom it is for.
    """

    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    stop: str | Sequence[str] | None
    presence_penalty: float | None
    frequency_penalty: float | None
    seed: int | None
    fallback_models: Sequence[str] | None
    cache: bool | None
    user_id: str | None


class CheckOptions(TypedDict, total=False):
    """What `checks` takes beside the trace and the input.

    Attributes:
        tools: Tools that the call would offer, in OpenAI's function shape.
        model: The model that it would go to; the project's default where it is not said.
        parent_step_id: The step that this one follows from.
    """

    tools: Sequence[Mapping[str, Any]] | None
    model: str | None
    parent_step_id: str | None


class TraceFilters(TypedDict, total=False):
    """What `traces.list` may be narrowed by. All of them must hold.

    Attributes:
        session_id: Traces of one session.
        properties: Properties that the trace's steps carry, each with its value.
        user: Traces of one user.
        outcome: The outcome of the last step.
        model: A model that answered.
        project: One project; a runtime key sees its own only.
        since: The earliest time of creation.
        until: The latest time of creation.
        limit: Traces on a page, at most 200. Default 50.
        cursor: `next_cursor` of the page before.
    """

    session_id: str | None
    properties: Mapping[str, str] | None
    user: str | None
    outcome: str | None
    model: str | None
    project: str | None
    since: Moment | None
    until: Moment | None
    limit: int | None
    cursor: str | None
