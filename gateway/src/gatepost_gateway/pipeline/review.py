"""Questions of rules on their way to judges outside, and back. What a judge does or leaves is an answer, too: it never
fails a call by itself, and never takes longer than its rule says.
"""

import asyncio
from collections.abc import Mapping

from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.ports import Transport, UpstreamRequest, Vault
from gatepost_gateway.domain.review import Inquiry, NoVerdict, Verdicts
from gatepost_gateway.domain.snapshot import Sealed, Snapshot, Timeouts

MOST_ANSWER = 256 * 1024
"""Bytes of a verdict."""
MOST_WAITING = 1024
"""Questions of one rule that may wait for their turn."""


class Turns:
    """How many questions of one rule are under way, and wait."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.free = asyncio.Semaphore(most)
        self.waiting = 0


class JudgesOutside:
    """Implements `domain.review.Reviewers` over HTTP: each question is sent once, and no redirect is followed."""

    def __init__(self, transport: Transport, vault: Vault) -> None:
        self._transport = transport
        self._vault = vault
        self._turns: dict[str, Turns] = {}

    async def ask(self, snapshot: Snapshot, inquiries: tuple[Inquiry, ...]) -> Verdicts:
        keys = snapshot.document.judge_keys
        answers = await asyncio.gather(*(self._one(one, keys) for one in inquiries))
        return {one.key: answer for one, answer in zip(inquiries, answers, strict=True)}

    async def _one(self, inquiry: Inquiry, keys: Mapping[str, Sealed | None]) -> bytes | NoVerdict:
        turns = self._turns.get(inquiry.rule)
        if turns is None or turns.most != inquiry.most:
            turns = self._turns[inquiry.rule] = Turns(inquiry.most)
        if turns.waiting >= MOST_WAITING:
            return NoVerdict("too many questions wait for it")
        turns.waiting += 1
        try:
            async with asyncio.timeout(inquiry.seconds), turns.free:
                return await self._asked(inquiry, keys)
        except TimeoutError:
            return NoVerdict(f"it took longer than {inquiry.seconds:g} s")
        except NoVerdict as why:
            return why
        except GatewayError as error:
            return NoVerdict(error.public)
        finally:
            turns.waiting -= 1

    async def _asked(self, inquiry: Inquiry, keys: Mapping[str, Sealed | None]) -> bytes:
        headers = list(inquiry.headers)
        if inquiry.rule in keys:
            sealed = keys[inquiry.rule]
            if sealed is None:
                raise NoVerdict("the key that `secret_key_ref` names is not there")
            headers.append((b"authorization", b"Bearer " + self._vault.open(sealed).reveal().encode("latin-1")))
        request = UpstreamRequest(inquiry.origin, inquiry.target, headers, inquiry.body)
        seconds = inquiry.seconds
        answer = await self._transport.open(request, Timeouts(seconds, seconds, seconds, seconds), "the judge")
        try:
            if answer.status != 200:
                raise NoVerdict(f"it answered {answer.status}")
            return await answer.read_all(MOST_ANSWER)
        finally:
            answer.close()
