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
from gatepost_gateway.domain.governance import Ruling
from gatepost_gateway.domain.ports import Recorder
from gatepost_gateway.domain.records import Admitted, Escalated
from gatepost_gateway.domain.snapshot import Snapshot
from gatepost_gateway.pipeline.call import Call

MOST = 20_000
"""Waiting requests that are known to be the same when they come again; beyond it the oldest get a second escalation."""


class Escalations:
    """`salt` keys the fingerprints."""

    def __init__(self, recorder: Recorder, clock: Clock, salt: bytes) -> None:
        self._recorder = recorder
        self._clock = clock
        self._salt = salt
        self._waiting: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._used: dict[str, int] = {}

    def admit(self, call: Call) -> bool:
        """Whether a person approved this very request. Its approval is used up unless it is given back."""
        verdict = call.snapshot.verdicts.get(self.fingerprint(call))
        now = self._clock.micros()
        if verdict is None or not verdict.approved or verdict.until <= now or verdict.escalation_id in self._used:
            return False
        self._used = {id: until for id, until in self._used.items() if until > now}
        self._used[verdict.escalation_id] = verdict.until
        call.admitted = verdict.escalation_id
        return True

    def write(self, call: Call) -> None:
        """An admitted call goes on: its approval is used up for good, also after a restart. Before anything is sent."""
        if call.admitted is not None:
            self._recorder.append(Admitted(call.admitted, call.record.step_id, self._clock.micros()))

    def give_back(self, call: Call) -> None:
        """The call ended before anything was written or sent."""
        if call.admitted is not None and not call.opened:
            self._used.pop(call.admitted, None)

    def hold(self, call: Call, ruling: Ruling, phase: str) -> Refused:
        """Writes down that the call waits for a person; what its caller hears."""
        now, mark = self._clock.micros(), self.fingerprint(call)
        denied = call.snapshot.verdicts.get(mark)
        if denied is not None and not denied.approved and denied.until > now:
            return _refusal(ruling, denied.escalation_id, "a person has denied this request")
        known = self._waiting.get(mark)
        if known is None or known[1] <= now or _judged(call.snapshot, mark, known[0]):
            known = (ids.new(), now + call.snapshot.document.escalation_life)
            self._recorder.append(self._entry(call, ruling, phase, known, mark, now))
            self._remember(mark, known)
        return _refusal(ruling, known[0], "this request waits for a person to approve it")

    def fingerprint(self, call: Call) -> str:
        """Computed once a call, and only for calls that a rule escalates."""
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

    def _entry(self, call: Call, ruling: Ruling, phase: str, known: tuple[str, int], mark: str, now: int) -> Escalated:
        record = call.record
        rule = ruling.rule or "policy"
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
            rule=rule,
            kind=next((one.kind for one in ruling.decisions if one.rule == rule), ""),
            phase=phase,
            config_version=record.config_version,
            proxy=record.proxy,
            user=record.user,
            request_id=record.request_id,
            session_id=record.session_id,
            surface=record.surface,
            model=record.model_asked,
            message=ruling.reason,
        )

    def _remember(self, mark: str, known: tuple[str, int]) -> None:
        self._waiting[mark] = known
        self._waiting.move_to_end(mark)
        while len(self._waiting) > MOST:
            self._waiting.popitem(last=False)


def _judged(snapshot: Snapshot, mark: str, escalation_id: str) -> bool:
    """Whether the escalation was decided, and its decision is used up or over: the request needs a new one."""
    verdict = snapshot.verdicts.get(mark)
    return verdict is not None and verdict.escalation_id == escalation_id


def _refusal(ruling: Ruling, escalation_id: str, words: str) -> Refused:
    return Refused(f"{words} (escalation {escalation_id})", rule=ruling.rule or "policy", code=Code.ESCALATION_REQUIRED)
