"""Looks for what webhooks want to know and no entry of the journal says: budgets that fill up, keys that people pause,
escalations that nobody decided, errors that spike. It looks at what is stored, and notes what it told with it: a kill
loses nothing and tells nothing twice.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from gatepost_gateway.domain.limits import Budget, Reach, Scope, period_of
from gatepost_gateway.domain.money import usd
from gatepost_gateway.domain.snapshot import KeyState, Snapshot
from gatepost_gateway.domain.webhooks import Happening, Topic, Webhook, event_id
from gatepost_gateway.storage.config import KeyTurned
from gatepost_gateway.storage.happenings import json_of, of_expiry
from gatepost_gateway.storage.outbox import Outbox
from gatepost_gateway.storage.records import Records

SLOW_MICROS = 5_000_000
"""Between two looks at what changes with the clock alone."""
SPIKING = "spiking"

Turns = Sequence[tuple[int, int, str, KeyTurned]]
_KEY_TOPICS = {KeyState.PAUSED: Topic.KEY_PAUSED, KeyState.ACTIVE: Topic.KEY_RESUMED}


class _Found(Struct):
    """What one look found, what is told by it, and what must not have been told meanwhile by another gateway."""

    happenings: list[Happening]
    told: dict[str, str]
    known: dict[str, str]


class Watch:
    """`look` runs in a thread; everything else about it too."""

    def __init__(self, records: Records, outbox: Outbox) -> None:
        self._records = records
        self._outbox = outbox
        self._slow_at = 0
        self._identities = ""
        self._seen: tuple[int, frozenset[int]] | None = None
        """The configuration and the thresholds that every budget was held against; since then only changes count."""

    def look(self, hooks: Sequence[Webhook], snapshot: Snapshot, turns: Turns, now: int) -> None:
        """`turns`: of keys, after the last one that was looked at."""
        found = _Found([], {}, {})
        seen = (snapshot.version, frozenset(number for hook in hooks for number in hook.thresholds))
        touched, full = self._records.touched(), seen != self._seen
        # Until this look is stored, the next one must be a whole one.
        self._seen = None
        self._budgets(found, snapshot, seen[1], None if full else touched, now)
        _keys(found, snapshot, turns)
        identities = str(snapshot.document.identity_seq)
        if identities != self._identities:
            found.told["identities"] = identities
        if now - self._slow_at >= SLOW_MICROS:
            self._slow_at = now
            self._escalations(found, now)
            for hook in hooks:
                self._errors(found, hook, now)
        if (found.happenings or found.told) and not self._outbox.happen(found.happenings, found.told, now, found.known):
            self._slow_at = 0
            return
        self._identities, self._seen = identities, seen

    def last_turn(self) -> int | None:
        """The last entry of the log of identities that was looked at; None: none was ever."""
        said = self._outbox.told(["identities"]).get("identities")
        self._identities = said or ""
        return int(said) if said is not None else None

    def _budgets(
        self, found: _Found, snapshot: Snapshot, thresholds: frozenset[int], touched: set[str] | None, now: int
    ) -> None:
        """`touched`: the accounts that were spent from; None: look at every one."""
        if touched is None:
            touched = set(self._records.settled_now(now))
        if not touched or not thresholds:
            return
        budgets = _budgets_of(snapshot)
        crossed: dict[str, Happening] = {}
        for name, amount in self._records.settled(touched).items():
            budget = budgets.get(name.partition("@")[0].partition(" ")[0])
            if budget is None or not _is_now(name, budget[1], now):
                continue
            project = _project(budget[0], name.rpartition("@")[0], snapshot.keys.get)
            for threshold in thresholds:
                if amount * 100 >= budget[1].limit * threshold:
                    crossed[f"budget {name} {threshold}"] = _crossed(name, amount, threshold, budget, project, now)
        known = self._outbox.told(crossed) if crossed else {}
        new = {name: one for name, one in crossed.items() if name not in known}
        found.happenings += sorted(new.values(), key=lambda one: one.data)
        found.told |= dict.fromkeys(new, "")

    def _escalations(self, found: _Found, now: int) -> None:
        since = self._outbox.told(["escalations"]).get("escalations")
        if since is not None:
            found.happenings += [of_expiry(one) for one in self._outbox.expired(int(since), now)]
        found.told["escalations"] = str(now)

    def _errors(self, found: _Found, hook: Webhook, now: int) -> None:
        if not any(hook.wants(topic, hook.project or "") for topic in (Topic.ERRORS_SPIKED, Topic.ERRORS_CALMED)):
            return
        rules, name = hook.error_spikes, f"{SPIKING} {hook.id}"
        counts = self._outbox.errors((now // 60_000_000 - rules.minutes + 1) * 60)
        known = self._outbox.told([name]).get(name, "")
        before = set(filter(None, known.split("\n")))
        spiking = set(before)
        for project in {*counts, *before}:
            calls, errors = counts.get(project, (0, 0))
            if hook.project not in (None, project):
                continue
            if project not in before and calls >= rules.calls and errors >= rules.share * calls:
                spiking.add(project)
                topic = Topic.ERRORS_SPIKED
            elif project in before and errors <= rules.calm_share * calls:
                spiking.discard(project)
                topic = Topic.ERRORS_CALMED
            else:
                continue
            data = {
                "calls": calls,
                "errors": errors,
                "share": errors / calls if calls else 0.0,
                "minutes": rules.minutes,
            }
            what = f"{hook.id}\0{project}\0{now}"
            found.happenings.append(Happening(event_id(topic, what), now, topic, project, json_of(data), hook.id))
        if spiking != before:
            found.told[name] = "\n".join(sorted(spiking))
            # Nothing but the moment tells one spike from the next, and two gateways look at two moments.
            found.known[name] = known


def _keys(found: _Found, snapshot: Snapshot, turns: Turns) -> None:
    for number, at, by, turn in turns:
        key = snapshot.keys.get(turn.id)
        topic = _KEY_TOPICS.get(turn.state)
        if key is not None and topic is not None:
            data = {"key_id": key.id, "name": key.name, "org": key.org, "proxy": key.proxy, "by": by}
            found.happenings.append(Happening(event_id(topic, str(number)), at, topic, key.project, json_of(data)))


def _budgets_of(snapshot: Snapshot) -> dict[str, tuple[Reach, Budget]]:
    """By the id of the limit, with which the names of its accounts begin."""
    own = {
        budget.id: (Reach(Scope.PROJECT, match=project.id, project=project.id), budget)
        for project in snapshot.projects.values()
        for budget in project.budgets
    }
    scoped = {budget.id: (one.reach, budget) for one in snapshot.document.budgets for budget in one.budgets}
    return {name: one for name, one in (own | scoped).items() if one[1].limit > 0}


def _is_now(account: str, budget: Budget, now: int) -> bool:
    return account.rpartition("@")[2] == period_of(budget.period, now)


def _crossed(
    account: str, amount: int, threshold: int, line: tuple[Reach, Budget], project: str, now: int
) -> Happening:
    reach, budget = line
    data = {
        "threshold": threshold,
        "limit_id": budget.id,
        "account": account,
        "scope": reach.label,
        "match": reach.match,
        "period": account.rpartition("@")[2],
        "limit_usd": usd(budget.limit),
        "settled_usd": usd(amount),
    }
    return Happening(event_id(Topic.BUDGET, f"{account}\0{threshold}"), now, Topic.BUDGET, project, json_of(data))


def _project(reach: Reach, account: str, key_of: Callable[[str], Any]) -> str:
    """Whose budget it is; "": of more than one project."""
    if reach.project is not None:
        return reach.project
    subject = account.partition(f" for {reach.label} ")[2]
    if reach.scope is Scope.PROJECT:
        return reach.match or subject
    if reach.scope is Scope.KEY:
        key = key_of(reach.match or subject)
        return key.project if key is not None else ""
    return account.partition(" for ")[0].partition(" in ")[2]
