from typing import Any

from gatepost_gateway.cli.explain import story


def step(**more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": "run", "operation": "chat", "surface": "openai", "created_at": "now", "outcome": "answered",
        "status": 200, "error": None, "message": None, "key_id": "k", "user": None, "request_id": "r",
        "session_id": None, "turn": None, "session_path": None, "properties": {}, "model_asked": "m", "model": "m",
        "provider": "p", "config_version": 4,
        "attempts": [], "decisions": [], "usage": None, "prices": None, "cost": None, "estimated": False, "claims": [],
        "settled": "0", "latency_ms": 1.5, "first_token_ms": None, "stream": False, "warnings": [],
    }  # fmt: skip
    return {**fields, **more}


def test_the_money_is_told_bucket_by_bucket() -> None:
    usage = {
        "input": 1000,
        "output": 500,
        "cache_read": 200,
        "cache_write": 10,
        "reasoning": 5,
        "images": 0,
        "exact": True,
    }
    prices = {
        "input_cost_per_1k": "0.001", "output_cost_per_1k": "0.002", "cache_read_cost_per_1k": "0.0005",
        "cache_write_cost_per_1k": None, "image_cost": None,
    }  # fmt: skip
    claims = [{"limit_id": "default/daily@2026-11-20", "limit": "20", "held": "0.5"}]
    lines = story(step(usage=usage, prices=prices, cost="0.00211", claims=claims, settled="0.00211"), 1)
    assert "   tokens: 1000 fresh input x 0.001 USD per 1,000 = 0.001 USD" in lines
    assert "   tokens: 200 input read from the cache x 0.0005 USD per 1,000 = 0.0001 USD" in lines
    assert "   tokens: 10 input written to the cache x 0.001 USD per 1,000 = 0.00001 USD" in lines
    assert "   tokens: 500 output x 0.002 USD per 1,000 = 0.001 USD" in lines
    assert "   cost: 0.00211 USD" in lines
    assert "   hold: 0.5 USD of default/daily@2026-11-20 (limit 20), settled at 0.00211" in lines


def test_a_fallback_tells_its_attempts() -> None:
    attempts = [
        {"model": "a", "provider": "p", "latency_ms": 2.0, "status": 503, "error": "upstream_failed", "detail": "busy"},
        {"model": "b", "provider": "q", "latency_ms": 3.0, "status": 200, "error": None, "detail": None},
    ]
    route = {
        "model": "a", "source": "auto", "tier": "simple", "strategy": "ordered", "rationale": "complexity 0",
        "passed_over": ["c: its region is not allowed"],
    }  # fmt: skip
    more = {"route": route, "fallback_used": True, "attempts": attempts}
    lines = story(step(model="b", model_asked="auto", provider="q", **more), 1)
    assert any(line.startswith("   model: b at q, `auto` was asked for") for line in lines)
    assert "   route: a first (auto, tier simple, ordered): complexity 0" in lines
    assert "   route: a fallback was used" in lines
    assert "   passed over: c: its region is not allowed" in lines
    assert "   attempt 1: a at p upstream_failed with 503 after 2.0 ms: busy" in lines
    assert "   attempt 2: b at q answered with 200 after 3.0 ms" in lines


def test_a_refusal_tells_why() -> None:
    lines = story(step(outcome="refused", status=402, error="budget_exceeded", message="used up", model=None), 2)
    assert lines[0] == "2. chat by openai at now: refused with 402, budget_exceeded: used up"
    assert "   model: `m` was asked for, and nothing was called" in lines
    assert "   cost: nothing was called" in lines


def test_decisions_and_estimates_are_told() -> None:
    mark = {"path": "messages[0].content", "start": 3, "end": 18, "kind": "EMAIL", "masked": "b…g",
            "digest": "sha256:0a", "effect": "allow"}  # fmt: skip
    rules = [
        {
            "rule": "r",
            "kind": "pii",
            "phase": "request",
            "mode": "observe",
            "effect": "allow",
            "reason": "none found",
            "not_run": None,
            "latency_ms": 0.02,
            "found": 3,
            "marks": [mark],
        },
        {
            "rule": "s",
            "kind": "x",
            "phase": "request",
            "mode": "enforce",
            "effect": None,
            "reason": None,
            "not_run": "too late",
            "latency_ms": 0,
            "found": 0,
            "marks": [],
        },
    ]
    lines = story(step(decisions=rules, cost="1", estimated=True, stream=True, first_token_ms=0.5, warnings=["cut"]), 1)
    said = "said allow, only observed after 0.02 ms because none found"
    assert f"   decision: r (pii, request, observe) {said}" in lines
    found = "in messages[0].content, characters 3 to 18: allow"
    assert f"   found: EMAIL b…g (sha256:0a) {found}" in lines
    assert "   found: 2 more" in lines
    assert "   decision: s (x, request, enforce) did not run: too late" in lines
    assert "   cost: 1 USD (an estimate)" in lines
    assert "   time: 1.5 ms in all, first token after 0.5 ms, streamed" in lines
    assert "   warning: cut" in lines


def test_an_event_is_told_in_a_line() -> None:
    assert story({"kind": "log", "name": "rating", "created_at": "now", "data": {"stars": 5}}, 3) == [
        "3. Event `rating` at now: {'stars': 5}"
    ]


def test_a_tool_of_a_server_is_told_by_its_name() -> None:
    use = {"step_type": "tool_call", "call_id": "c1", "tool_name": "search", "cut": False, "status": "success"}
    more = {"operation": "action", "model_asked": "mcp:docs", "model": None, "tool_calls": ["search"]}
    lines = story(step(kind="tool_call", tools=[{**use, "text": '{"q":1}'}], **more), 2)
    assert lines[0].startswith("2. call of the tool `search` of mcp:docs by openai at now: answered with 200")
    assert '   tool call c1, success: {"q":1}' in lines
    assert not any(line.strip().startswith(("model:", "cost:")) for line in lines)
    hidden = {**use, "step_type": "tool_result", "text": "", "cut": True, "status": "error"}
    lines = story(step(kind="tool_result", tools=[hidden], **more), 3)
    assert "result from the tool `search`" in lines[0]
    assert "   tool result c1, error: not kept" in lines
