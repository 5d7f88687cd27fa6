"""Turns a result file into the tables of bench/README.md."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from bench.bodies import STREAM_EVENTS
from bench.figures import median
from bench.measure import CELLS, FOREIGN_LIMIT, Cell
from bench.results import AdminRun, Result, Run, TargetFacts

BEGIN = "<!-- tables: begin, written by `python bench/run.py --table` -->"
END = "<!-- tables: end -->"
DAGGER = "†"

Value = Callable[[Run], float]


class Figure(NamedTuple):
    """A median with its extremes."""

    value: float
    lowest: float
    highest: float
    disturbed: bool


def clean(runs: list[Run]) -> tuple[list[Run], bool]:
    """Returns the undisturbed runs when they are the majority, else all, and whether that was so."""
    quiet = [run for run in runs if run.foreign_cores <= FOREIGN_LIMIT]
    if len(quiet) * 2 > len(runs):
        return quiet, False
    return runs, True


def figure(runs: list[Run], value: Value) -> Figure | None:
    """Returns the median of a value over the runs that answered anything."""
    chosen, disturbed = clean([run for run in runs if run.calls])
    if not chosen:
        return None
    values = [value(run) for run in chosen]
    return Figure(median(values), min(values), max(values), disturbed)


def of_cell(result: Result, target: str, cell: Cell) -> list[Run]:
    """Returns the runs of a target in a cell."""
    return [
        run for run in result.runs if run.target == target and run.mode == cell.mode and run.clients == cell.clients
    ]


def added(result: Result, runs: list[Run], cell: Cell, value: Value, base: str = "direct") -> Figure | None:
    """Returns the median of what a value is above the base's, round by round: both then had the same machine."""
    floor = {run.round: value(run) for run in of_cell(result, base, cell) if run.calls}
    paired = [run for run in runs if run.round in floor]
    return figure(paired, lambda run: value(run) - floor[run.round])


def number(value: float) -> str:
    """Returns a number with three digits that count, or as an integer."""
    size = abs(value)
    if size >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def shown(found: Figure | None, *, spread: bool = False) -> str:
    """Returns a figure as it stands in a table."""
    if found is None:
        return "-"
    text = number(found.value) + (DAGGER if found.disturbed else "")
    if spread and found.highest > found.lowest:
        text += f" [{number(found.lowest)}-{number(found.highest)}]"
    return text


def grid(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Returns a Markdown table."""
    names = list(head)
    lines = [names, ["---"] + ["---:"] * (len(names) - 1), *[list(row) for row in rows]]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _over(one: Figure | None, other: Figure | None) -> str:
    return "-" if not one or not other or not other.value else f"{one.value / other.value:.1f}"


def _both(runs: list[Run], first: Value, second: Value) -> str:
    return f"{shown(figure(runs, first))} / {shown(figure(runs, second))}"


def _pair(result: Result, runs: list[Run], cell: Cell, first: Value, second: Value) -> str:
    return f"{shown(added(result, runs, cell, first))} / {shown(added(result, runs, cell, second))}"


def _plain_row(result: Result, facts: TargetFacts, cell: Cell) -> list[str]:
    runs = of_cell(result, facts.name, cell)
    cost = figure(runs, lambda run: run.cpu_us)
    floor = figure(of_cell(result, "nginx", cell), lambda run: run.cpu_us)
    gateway = facts.name != "direct"
    return [
        facts.name,
        shown(cost, spread=True) if gateway else "-",
        _over(cost, floor) if gateway else "-",
        shown(figure(runs, lambda run: run.calls_per_second)),
        _both(runs, lambda run: run.p50_us, lambda run: run.p99_us),
        _pair(result, runs, cell, lambda run: run.p50_us, lambda run: run.p99_us) if gateway else "-",
    ]


def _event_cost(run: Run) -> float:
    return run.cpu_us / STREAM_EVENTS


def _stream_row(result: Result, facts: TargetFacts, cell: Cell) -> list[str]:
    runs = of_cell(result, facts.name, cell)
    cost = figure(runs, _event_cost)
    gateway = facts.name != "direct"
    above = shown(added(result, runs, cell, _event_cost, "nginx"), spread=True)
    return [
        facts.name,
        shown(cost, spread=True) if gateway else "-",
        above if gateway and facts.name != "nginx" else "-",
        shown(figure(runs, lambda run: run.cpu_us)) if gateway else "-",
        _both(runs, lambda run: run.first_event_p50_us, lambda run: run.lateness_p50_us),
        _pair(result, runs, cell, lambda run: run.first_event_p50_us, lambda run: run.first_event_p99_us)
        if gateway
        else "-",
        _pair(result, runs, cell, lambda run: run.lateness_p50_us, lambda run: run.lateness_p99_us) if gateway else "-",
    ]


_PLAIN_HEAD = ("target", "CPU µs a call", "x nginx", "calls/s", "p50 / p99 µs", "added p50 / p99 µs")
_STREAM_HEAD = (
    "target",
    "CPU µs an event",
    "above nginx",
    "CPU µs a stream",
    "first event / any event, p50 µs",
    "first event, added p50 / p99 µs",
    "any event, added p50 / p99 µs",
)


def _cell_table(result: Result, cell: Cell) -> str:
    clients = "1 client" if cell.clients == 1 else f"{cell.clients} clients"
    title = f"Streams of {STREAM_EVENTS} events, {clients}" if cell.stream else f"Plain calls, {clients}"
    head = _STREAM_HEAD if cell.stream else _PLAIN_HEAD
    rows: list[list[str]] = []
    for facts in result.targets:
        if facts.skipped:
            continue
        if cell.mode in facts.failed:
            rows.append([facts.name, "failed", *["-"] * (len(head) - 2)])
        else:
            rows.append((_stream_row if cell.stream else _plain_row)(result, facts, cell))
    return f"### {title}\n\n{grid(head, rows)}"


def _shares(result: Result) -> str:
    rows: list[list[str]] = []
    for cell in CELLS:
        runs, _ = clean([run for run in of_cell(result, "gatepost", cell) if run.calls])
        names = dict.fromkeys(share.process for run in runs for share in run.shares)
        for name in names:
            used = [sum(share.cpu_us for share in run.shares if share.process == name) for run in runs]
            label = f"{cell.mode}, {cell.clients}"
            rows.append([label, f"`{name}`", number(median(used))])
    if not rows:
        return ""
    return "### Where Gatepost's time goes, by process\n\n" + grid(("calls, clients", "process", "CPU µs a call"), rows)


def _memory(result: Result) -> str:
    if not result.memory:
        return ""
    rows: list[list[str]] = []
    for name in dict.fromkeys(row.target for row in result.memory):
        marks = [row for row in result.memory if row.target == name]
        growth = (marks[-1].rss_mb / marks[0].rss_mb - 1) * 100
        for row in marks:
            last = f"{growth:+.1f} %" if row is marks[-1] and len(marks) > 1 else ""
            rows.append([name, f"{row.calls}", number(row.rss_mb), number(row.pss_mb), f"{row.processes}", last])
    head = ("target", "calls", "RSS MB, all processes", "PSS MB", "processes", "growth")
    return "### Memory\n\n" + grid(head, rows)


def _admin_row(runs: list[AdminRun], placement: str, *, admin: bool, seconds: float) -> list[str]:
    quiet = [run for run in runs if run.foreign_cores <= FOREIGN_LIMIT]
    disturbed = len(quiet) * 2 <= len(runs)
    chosen = runs if disturbed else quiet
    mark = DAGGER if disturbed else ""
    lists = median(run.lists for run in chosen) / seconds
    writes = median(run.writes for run in chosen) / seconds
    return [
        placement,
        "yes" if admin else "no",
        number(median(run.p50_us for run in chosen)) + mark,
        number(median(run.p99_us for run in chosen)) + mark,
        number(lists) if admin else "-",
        number(writes) if admin else "-",
    ]


def _admin(result: Result) -> str:
    if not result.admin:
        return ""
    rows: list[list[str]] = []
    for placement in dict.fromkeys(run.placement for run in result.admin):
        for admin in (False, True):
            runs = [run for run in result.admin if run.placement == placement and run.admin is admin and run.calls]
            if runs:
                rows.append(_admin_row(runs, placement, admin=admin, seconds=result.seconds))
    head = ("gateway on", "admin work", "p50 µs", "p99 µs", "lists of 200/s", "config writes/s")
    notes = {run.note for run in result.admin if run.note}
    return "### Plain calls of 1 client beside admin work\n\n" + grid(head, rows) + _list(sorted(notes))


def _list(lines: Iterable[str]) -> str:
    text = "".join(f"- {line}\n" for line in lines)
    return f"\n{text}" if text else ""


def _notices(result: Result) -> list[str]:
    """Returns everything that a reader must know before believing the tables."""
    lines = [f"{facts.name}: {facts.version}" for facts in result.targets if facts.version]
    lines += [f"{facts.name} was skipped: {facts.skipped}" for facts in result.targets if facts.skipped]
    for facts in result.targets:
        lines += [f"{facts.name}, {mode} calls failed: {why}" for mode, why in facts.failed.items()]
    doubtful = dict.fromkeys(f"{run.target}, {run.mode}, {run.clients}: {run.note}" for run in result.runs if run.note)
    lines += [f"doubtful run, {text}" for text in doubtful]
    marked = sum(run.foreign_cores > FOREIGN_LIMIT for run in result.runs)
    lines.append(f"{marked} of {len(result.runs)} runs had more than {FOREIGN_LIMIT} core of other load")
    return lines


def tables(result: Result) -> str:
    """Returns all tables of a result as Markdown."""
    machine = result.machine
    head = (
        f"{result.date}, commit {result.commit}. {machine.cores} cores of {machine.cpu_model}, {machine.memory_gb} GB, "
        f"{machine.system}, Linux {machine.kernel}, Python {machine.python}; {machine.placement}. "
        f"Median of {result.rounds} interleaved runs of {result.seconds:g} s, [lowest-highest].\n"
    )
    parts = [head + _list(_notices(result)), *[_cell_table(result, cell) for cell in CELLS]]
    parts += [part for part in (_shares(result), _memory(result), _admin(result)) if part]
    return "\n".join(parts)


def into_readme(readme: Path, result: Result, name: str) -> None:
    """Replaces what stands between the markers."""
    text = readme.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme.name} has no markers to write between")
    source = f"From [{name}](results/{name}): "
    readme.write_text(f"{before}{BEGIN}\n\n{source}{tables(result)}\n{END}{after}")
