"""`client.simulate`, for both shells: called by itself, or as `client.simulate.create`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _calls

if TYPE_CHECKING:
    from . import wire
    from ._calls import Messages
    from ._http import AsyncHttp, SyncHttp


class Simulate:
    """Where a call would go, what policy would say and what it would cost, without a call."""

    def __init__(self, http: SyncHttp) -> None:
        self._http = http

    def create(
        self,
        input: Messages,
        *,
        model: str | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        metadata: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
    ) -> wire.Simulation:
        """Nothing is sent to a model, held of a budget or recorded.

        Args:
            input: A text, one message, or a list of messages in OpenAI's shape.
            model: As in `execute`; the project's default when it is not said.
            tools: Tools that the call would offer.
            metadata: What its trace would say.
            max_tokens: The cap of the answer.

        Raises:
            NotFoundError: The model is not known.
            ValidationError: Something in the question is not valid.
            GatewayError: The gateway gave no answer.
        """
        said = {"model": model, "tools": tools, "metadata": metadata, "max_tokens": max_tokens}
        return self._http.send(_calls.simulate(input=input, **said))

    __call__ = create


class AsyncSimulate:
    """Where a call would go; see `Simulate`."""

    def __init__(self, http: AsyncHttp) -> None:
        self._http = http

    async def create(
        self,
        input: Messages,
        *,
        model: str | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        metadata: Mapping[str, Any] | None = None,
        max_tokens: int | None = None,
    ) -> wire.Simulation:
        """Nothing is sent to a model; see `Simulate.create`."""
        said = {"model": model, "tools": tools, "metadata": metadata, "max_tokens": max_tokens}
        return await self._http.send(_calls.simulate(input=input, **said))

    __call__ = create
