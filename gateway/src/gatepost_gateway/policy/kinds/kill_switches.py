"""What halts an agent: too many failures of its tools, personal data in an action, an action that looks like an attack.

A session that was halted stays so for a day: none of its calls goes on. What is only checked or simulated halts nobody.
"""

from collections.abc import Iterator
from typing import Any, cast

import msgspec
from msgspec import Struct

from gatepost_gateway.detect import pii
from gatepost_gateway.detect.custom import custom
from gatepost_gateway.detect.expressions import PatternError
from gatepost_gateway.dialects.leaves import open_json
from gatepost_gateway.dialects.members import Malformed
from gatepost_gateway.dialects.tool_uses import results_of
from gatepost_gateway.domain.chain import Unloadable
from gatepost_gateway.domain.findings import Called, Detector, Place, find_all
from gatepost_gateway.domain.governance import Effect
from gatepost_gateway.policy.counting import Account
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.kinds.action_limits import SESSION_SECONDS
from gatepost_gateway.policy.kinds.kind import Toolbox
from gatepost_gateway.policy.rules import Vote

_SURE = 0.7
"""From this score on a finding is personal data."""
SUSPICIOUS = (
    r"(?i)\brm\s{1,4}-[a-z]{0,6}r[a-z]{0,6}\s{1,4}(?:-[a-z-]{1,20}\s{1,4}){0,3}[/~*]",
    r"(?i)\b(?:curl|wget)\b[^|\n]{1,300}\|\s{0,4}(?:sudo\s{1,4})?(?:ba|z|da)?sh\b",
    r"(?i)\bbase64\s{1,4}(?:-d|--decode)\b[^|\n]{0,100}\|\s{0,4}(?:ba|z|da)?sh\b",
    r"(?i)\b(?:drop|truncate)\s{1,4}(?:table|database|schema)\b",
    r"(?i)'\s{0,4}or\s{1,4}'?1'?\s{0,4}=\s{0,4}'?1",
    r"(?:\.\./){2,20}",
    r"/etc/(?:passwd|shadow|sudoers)\b",
    r"\b169\.254\.169\.254\b",
    r"(?i)\bmkfs(?:\.[a-z0-9]{1,10})?\s{1,4}/dev/",
    r"(?i)\bchmod\s{1,4}(?:-R\s{1,4})?777\s{1,4}/",
    r":\(\)\s{0,4}\{\s{0,4}:\|:&\s{0,4}\};:",
    r"(?i)\b(?:bash|sh)\s{1,4}-i\s{1,4}>&\s{0,4}/dev/tcp/",
)
"""What no ordinary action holds: commands that wipe, fetch and run, ways out of a folder, addresses of credentials."""


class KillSwitches(Struct, frozen=True, forbid_unknown_fields=True):
    """`suspicious_patterns` take the place of those that come with the switch."""

    max_errors_before_halt: int | None = None
    halt_on_pii_in_action: bool = False
    halt_on_suspicious_pattern: bool = False
    suspicious_patterns: tuple[str, ...] = SUSPICIOUS

    def __bool__(self) -> bool:
        return self.max_errors_before_halt is not None or self.halt_on_pii_in_action or self.halt_on_suspicious_pattern


class Halting:
    """`name`: of the rule, whose sessions are its own."""

    def __init__(self, name: str, said: KillSwitches, toolbox: Toolbox) -> None:
        """Raises Unloadable."""
        self._name = name
        self._most = said.max_errors_before_halt
        if self._most is not None and self._most < 1:
            raise Unloadable(("kill_switches", "max_errors_before_halt"), "`max_errors_before_halt` is at least 1")
        self._pii: Detector | None = None
        if said.halt_on_pii_in_action:
            kinds = frozenset(pii.GENERAL)
            self._pii = toolbox.detector(("pii", kinds), lambda: pii.pii(kinds))
        self._suspicious = _patterns(said, toolbox) if said.halt_on_suspicious_pattern else None

    def halted(self, facts: Facts) -> Vote | None:
        """At the request gate: whether the session is halted, or its tools have failed once too often."""
        if facts.counting.so_far(self._account(facts, "halted")):
            return Vote(Effect.BLOCK, "this session was halted: its agent may do nothing more", "session_halted")
        if self._most is None:
            return None
        errors = sum(1 for one in results_of(facts.asked) if one.failed or _is_error(one.text))
        account = self._account(facts, "errors")
        if errors:
            facts.counting.add(account, errors)
        if facts.counting.so_far(account) < self._most:
            return None
        return self._halt(facts, f"the tools of this session failed {self._most} times", "too_many_errors")

    def act(self, facts: Facts, calls: tuple[Called, ...]) -> Vote | None:
        """At the response gate: what the model is about to do."""
        if calls and facts.counting.so_far(self._account(facts, "halted")):
            return Vote(Effect.BLOCK, "this session was halted: its agent may do nothing more", "session_halted")
        for call in calls if self._pii is not None or self._suspicious is not None else ():
            for text in _strings(call.arguments):
                if self._pii is not None and any(one.score >= _SURE for one in find_all(self._pii, text)):
                    return self._halt(facts, "an action holds personal data", "pii_in_action")
                if self._suspicious is not None and find_all(self._suspicious, text):
                    return self._halt(facts, "an action looks like an attack", "suspicious_pattern")
        return None

    def _halt(self, facts: Facts, why: str, code: str) -> Vote:
        facts.counting.trip(self._account(facts, "halted"))
        return Vote(Effect.BLOCK, f"{why}: the session is halted", code)

    def _account(self, facts: Facts, what: str) -> Account:
        principal, setting = facts.setting.principal, facts.setting
        session = setting.session_id or principal.key_id
        return f"{principal.project}/{principal.proxy or ''}/{self._name}/{what}/{session}", SESSION_SECONDS


def _patterns(said: KillSwitches, toolbox: Toolbox) -> Detector:
    at = ("kill_switches", "suspicious_patterns")
    if not said.suspicious_patterns:
        raise Unloadable(at, "`suspicious_patterns` is empty: nothing would be suspicious")
    for number, source in enumerate(said.suspicious_patterns):
        try:
            custom("action", "SUSPICIOUS", (source,))
        except PatternError as error:
            raise Unloadable((*at, number), f"this pattern cannot be used: {error}") from None
    own = said.suspicious_patterns
    return toolbox.detector(("suspicious", own), lambda: custom("action", "SUSPICIOUS", own))


def _strings(arguments: str) -> Iterator[str]:
    """The strings of a call's arguments; the text itself where it is not JSON, or is JSON that says a member twice."""
    try:
        leaves = open_json(arguments, Place.TOOL_CALL)
    except Malformed:
        leaves = None
    if leaves is None:
        yield arguments
    else:
        yield from (leaf.text for leaf in leaves)


def _is_error(text: str) -> bool:
    """Whether a result says that its tool failed: it begins so, or is a JSON object with an error."""
    start = text.lstrip()
    if start[:5].casefold() == "error" or start[:9].casefold() == "traceback":
        return True
    if not start.startswith("{"):
        return False
    try:
        said: Any = msgspec.json.decode(start)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return False
    found = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    return any(bool(found.get(name)) for name in ("error", "is_error", "isError"))
