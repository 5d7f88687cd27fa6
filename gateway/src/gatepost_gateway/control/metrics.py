"""`/v1/metrics`, `/api/v1/usage`, `/api/v1/retention`: what was added up, for those who pay and those who watch."""

import csv
import io
from collections.abc import Iterable

from msgspec import Struct, structs

from gatepost_gateway.control import answers
from gatepost_gateway.control.endpoint import Access, Answer, Asked, Endpoint, House, Parameter
from gatepost_gateway.control.records import MetricSource
from gatepost_gateway.domain.clock import DAY_MICROS, from_iso, iso
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden, GatewayFault
from gatepost_gateway.domain.money import NANO, usd
from gatepost_gateway.storage import histogram
from gatepost_gateway.storage.metrics import Cohort
from gatepost_gateway.storage.tally import DAY, HOUR, MINUTE, Sums

RANGES = {"1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
GRANULARITIES = {"minute": MINUTE, "hour": HOUR, "day": DAY}
GROUPS = ("provider", "model", "user", "status", "feature", "key")
SHARED = ("model", "user", "feature", "org", "project")
MOST_GROUPS = 100
MOST_POINTS = 3000
LONGEST = 800 * DAY
UNKNOWN = "unknown"
_SECOND = 1_000_000

WINDOW = (
    Parameter("range", ", ".join(RANGES) + "; 24h unless told"),
    Parameter("from", "RFC 3339 with a zone, included; in place of `range`, together with `to`"),
    Parameter("to", "RFC 3339 with a zone, not included"),
    Parameter("project", "an administrator may name one; a runtime key sees its own"),
)
FORMAT = Parameter("format", "`json`, or `csv` for a table")


class Window(Struct, frozen=True):
    """Seconds since the epoch, and the projects that are looked at. `scope` and its id as they are shown."""

    start: int
    end: int
    projects: tuple[str, ...]
    scope: str
    scope_id: str


async def metrics(house: House, asked: Asked) -> Answer:
    said = dict(asked.query)
    window = _window(house, asked, said)
    name = _group(house, said.get("group_by", "provider"), GROUPS)
    grain = _grain(said.get("granularity"), window)
    told = await source(house).told(window.projects, window.start, window.end, name, grain)
    page = answers.Metrics(
        scope=window.scope,
        scope_id=window.scope_id,
        range_from=iso(window.start * _SECOND),
        range_to=iso(window.end * _SECOND),
        group_by=said.get("group_by", "provider"),
        granularity=next(word for word, seconds in GRANULARITIES.items() if seconds == grain),
        totals=_totals(told.totals),
        breakdown=[_group_line(value, sums) for value, sums in _largest(told.groups)],
        timeseries=[_point(one.start, one.sums) for one in told.series],
    )
    if _format(said) == "csv":
        return _csv([structs.asdict(one) for one in page.breakdown])
    return Answer(page)


async def usage(house: House, asked: Asked) -> Answer:
    said = dict(asked.query)
    window = _window(house, asked, said)
    word = said.get("group_by", "model")
    if word in ("org", "project"):
        groups = await source(house).by_project(window.projects, window.start, window.end)
        if word == "org":
            groups = _by_org(house, groups)
    else:
        name = _group(house, word, SHARED)
        told = await source(house).told(window.projects, window.start, window.end, name, DAY)
        groups = told.groups
    lines = [_usage_line(value, sums) for value, sums in _largest(groups, most=len(groups))]
    if _format(said) == "csv":
        return _csv([structs.asdict(line) for line in lines])
    total = Sums()
    for sums in groups.values():
        total.add(sums)
    page = answers.UsagePage(
        range_from=iso(window.start * _SECOND),
        range_to=iso(window.end * _SECOND),
        group_by=word,
        total=_usage_line("", total),
        items=lines,
    )
    return Answer(page)


async def retention(house: House, asked: Asked) -> Answer:
    said = dict(asked.query)
    window = _window(house, asked, {"range": "30d", **said} if "from" not in said else said)
    word = said.get("period", "day")
    if word not in ("day", "week"):
        raise _invalid("`period` is `day` or `week`")
    if len(window.projects) != 1:
        raise _invalid("cohorts are those of one project: name it with `project`")
    length = 1 if word == "day" else 7
    feature = said.get("feature", "")
    first, last = window.start // DAY, (window.end - 1) // DAY
    cohorts = await source(house).cohorts(window.projects[0], feature, first, last, length)
    lines = [_cohort(one) for one in cohorts]
    if _format(said) == "csv":
        return _csv([{"cohort": one.cohort, "size": one.size, **_numbered(one.active)} for one in lines])
    return Answer(answers.RetentionPage(window.projects[0], feature or None, word, lines))


def source(house: House) -> MetricSource:
    """Raises GatewayFault (503) where there are no records."""
    if house.records is None:
        raise GatewayFault("the records are not at hand", code=Code.RECORDS_UNAVAILABLE, status=503)
    return house.records.metrics


def _window(house: House, asked: Asked, said: dict[str, str]) -> Window:
    now = house.clock.micros() // _SECOND
    if "from" in said or "to" in said:
        if "range" in said:
            raise _invalid("`range` goes without `from` and `to`")
        start, end = _moment("from", said.get("from")), _moment("to", said.get("to"))
    else:
        length = RANGES.get(said.get("range", "24h"))
        if length is None:
            raise _invalid(f"`range` is one of {', '.join(RANGES)}")
        start, end = now - length, now + 1
    if not start < end <= start + LONGEST:
        raise _invalid("the window must begin before it ends, and be at most 800 days long")
    projects, scope, scope_id = _scope(house, asked, said.get("project"))
    return Window(start, end, projects, scope, scope_id)


def _scope(house: House, asked: Asked, project: str | None) -> tuple[tuple[str, ...], str, str]:
    own = asked.caller.project
    if own is not None and project not in (None, own):
        raise Forbidden(f"this key belongs to project `{own}` and sees no other")
    named = own or project
    if named is not None:
        if named not in house.snapshot.projects:
            raise CallerError(f"there is no project `{named[:80]}`", code=Code.NOT_FOUND, status=404)
        return (named,), "project", named
    # Calls that nobody's key made belong to no project; an administrator sees them as well.
    return (*house.snapshot.projects, ""), "org", "*"


def _moment(name: str, text: str | None) -> int:
    if text is None:
        raise _invalid("`from` and `to` go together")
    # A blank is what a `+` in a query becomes.
    text = text.replace(" ", "+")
    try:
        micros = from_iso(text)
    except (ValueError, OverflowError):
        raise _invalid(f"`{name}` must be a time such as 2027-01-31T00:00:00Z") from None
    if not text.upper().endswith("Z") and "+" not in text[10:] and "-" not in text[10:]:
        raise _invalid(f"`{name}` must name its zone, such as 2027-01-31T00:00:00Z")
    return micros // _SECOND


def _group(house: House, word: str, words: Iterable[str]) -> str:
    if word in words:
        return word
    keys = house.snapshot.document.metadata_keys
    if word.removeprefix("metadata:") in keys:
        return f"metadata:{word.removeprefix('metadata:')}"
    declared = ", ".join(f"`metadata:{key}`" for key in keys) or "a key that `metrics.metadata_keys` declares"
    raise _invalid(f"`group_by` is one of {', '.join(words)}, or {declared}")


def _grain(word: str | None, window: Window) -> int:
    length = window.end - window.start
    if word is None:
        return MINUTE if length <= HOUR + 1 else HOUR if length <= DAY + 1 else DAY
    grain = GRANULARITIES.get(word)
    if grain is None:
        raise _invalid(f"`granularity` is one of {', '.join(GRANULARITIES)}")
    if length // grain > MOST_POINTS:
        raise _invalid(f"that is more than {MOST_POINTS} points: ask for a coarser `granularity`")
    return grain


def _format(said: dict[str, str]) -> str:
    word = said.get("format", "json")
    if word not in ("json", "csv"):
        raise _invalid("`format` is `json` or `csv`")
    return word


def _invalid(words: str) -> CallerError:
    return CallerError(words, code=Code.VALIDATION_FAILED, status=422)


def _by_org(house: House, groups: dict[str, Sums]) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for project, sums in groups.items():
        entry = house.snapshot.projects.get(project)
        found.setdefault(entry.org if entry is not None else "", Sums()).add(sums)
    return found


def _largest(groups: dict[str, Sums], most: int = MOST_GROUPS) -> list[tuple[str, Sums]]:
    """By calls; what nobody named is `unknown`."""
    ordered = sorted(groups.items(), key=lambda one: (-one[1].requests, one[0]))
    return [(value or UNKNOWN, sums) for value, sums in ordered[:most]]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0


def _dollars(nano: int) -> float:
    """For show: what is charged is counted in integers."""
    return nano / NANO


def _mean(sums: Sums) -> float | None:
    return round(sums.micros / sums.timed / 1000, 3) if sums.timed else None


def _totals(sums: Sums) -> answers.Totals:
    def quantile(share: float) -> float | None:
        found = histogram.quantile(sums.buckets, share)
        return None if found is None else round(found / 1000, 3)

    return answers.Totals(
        requests=sums.requests,
        prompt_tokens=sums.prompt,
        completion_tokens=sums.completion,
        total_tokens=sums.prompt + sums.completion,
        cost_usd=_dollars(sums.cost),
        unpriced_requests=sums.unpriced,
        error_rate=_share(sums.errors, sums.requests),
        cache_hit_rate=_share(sums.hits, sums.requests),
        avg_latency_ms=_mean(sums),
        p50_latency_ms=quantile(0.5),
        p95_latency_ms=quantile(0.95),
        p99_latency_ms=quantile(0.99),
        quantile_error=histogram.ERROR,
    )


def _group_line(value: str, sums: Sums) -> answers.MetricGroup:
    return answers.MetricGroup(
        key=value,
        requests=sums.requests,
        total_tokens=sums.prompt + sums.completion,
        cost_usd=_dollars(sums.cost),
        avg_latency_ms=_mean(sums),
        error_rate=_share(sums.errors, sums.requests),
    )


def _point(start: int, sums: Sums) -> answers.MetricPoint:
    return answers.MetricPoint(
        bucket=iso(start * _SECOND),
        requests=sums.requests,
        total_tokens=sums.prompt + sums.completion,
        cost_usd=_dollars(sums.cost),
        error_rate=_share(sums.errors, sums.requests),
    )


def _usage_line(value: str, sums: Sums) -> answers.UsageLine:
    return answers.UsageLine(
        key=value,
        requests=sums.requests,
        prompt_tokens=sums.prompt,
        completion_tokens=sums.completion,
        revenue=usd(sums.revenue),
        cost=usd(sums.cost),
        margin=usd(sums.revenue - sums.cost),
        unpriced_requests=sums.unpriced,
    )


def _cohort(one: Cohort) -> answers.CohortLine:
    shares = [_share(count, one.size) for count in one.active]
    return answers.CohortLine(iso(one.start * DAY_MICROS)[:10], one.size, list(one.active), shares)


def _numbered(active: list[int]) -> dict[str, int]:
    return {f"period_{number}": count for number, count in enumerate(active)}


def _csv(rows: list[dict[str, object]]) -> Answer:
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = csv.DictWriter(text, names, lineterminator="\r\n")
    table.writeheader()
    table.writerows({name: _safe(value) for name, value in row.items()} for row in rows)
    return Answer(text.getvalue(), media="text/csv; charset=utf-8")


def _safe(value: object) -> object:
    """A cell that a spreadsheet takes for a formula is text: callers choose the names of groups."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/metrics",
        metrics,
        Access.READER,
        "Calls, tokens, cost and latency: in all, by a group, over time",
        answer=answers.Metrics,
        query=(
            *WINDOW,
            Parameter("group_by", ", ".join(GROUPS) + ", or `metadata:<key>`; provider unless told"),
            Parameter("granularity", ", ".join(GRANULARITIES) + "; by the length of the window unless told"),
            FORMAT,
        ),
    ),
    Endpoint(
        "GET",
        "/api/v1/usage",
        usage,
        Access.READER,
        "Revenue, cost and margin by model, user, feature, project, org or a declared metadata key",
        answer=answers.UsagePage,
        query=(*WINDOW, Parameter("group_by", ", ".join(SHARED) + ", or `metadata:<key>`"), FORMAT),
    ),
    Endpoint(
        "GET",
        "/api/v1/retention",
        retention,
        Access.READER,
        "Of the users who began in a day or a week, how many came back",
        answer=answers.RetentionPage,
        query=(*WINDOW, Parameter("period", "day or week"), Parameter("feature", "of its users alone"), FORMAT),
    ),
)
