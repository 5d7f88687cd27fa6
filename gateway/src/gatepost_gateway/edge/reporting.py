"""A line in the log for each request that failed and not by its caller's fault."""

import logging

from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.edge.forwarded import Networks, client_address
from gatepost_gateway.edge.http import Request

log = logging.getLogger("gatepost.edge")
FORWARDED = b"x-forwarded-for"


class Reporter:
    """`trusted`: the proxies whose word on the client's address is believed."""

    def __init__(self, trusted: Networks = ()) -> None:
        self._trusted = trusted

    def client(self, request: Request) -> str | None:
        """The address that asks, as far as it can be known."""
        client = request.scope.get("client")
        return client_address(client[0] if client else None, request.headers.get(FORWARDED), self._trusted)

    def failed(self, request: Request, error: Exception) -> None:
        """Says nothing of a status below 500; a traceback goes along only when the bug is ours."""
        known = isinstance(error, GatewayError)
        if known and error.status < 500:
            return
        extra = {
            "request_id": request.request_id,
            "method": request.method,
            "path": request.path,
            "client": self.client(request),
            "code": error.code.value if known else None,
        }
        bug = error.__cause__ if known and error.status == 500 else None if known else error
        log.error("request failed: %s", error, extra=extra, exc_info=bug)
