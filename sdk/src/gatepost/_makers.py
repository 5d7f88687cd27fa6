"""`client.embeddings` and `client.images`, for both shells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import wire
    from ._governed import Governed
    from ._http import AsyncHttp, SyncHttp


class Embeddings:
    """Vectors of texts."""

    def __init__(self, http: SyncHttp, governed: Governed) -> None:
        self._http = http
        self._governed = governed

    def create(
        self,
        trace_id: str,
        input: str | Sequence[str],
        *,
        model: str,
        dimensions: int | None = None,
        parent_step_id: str | None = None,
    ) -> wire.EmbeddingResult:
        """Vectors of one text or several, one each and in their order, as a step of a trace.

        Args:
            trace_id: The trace that it belongs to.
            input: A text, or a list of texts.
            model: A model that makes vectors: there is no default.
            dimensions: How long the vectors shall be, where the model lets one choose.
            parent_step_id: The step that this one follows from.

        Raises:
            ValidationError: The input is none, or the model makes no vectors.
            APIError: The gateway, a limit or the provider refused.
            GatewayError: The gateway gave no answer.
        """
        return self._http.drive(
            self._governed.embed(
                trace_id, input=input, model=model, dimensions=dimensions, parent_step_id=parent_step_id
            )
        )


class Images:
    """Pictures of words."""

    def __init__(self, http: SyncHttp, governed: Governed) -> None:
        self._http = http
        self._governed = governed

    def generate(
        self,
        trace_id: str,
        *,
        prompt: str,
        model: str,
        n: int | None = None,
        size: str | None = None,
        parent_step_id: str | None = None,
    ) -> wire.ImageResult:
        """Pictures of a prompt, as a step of a trace.

        Args:
            trace_id: The trace that it belongs to.
            prompt: What the pictures shall show.
            model: A model that makes pictures: there is no default.
            n: How many.
            size: Like "1024x1024", where the model lets one choose.
            parent_step_id: The step that this one follows from.

        Raises:
            ValidationError: Something in the question is not valid, or the model makes no pictures.
            APIError: The gateway, a limit or the provider refused.
            GatewayError: The gateway gave no answer.
        """
        said = {"prompt": prompt, "model": model, "n": n, "size": size}
        return self._http.drive(self._governed.draw(trace_id, parent_step_id=parent_step_id, **said))


class AsyncEmbeddings:
    """Vectors of texts."""

    def __init__(self, http: AsyncHttp, governed: Governed) -> None:
        self._http = http
        self._governed = governed

    async def create(
        self,
        trace_id: str,
        input: str | Sequence[str],
        *,
        model: str,
        dimensions: int | None = None,
        parent_step_id: str | None = None,
    ) -> wire.EmbeddingResult:
        """Vectors of one text or several; see `Embeddings.create`."""
        return await self._http.drive(
            self._governed.embed(
                trace_id, input=input, model=model, dimensions=dimensions, parent_step_id=parent_step_id
            )
        )


class AsyncImages:
    """Pictures of words."""

    def __init__(self, http: AsyncHttp, governed: Governed) -> None:
        self._http = http
        self._governed = governed

    async def generate(
        self,
        trace_id: str,
        *,
        prompt: str,
        model: str,
        n: int | None = None,
        size: str | None = None,
        parent_step_id: str | None = None,
    ) -> wire.ImageResult:
        """Pictures of a prompt; see `Images.generate`."""
        said = {"prompt": prompt, "model": model, "n": n, "size": size}
        return await self._http.drive(self._governed.draw(trace_id, parent_step_id=parent_step_id, **said))
