"""`gatepost explain ID`: the story of a trace, call by call, with the arithmetic of its money."""

import argparse
from decimal import Decimal
from typing import Any

import msgspec

from gatepost_gateway.cli import asking
from gatepost_gateway.cli.output import say, say_json
from gatepost_gateway.control.reach import path_of

_BUCKETS = (
    ("input", "input_cost_per_1k", "fresh input"),
    ("cache_read", "cache_read_cost_per_1k", "input read from the cache"),
    ("cache_write", "cache_write_cost_per_1k", "input written to the cache"),
    ("output", "output_cost_per_1k", "output"),
)
Step = dict[str, Any]
_OF_TOOLS = ("tool_call", "tool_result")
_SHOWN = 2000
"""Characters of a body that are shown; `--json` shows all of it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="of a trace")
    parser.add_argument("--step", help="of one of its steps: only that")
    asking.add_arguments(parser)


def run(said: argparse.Namespace) -> int:
    with asking.asking(said) as house:
        page = house.get(path_of("traces", said.id))
    if said.step is not None:
        page["steps"] = [one for one in page["steps"] if one["id"] == said.step]
    if said.json:
        say_json(page)
        return 0
    lines = [
        f"Trace {page['id']} is {page['status']}; it began {page['created_at']} in project {page['project']}.",
        f"{page['step_count']} steps, {page['total_latency_ms']} ms, {_sum(page)}.",
    ]
    for number, one in enumerate(page["steps"], start=1):
        lines += ["", *(f"{line}" for line in story(one, number))]
    say(lines)
    return 0


def _sum(page: dict[str, Any]) -> str:
    unpriced = f", {page['unpriced_steps']} steps without a known price" if page["unpriced_steps"] else ""
    return ("the cost is not known" if page["total_cost"] is None else f"{page['total_cost']} USD") + unpriced


def story(step: Step, number: int) -> list[str]:
    """One step, in sentences."""
    if step["kind"] == "log":
        return [f"{number}. Event `{step['name']}` at {step['created_at']}: {step['data']}"]
    first = f"{number}. {_what(step)} by {step['surface']} at {step['created_at']}: {_end(step)}"
    return [
        first,
        *(f"   {line}" for part in (_who, _said, _route, _rules, _money, _times) for line in part(step)),
    ]


def _what(step: Step) -> str:
    """What kind of thing it was. A tool of a server goes by its name."""
    if step["kind"] not in _OF_TOOLS or not step["tool_calls"]:
        return step["operation"]
    did = "call of" if step["kind"] == "tool_call" else "result from"
    return f"{did} the tool `{step['tool_calls'][0]}` of {step['model_asked'] or 'an agent'}"


def _end(step: Step) -> str:
    error = f", {step['error']}: {step['message']}" if step["error"] else ""
    return f"{step['outcome']} with {step['status']}{error}"


def _who(step: Step) -> list[str]:
    user = f" for user {step['user']}" if step["user"] else ""
    lines = [f"who: key {step['key_id'] or 'unknown'}{user}; request {step['request_id']}"]
    if step["session_id"]:
        path = f", path {step['session_path']}" if step["session_path"] else ""
        lines.append(f"session: {step['session_id']}, turn {step['turn']}{path}")
    if step["properties"]:
        lines.append("properties: " + ", ".join(f"{key}={value}" for key, value in step["properties"].items()))
    return lines


def _said(step: Step) -> list[str]:
    """What is kept of the words of the call."""
    lines: list[str] = []
    for side in ("request", "answer"):
        if step.get(side) is not None:
            text = msgspec.json.encode(step[side]).decode()
            lines.append(f"{side}: {_shown(text)}")
    for use in step.get("tools", ()):
        said = _shown(use["text"]) if use["text"] or not use["cut"] else "not kept"
        lines.append(f"{use['step_type'].replace('_', ' ')} {use['call_id']}, {use['status']}: {said}")
    return lines + [f"not kept: {one}" for one in step.get("body_notes", ())]


def _shown(text: str) -> str:
    return text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")


def _route(step: Step) -> list[str]:
    asked, got = step["model_asked"], step["model"]
    if got is None and step["kind"] in _OF_TOOLS:
        return []
    if got is None:
        return [f"model: `{asked}` was asked for, and nothing was called"]
    why = "as asked" if got == asked else f"`{asked}` was asked for"
    lines = [f"model: {got} at {step['provider']}, {why}; configuration version {step['config_version']}"]
    if (route := step.get("route")) is not None:
        lines += _chosen(route, step["fallback_used"])
    for count, one in enumerate(step["attempts"], start=1):
        said = one["error"] or "answered"
        detail = f": {one['detail']}" if one["detail"] else ""
        status = f" with {one['status']}" if one["status"] else ""
        lines.append(
            f"attempt {count}: {one['model']} at {one['provider']} {said}{status} after {one['latency_ms']} ms{detail}"
        )
    return lines


def _chosen(route: dict[str, Any], fallback_used: bool | None) -> list[str]:
    tier = f", tier {route['tier']}" if route["tier"] else ""
    strategy = f", {route['strategy']}" if route["strategy"] else ""
    lines = [f"route: {route['model']} first ({route['source']}{tier}{strategy}): {route['rationale']}"]
    if fallback_used:
        lines.append("route: a fallback was used")
    return lines + [f"passed over: {one}" for one in route["passed_over"]]


def _rules(step: Step) -> list[str]:
    if not step["decisions"]:
        return ["decisions: no rule looked at this call"]
    return [line for one in step["decisions"] for line in _decision(one)]


def _decision(one: dict[str, Any]) -> list[str]:
    """What a rule said and why, and what it found: where, and never what."""
    word = one["effect"] if one["mode"] == "enforce" else f"{one['effect']}, only observed"
    lines = [
        f"decision: {one['rule']} ({one['kind']}, {one['phase']}, {one['mode']}) "
        + (f"did not run: {one['not_run']}" if one["not_run"] else f"said {word} after {one['latency_ms']} ms")
        + (f" because {one['reason']}" if one["reason"] else "")
    ]
    if one.get("rationale"):
        lines.append(f"rationale: {one['rationale']}")
    for mark in one["marks"]:
        where = f"{mark['path']}, characters {mark['start']} to {mark['end']}"
        lines.append(f"found: {mark['kind']} {mark['masked']} ({mark['digest']}) in {where}: {mark['effect']}")
    if one["found"] > len(one["marks"]):
        lines.append(f"found: {one['found'] - len(one['marks'])} more")
    return lines


def _money(step: Step) -> list[str]:
    if step["kind"] in _OF_TOOLS:
        return []
    lines: list[str] = []
    usage, prices = step["usage"], step["prices"]
    if usage is not None and prices is not None:
        lines += _arithmetic(usage, prices)
    if step["cost"] is None:
        lines.append("cost: not known" if step["outcome"] not in ("refused", "blocked") else "cost: nothing was called")
    else:
        lines.append(f"cost: {step['cost']} USD" + (" (an estimate)" if step["estimated"] else ""))
    for one in step["claims"]:
        lines.append(
            f"hold: {one['held']} USD of {one['limit_id']} (limit {one['limit']}), settled at {step['settled']}"
        )
    return lines


def _arithmetic(usage: dict[str, Any], prices: dict[str, Any]) -> list[str]:
    """Each bucket times its price; a bucket without a price of its own costs what fresh input costs."""
    lines: list[str] = []
    for bucket, field, words in _BUCKETS:
        if usage[bucket]:
            price = prices[field] or prices["input_cost_per_1k"]
            cost = Decimal(usage[bucket]) * Decimal(price) / 1000
            lines.append(f"tokens: {usage[bucket]} {words} x {price} USD per 1,000 = {_text(cost)} USD")
    if usage["reasoning"]:
        lines.append(f"tokens: {usage['reasoning']} of the output were reasoning")
    if usage["images"]:
        lines.append(f"images: {usage['images']} x {prices['image_cost'] or '0'} USD")
    if not usage["exact"]:
        lines.append("tokens: an estimate, the provider did not say")
    return lines


def _text(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _times(step: Step) -> list[str]:
    first = f", first token after {step['first_token_ms']} ms" if step["first_token_ms"] is not None else ""
    lines = [f"time: {step['latency_ms']} ms in all{first}{', streamed' if step['stream'] else ''}"]
    return lines + [f"warning: {warning}" for warning in step["warnings"]]
