"""Tells webhooks what happened: tries each delivery until it is taken or given up, in tasks of the control plane.

A receiver is never waited for by anything but its own deliveries. A try is one POST to an address that was resolved
once and that the egress rules allow; what it answers matters by its status alone.
"""

import asyncio
import logging
import random
from collections import Counter
from urllib.parse import urlsplit

from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.control.watching import Watch
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import GatewayError
from gatepost_gateway.domain.snapshot import Timeouts
from gatepost_gateway.domain.webhooks import Webhook, signature
from gatepost_gateway.storage.config import ConfigStore
from gatepost_gateway.storage.outbox import Delivery, Outbox, Outcome, State
from gatepost_gateway.storage.vault import Vault
from gatepost_gateway.transport import Client, Fault, Origin, TransportError
from gatepost_gateway.version import VERSION

log = logging.getLogger("gatepost.webhooks")
TICK = 0.25
IDLE_SECONDS = 60.0
TRIM_SECONDS = 300.0
PER_WEBHOOK = 4
ATTEMPTS = 24
FIRST_WAIT = 5.0
LONGEST_WAIT = 3600.0
TIMEOUTS = Timeouts(connect=5.0, first_byte=10.0, idle=10.0, total=15.0)
MOST_ANSWER = 64 * 1024
_GONE = 410


def backoff(attempts: int, chance: float) -> float:
    """Seconds until the next try after so many: doubled each time, of which a part by chance. `chance` in 0 to 1."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempts - 1))
    return longest * (0.5 + chance / 2)


class Courier:
    """`plane` knows the webhooks and what is true now. Lives on the event loop; storage is asked in threads."""

    def __init__(self, plane: ControlPlane, outbox: Outbox, watch: Watch, send: "Sender") -> None:
        self._plane = plane
        self._outbox = outbox
        self._watch = watch
        self._send = send
        self._trying: dict[asyncio.Task[None], str] = {}
        self._turn: int | None = None
        self._begun = plane.snapshot.document.identity_seq
        self._trimmed = self._forgot = -IDLE_SECONDS

    async def run(self, store: ConfigStore, clock: Clock) -> None:
        """Until it is cancelled."""
        try:
            while True:
                try:
                    await self.tick(store, clock)
                except GatewayError:
                    # What happened stays where it is stored, and is told when that can be read again.
                    log.exception("webhooks wait")
                    await asyncio.sleep(5)
                await asyncio.sleep(TICK)
        finally:
            for task in self._trying:
                task.cancel()
            await asyncio.gather(*self._trying, return_exceptions=True)

    async def tick(self, store: ConfigStore, clock: Clock) -> None:
        """Looks for what happened, hands it on, and begins the tries that are due."""
        now, seconds = clock.micros(), clock.monotonic()
        if not self._hooks():
            self._turn = self._plane.snapshot.document.identity_seq
            if seconds - self._forgot >= IDLE_SECONDS:
                self._forgot = seconds
                if not await self._hooks_by_now():
                    await asyncio.to_thread(self._outbox.forget_looks)
                await self._spread(now)
            return
        await self._look(self._hooks(), store, now)
        await self._spread(now)
        if seconds - self._trimmed >= TRIM_SECONDS:
            self._trimmed = seconds
            addressed = await asyncio.to_thread(self._outbox.addressed)
            known = [hook.id for hook in await self._hooks_by_now()]
            await asyncio.to_thread(self._outbox.trim, now, addressed, known)
        await self._begin({hook.id: hook for hook in self._hooks()}, clock)

    def _hooks(self) -> list[Webhook]:
        return [hook for hook, _ in self._plane.webhooks.all()]

    async def _hooks_by_now(self) -> list[Webhook]:
        """With what other gateways on the same store have written so far."""
        if self._plane.store.shared:
            await self._plane.follow(told=False)
        return self._hooks()

    async def _spread(self, now: int) -> None:
        """Hands on what happened. Who wants it is asked after it is read, so that nobody is passed over."""
        while found := await asyncio.to_thread(self._outbox.happened):
            await asyncio.to_thread(self._outbox.spread, found, await self._hooks_by_now(), now)

    async def _look(self, hooks: list[Webhook], store: ConfigStore, now: int) -> None:
        snapshot = self._plane.snapshot
        newest = snapshot.document.identity_seq
        if self._turn is None:
            last = await asyncio.to_thread(self._watch.last_turn)
            self._turn = last if last is not None else self._begun
        turns = store.turns_since(self._turn) if newest > self._turn else []
        await asyncio.to_thread(self._watch.look, hooks, snapshot, turns, now)
        self._turn = max(self._turn, newest)

    async def _begin(self, hooks: dict[str, Webhook], clock: Clock) -> None:
        busy = Counter(self._trying.values())
        room = {name: PER_WEBHOOK - busy[name] for name in hooks if busy[name] < PER_WEBHOOK}
        for one in await asyncio.to_thread(self._outbox.claim, clock.micros(), room):
            task = asyncio.get_running_loop().create_task(self._try(hooks[one.webhook], one))
            self._trying[task] = one.webhook
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._trying.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery failed on our side and is tried again", exc_info=error)

    async def _try(self, hook: Webhook, one: Delivery) -> None:
        outcome = await self._send(hook, one)
        await asyncio.to_thread(self._outbox.settle, one, outcome)


class Sender:
    """One try of a delivery."""

    def __init__(self, client: Client, vault: Vault, clock: Clock) -> None:
        self._client = client
        self._vault = vault
        self._clock = clock

    async def __call__(self, hook: Webhook, one: Delivery) -> Outcome:
        """How it ended, and when the next one is to be."""
        status, trouble = None, None
        try:
            status = await self._post(hook, one)
        except TransportError as error:
            trouble = f"{error.fault.value}: {error.reason}"
        except GatewayError as error:
            trouble = error.public
        now = self._clock.micros()
        if status is not None and 200 <= status < 300:
            return Outcome(State.DELIVERED, now, answered=status)
        if status is not None and trouble is None:
            trouble = f"it answered {status}"
        if status == _GONE or one.attempts >= ATTEMPTS:
            log.warning("webhook %s: %s was given up after %d tries: %s", hook.id, one.event_id, one.attempts, trouble)
            return Outcome(State.FAILED, now, answered=status, trouble=trouble)
        wait = backoff(one.attempts, random.random())  # noqa: S311 - so that not all come back at once
        return Outcome(State.PENDING, now, now + round(wait * 1_000_000), status, trouble)

    async def _post(self, hook: Webhook, one: Delivery) -> int:
        parts = urlsplit(hook.url)
        origin = Origin(parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme])
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        answer = await self._client.open(
            origin, b"POST", target.encode(), self._headers(hook, one), one.body.encode(), TIMEOUTS
        )
        try:
            await answer.read_all(MOST_ANSWER)
        except TransportError as error:
            # Its status is known, and that is all that matters.
            log.debug("webhook %s: the rest of an answer did not come: %s", hook.id, error.reason)
        finally:
            answer.close()
        return answer.status

    def _headers(self, hook: Webhook, one: Delivery) -> list[tuple[bytes, bytes]]:
        now = self._clock.micros()
        secrets = [self._vault.open(sealed) for sealed in hook.signing(now)]
        if not secrets:
            raise TransportError(Fault.REFUSED, "the webhook has no secret to sign with", sent=False)
        said = {
            "content-type": "application/json",
            "user-agent": f"gatepost/{VERSION}",
            "x-gatepost-event": one.topic,
            "x-gatepost-event-id": one.event_id,
            "x-gatepost-attempt": str(one.attempts),
            "x-gatepost-signature": signature(secrets, now // 1_000_000, one.body.encode()),
        }
        return [(name.encode(), value.encode()) for name, value in said.items()]
