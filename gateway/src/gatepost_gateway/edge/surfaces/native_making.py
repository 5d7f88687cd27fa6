"""The SDK's governed calls for vectors and pictures. A block is a result here, not an error."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from gatepost_gateway.domain.errors import Refused
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.snapshot import ProjectEntry, Snapshot
from gatepost_gateway.edge.http import BodyLimits, Request, Send
from gatepost_gateway.edge.idempotency import Answer, Idempotency
from gatepost_gateway.edge.surfaces.native import NAME, answer_once, read_body, step_page
from gatepost_gateway.pipeline.call import Inbound
from gatepost_gateway.pipeline.executions import inbound_of
from gatepost_gateway.pipeline.making import EmbeddingWanted, ImageWanted, Made, Making


class MakingSurface:
    """`who` turns a request into its principal."""

    def __init__(
        self,
        making: Making,
        snapshot: Callable[[], Snapshot],
        who: Callable[[Request], Principal],
        idempotency: Idempotency,
        limits: BodyLimits,
    ) -> None:
        self._making = making
        self._snapshot = snapshot
        self._who = who
        self._idempotency = idempotency
        self._limits = limits

    async def embeddings(self, request: Request, send: Send) -> None:
        """POST /api/v1/embeddings"""

        async def run(body: bytes, project: ProjectEntry, inbound: Inbound) -> dict[str, Any]:
            wanted = read_body(body, EmbeddingWanted)
            try:
                made = await self._making.vectors(wanted, project, inbound)
            except Refused as blocked:
                return {**_blocked(wanted.trace_id, blocked), "embeddings": [], "usage_tokens": 0}
            return {**_page(made), "embeddings": made.things, "usage_tokens": made.record.usage.total}

        await self._run(request, send, run)

    async def images(self, request: Request, send: Send) -> None:
        """POST /api/v1/images"""

        async def run(body: bytes, project: ProjectEntry, inbound: Inbound) -> dict[str, Any]:
            wanted = read_body(body, ImageWanted)
            try:
                made = await self._making.pictures(wanted, project, inbound)
            except Refused as blocked:
                return {**_blocked(wanted.trace_id, blocked), "images": []}
            return {**_page(made), "images": made.things}

        await self._run(request, send, run)

    async def _run(
        self, request: Request, send: Send, run: Callable[[bytes, ProjectEntry, Inbound], Awaitable[dict[str, Any]]]
    ) -> None:
        principal = self._who(request)
        body = await request.body(self._limits)
        project = self._snapshot().projects[principal.project]

        async def make() -> Answer:
            inbound = inbound_of(NAME, request.headers, request.request_id, request.presented())
            return 200, msgspec.json.encode(await run(body, project, inbound))

        await answer_once(self._idempotency, request, send, principal, body, make)


def _page(made: Made) -> dict[str, Any]:
    return {**step_page(made.record), "provider": made.record.provider, "status": None}


def _blocked(trace_id: str, blocked: Refused) -> dict[str, Any]:
    return {
        "trace_id": trace_id,
        "step_id": blocked.step_id,
        "model": None,
        "status": "blocked",
        "reason": blocked.public,
        "policy": blocked.rule,
    }
