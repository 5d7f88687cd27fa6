"""`gatepost policy replay`: what a draft of the file would have made of the calls that are recorded."""

import argparse
import re
from pathlib import Path
from typing import Any

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.output import note, say, say_json, table
from gatepost_gateway.control.reach import path_of
from gatepost_gateway.domain.clock import SystemClock, iso
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.settings import read_file

_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_MICROS = {"m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", type=Path, required=True, metavar="FILE", help="the draft: a gatepost.yaml")
    parser.add_argument("--since", default="7d", help="how far back: 30m, 12h, 7d, or a time; 7d unless told")
    parser.add_argument("--project", help="only its calls")
    parser.add_argument("--limit", type=int, default=1000, help="calls that are looked at; 1000 unless told")
    asking.add_arguments(parser)


def run(said: argparse.Namespace) -> int:
    """0 nothing would change, 2 something would, or cannot be told."""
    text = read_file(said.policy)
    body = {"document": text, "name": str(said.policy.resolve()), "since": since(said.since), "limit": said.limit}
    if said.project is not None:
        body["project"] = said.project
    with asking.asking(said) as house:
        page = house.ask("POST", path_of("policies", "replay"), body)
    if said.json:
        say_json(page)
    else:
        say(_lines(page))
        if page["cut"]:
            note(f"there are more calls than {said.limit}: `--limit` looks at more")
    same = page["unchanged"] == page["calls"] and not any(page["rerouted"].values())
    return 0 if same else 2


def since(text: str) -> str:
    """A time as RFC 3339, from one or from a span before now. Raises CallerError."""
    span = _SPAN.fullmatch(text)
    if span is not None:
        return iso(SystemClock().micros() - int(span[1]) * _MICROS[span[2]])
    if "T" not in text:
        raise CallerError(f"`--since {text[:40]}` is neither a span such as 7d nor a time such as 2026-11-20T08:00:00Z")
    return text


def _lines(page: dict[str, Any]) -> list[str]:
    lines = [f"{page['calls']} calls looked at: {page['unchanged']} would end as they did"]
    lines += [
        f"{name}: {page[name]['more']} more, {page[name]['less']} less"
        for name in ("blocked", "escalated", "redacted", "rerouted")
    ]
    lines.append(f"not re-judgeable: {page['not_rejudgeable']}")
    if page["not_judged"]:
        rows = [(one["rule"], one["phase"], one["calls"], one["reason"]) for one in page["not_judged"]]
        lines += ["", *table(("rule", "gate", "calls", "why it cannot be told"), rows)]
    if page["samples"]:
        rows = [
            (one["trace_id"], one["before"], one["after"], one["rule"], "; ".join(one["found"]))
            for one in page["samples"]
        ]
        lines += ["", *table(("trace", "was", "would be", "rule", "found"), rows)]
    return lines
