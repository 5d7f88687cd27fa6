"""One call as several requests, where the provider takes less at once than the caller gave: a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from gatepost_gateway.domain.ports import Answered, UpstreamRequest

AT_ONCE = 8
"""Requests of one call that are under way together."""


async def ask_each(
    requests: Sequence[UpstreamRequest], ask: Callable[[UpstreamRequest], Awaitable[Answered]]
) -> list[Answered]:
    """The answers in the order of the requests. The first failure is raised, and what is under way is given up."""
    answers: list[Answered] = []
    for start in range(0, len(requests), AT_ONCE):
        together = [asyncio.ensure_future(ask(request)) for request in requests[start : start + AT_ONCE]]
        try:
            answers += await asyncio.gather(*together)
        finally:
            for one in together:
                one.cancel()
    return answers
