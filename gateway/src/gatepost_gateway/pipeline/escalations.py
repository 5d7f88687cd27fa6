"""Calls that wait for a person: written down when they are held back, and let through once when they are approved.

The same request again while it waits is the same escalation. A request is known by a keyed hash of who asks (the key)
and for what (the canonical JSON of its body, the model, the operation), so that an approval is worth nothing to anybody
else or for anything else. It is used up by the first request that goes on; one that is refused later, before anything
was sent, gives it back.
"""

import hashlib
from collections import OrderedDict

import msgspec

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import Code, Refused
from gatepost_gateway.domain.governance import Decision, Effect, Mode, Phase
from gatepost_gateway.domain.ports import Approvals, Recorder
from gatepost_gateway.domain.records import Admitted, Escalated
from gatepost_gateway.pipeline.call import Call

MOST = 20_000
"""Waiting requests that are known when they come again; of more than that the oldest get a second escalation."""


class Escalations:
    """`salt` keys the fingerprints. `approvals` None: no other gateway acts on them."""

    def __init__(self, recorder: Recorder, clock: Clock, salt: bytes, approvals: Approvals | None = None) -> None:
        self._recorder = recorder
        self._clock = clock
        self._salt = salt
        self._approvals = approvals
        self._waiting: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._used: dict[str, int] = {}

    def admit(self, call: Call) -> None:
        """Lets a call through that a person approved: rules that would escalate it do not. Once."""
        if not call.snapshot.verdicts:
            return
        verdict = call.snapshot.verdicts.get(self._fingerprint(call))
        now = self._clock.micros()
        if verdict is None or not verdict.approved or verdict.until <= now or verdict.escalation_id in self._used:
            return
        self._used = {id: until for id, until in self._used.items() if until > now}
        self._used[verdict.escalation_id] = verdict.until
        call.admitted = verdict.escalation_id

    async def use(self, call: Call) -> None:
        """An admitted call goes on: its approval is used up for good, also after a restart. Before anything is sent.

        Raises Refused when another gateway has let such a request through, GatewayFault (503) when nobody knows.
        """
        if call.admitted is None:
            return
        record = call.record
        if self._approvals is not None and not await self._approvals.admit(call.admitted, record.step_id):
            call.admitted = None
            rule = next((one.rule for one in record.decisions if _escalates(one)), None)
            if rule is not None:
                words = "the approval of this request was used up at another gateway"
                raise Refused(words, rule=rule, code=Code.ESCALATION_REQUIRED)
            return
        self._recorder.append(Admitted(call.admitted, record.step_id, self._clock.micros()))

    def give_back(self, call: Call) -> None:
        """The call ended; if nothing of it was sent, the next one like it may go on."""
        if call.admitted is not None and not call.opened:
            self._used.pop(call.admitted, None)

    def hold(self, call: Call, error: Refused) -> None:
        """Writes down that the call waits for a person, and tells its caller so."""
        if error.code is not Code.ESCALATION_REQUIRED:
            return
        now, mark = self._clock.micros(), self._fingerprint(call)
        verdict = call.snapshot.verdicts.get(mark)
        if verdict is not None and not verdict.approved and verdict.until > now:
            error.escalate(verdict.escalation_id, "a person has denied this request")
            return
        known = self._waiting.get(mark)
        judged = verdict is not None and known is not None and verdict.escalation_id == known[0]
        if known is None or known[1] <= now or judged:
            known = (ids.new(), now + call.snapshot.document.escalation_life)
            self._recorder.append(_entry(call, error, known, mark, now))
            self._remember(mark, known)
        error.escalate(known[0], "this request waits for a person to approve it")

    def _fingerprint(self, call: Call) -> str:
        """Computed once, and only for calls that may have been approved or that a rule escalates."""
        if call.fingerprint is None:
            principal, inbound, asked = call.principal, call.inbound, call.asked
            assert principal is not None
            assert asked is not None
            who = (principal.project, principal.proxy, principal.key_id, inbound.dialect, asked.operation, asked.model)
            body = msgspec.json.encode(msgspec.json.decode(inbound.body), order="sorted")
            hashed = hashlib.blake2b(key=self._salt[:64], digest_size=32, person=b"escalation")
            hashed.update(msgspec.json.encode(who))
            hashed.update(body)
            call.fingerprint = hashed.hexdigest()
        return call.fingerprint

    def _remember(self, mark: str, known: tuple[str, int]) -> None:
        self._waiting[mark] = known
        self._waiting.move_to_end(mark)
        while len(self._waiting) > MOST:
            self._waiting.popitem(last=False)


def _escalates(one: Decision) -> bool:
    return one.effect is Effect.ESCALATE and one.mode is Mode.ENFORCE


def _entry(call: Call, error: Refused, known: tuple[str, int], mark: str, now: int) -> Escalated:
    record = call.record
    said = next((one for one in reversed(record.decisions) if one.rule == error.rule), None)
    decision = said or Decision(error.rule, "", Phase.REQUEST.value, Mode.ENFORCE, None)
    return Escalated(
        id=known[0],
        at=now,
        expires_at=known[1],
        fingerprint=mark,
        step_id=record.step_id,
        trace_id=record.trace_id,
        org=record.org or "",
        project=record.project or "",
        key_id=record.key_id or "",
        rule=error.rule,
        kind=decision.kind,
        phase=decision.phase,
        config_version=record.config_version,
        proxy=record.proxy,
        user=record.user,
        request_id=record.request_id,
        session_id=record.session_id,
        surface=record.surface,
        model=record.model_asked,
        reason=decision.code,
        message=error.public,
    )
