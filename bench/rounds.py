"""The order of things: every target runs at once, and each round calls them in turn in every cell."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from bench.measure import CELLS, Bench, Cell, measure, memory, warm
from bench.results import Result, TargetFacts
from bench.running import Running, running
from bench.targets import Target, UnavailableError

Say = Callable[[str], None]


class Plan:
    """What to measure, and how long."""

    def __init__(self, *, rounds: int, seconds: float, warm_share: float, marks: tuple[int, ...]) -> None:
        """Keeps the numbers."""
        self.rounds = rounds
        self.seconds = seconds
        self.warm_share = warm_share
        self.marks = marks


def prepare(targets: Sequence[Target], result: Result, say: Say) -> list[Target]:
    """Installs what is missing; what cannot be had is noted in the result with the reason."""
    ready: list[Target] = []
    for target in targets:
        facts = TargetFacts(target.name)
        result.targets.append(facts)
        try:
            facts.version = target.prepare()
        except UnavailableError as error:
            facts.skipped = str(error)
            say(f"{target.name}: skipped, {error}")
            continue
        say(f"{target.name}: {facts.version}")
        ready.append(target)
    return ready


def start_all(bench: Bench, ready: Sequence[Target], result: Result, stack: ExitStack, say: Say) -> list[Running]:
    """Starts every target; one that does not answer is noted as failed, and so is a mode that does not work."""
    started: list[Running] = []
    for target in ready:
        facts = facts_of(result, target.name)
        try:
            place = running(target, bench.provider.port, bench.placement.target)
            live = stack.enter_context(place)
        except UnavailableError as error:
            facts.failed["plain"] = facts.failed["stream"] = str(error)
            say(f"{target.name}: FAILED, {error}")
            continue
        facts.failed.update(live.failed)
        for mode, problem in live.failed.items():
            say(f"{target.name}: {mode} FAILED, {problem}")
        started.append(live)
    return started


def facts_of(result: Result, name: str) -> TargetFacts:
    """Returns the facts of a target in a result."""
    return next(facts for facts in result.targets if facts.name == name)


def _rotated(started: Sequence[Running], by: int) -> list[Running]:
    """Returns the targets in another order for every round, so that none always follows the same one."""
    cut = by % len(started)
    return [*started[cut:], *started[:cut]]


def measure_all(bench: Bench, started: Sequence[Running], plan: Plan, result: Result, say: Say) -> None:
    """Warms every target, then goes through the rounds."""
    for live in started:
        facts_of(result, live.target.name).idle_core = warm(bench, live, plan.warm_share)
    for number in range(plan.rounds):
        for cell in CELLS:
            for live in _rotated(started, number):
                if cell.mode not in live.failed:
                    _one(bench, live, cell, plan, number, result)
        say(f"round {number + 1} of {plan.rounds} done")


def _one(bench: Bench, live: Running, cell: Cell, plan: Plan, number: int, result: Result) -> None:
    idle = facts_of(result, live.target.name).idle_core
    run = measure(bench, live, cell, plan.seconds, idle)
    run.round = number
    result.runs.append(run)


def weigh_all(bench: Bench, ready: Sequence[Target], plan: Plan, result: Result, say: Say) -> None:
    """Starts each target afresh and reads its memory after so many calls."""
    for target in ready:
        say(f"memory of {target.name}")
        try:
            with running(target, bench.provider.port, bench.placement.target) as live:
                result.memory.extend(memory(bench, live, plan.marks))
        except UnavailableError as error:
            say(f"{target.name}: no memory figures, {error}")
