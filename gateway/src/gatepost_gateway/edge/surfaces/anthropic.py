"""The Anthropic surface: any client of the Messages API, by its base URL alone.

Source: Anthropic's API reference, "Create a Message", "Count tokens in a Message", "Errors" (the envelope and
`request-id`) and "Streaming messages" (an `error` event where a stream breaks).
"""

from typing import ClassVar

from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.edge import problems
from gatepost_gateway.edge.http import BodyLimits, HttpOutlet, Request, Send, respond
from gatepost_gateway.edge.protocol import CORK
from gatepost_gateway.edge.reporting import Reporter
from gatepost_gateway.pipeline.call import Inbound
from gatepost_gateway.pipeline.exchange import Exchange

NAME = "anthropic"


class AnthropicSurface:
    PATH: ClassVar = "/v1/messages"
    COUNT_PATH: ClassVar = "/v1/messages/count_tokens"

    def __init__(self, exchange: Exchange, limits: BodyLimits, reporter: Reporter) -> None:
        self._exchange = exchange
        self._limits = limits
        self._reporter = reporter

    async def messages(self, request: Request, send: Send) -> None:
        """POST /v1/messages"""
        await self._call(request, send, Operation.CHAT)

    async def count_tokens(self, request: Request, send: Send) -> None:
        """POST /v1/messages/count_tokens"""
        await self._call(request, send, Operation.COUNT)

    async def _call(self, request: Request, send: Send, operation: Operation) -> None:
        # The format's own name for what other surfaces call `x-request-id`.
        own = [(b"request-id", request.request_id.encode())]
        outlet = HttpOutlet(send, request.scope.get(CORK), own)
        call = None
        try:
            body = await request.body(self._limits)
            inbound = Inbound(
                NAME,
                operation,
                request.headers,
                body,
                request.request_id,
                request.presented_by_key(),
                dialect=DialectName.ANTHROPIC_MESSAGES,
            )
            call = self._exchange.open(inbound)
            await self._exchange.run(call, outlet)
        except GatewayError as error:
            self._reporter.failed(request, error)
            if outlet.begun:
                await outlet.end(b"event: error\ndata: " + problems.anthropic_body(error, request.request_id) + b"\n\n")
                return
            ids = call.ids if call is not None else [(b"x-request-id", request.request_id.encode())]
            status, headers, page = problems.anthropic(error, request.request_id)
            await respond(send, status, [*headers, *ids, *own], page)
