"""Counters as Prometheus reads them: its text format, version 0.0.4 (prometheus.io, "Exposition formats")."""

from collections.abc import Iterable, Mapping

from gatepost_gateway.domain.money import usd
from gatepost_gateway.storage.counters import BOUNDS, Counters, Latency

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]
Sample = tuple[Labels, str]
"""The labels of one series, and its value."""


def family(name: str, kind: str, words: str, samples: Iterable[Sample]) -> str:
    """A metric with its help; nothing where it has no series."""
    lines = [f"{name}{_braced(labels)} {value}" for labels, value in samples]
    return "\n".join([f"# HELP {name} {words}", f"# TYPE {name} {kind}", *lines, ""]) if lines else ""


def gauges(found: Mapping[str, tuple[str, Mapping[Labels, float] | float]]) -> str:
    """By name: what it is, and its value, or its values by their labels."""
    parts: list[str] = []
    for name, (words, value) in found.items():
        values: Mapping[Labels, float] = value if isinstance(value, Mapping) else {(): value}
        parts.append(family(name, "gauge", words, [(labels, f"{one:g}") for labels, one in values.items()]))
    return "".join(parts)


def counted(counters: Counters) -> str:
    """All that was counted since this process began."""
    calls = [((("provider", provider), ("model", model)), one) for (provider, model), one in counters.calls.items()]
    tokens = ("input", "output", "cache_read", "cache_write")
    return "".join(
        (
            family(
                "gatepost_requests_total",
                "counter",
                "Calls by how they ended.",
                [
                    ((*labels, ("status", status.value)), str(count))
                    for labels, one in calls
                    for status, count in one.statuses.items()
                ],
            ),
            family(
                "gatepost_tokens_total",
                "counter",
                "Tokens in disjoint buckets; reasoning is a part of output.",
                [((*labels, ("kind", kind)), str(getattr(one, kind))) for labels, one in calls for kind in tokens],
            ),
            family("gatepost_cost_usd_total", "counter", "Dollars of calls whose price is known.",
                   [(labels, usd(one.cost)) for labels, one in calls]),
            family("gatepost_cache_saved_usd_total", "counter", "Dollars that answers from the cache did not cost.",
                   [(labels, usd(one.saved)) for labels, one in calls]),
            family("gatepost_unpriced_requests_total", "counter", "Calls whose cost nobody knows.",
                   [(labels, str(one.unpriced)) for labels, one in calls]),
            family("gatepost_streams_total", "counter", "Calls that asked for a stream.",
                   [((("provider", provider),), str(count)) for provider, count in counters.streams.items()]),
            family("gatepost_policy_alerts_total", "counter", "Decisions of rules that are alerts.",
                   [((("kind", kind),), str(count)) for kind, count in counters.alerts.items()]),
            family("gatepost_journal_entries_total", "counter", "Entries handed to the journal.",
                   [((), str(counters.entries))]),
            _histogram(counters.latency),
        )
    )  # fmt: skip


def _histogram(found: Mapping[str, Latency]) -> str:
    name = "gatepost_request_latency_ms"
    lines: list[str] = []
    for provider, one in found.items():
        below = 0
        for bound, count in zip((*BOUNDS, "+Inf"), one.counts, strict=True):
            below += count
            lines.append(f"{name}_bucket{_braced((('provider', provider), ('le', str(bound))))} {below}")
        labels = _braced((("provider", provider),))
        lines += (f"{name}_sum{labels} {one.micros / 1000:.3f}", f"{name}_count{labels} {below}")
    words = [f"# HELP {name} Milliseconds of answered calls, from the request's head to the answer's end.",
             f"# TYPE {name} histogram"]  # fmt: skip
    return "\n".join([*words, *lines, ""]) if lines else ""


def _braced(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
