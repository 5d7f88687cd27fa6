from pathlib import Path
from typing import Any

from gatepost_gateway.domain.records import Entry, Logged, TraceOpened

from .house import ask
from .tracing import AT, call, run


def test_a_trace_is_told_whole(tmp_path: Path) -> None:
    entries: list[Entry] = [
        TraceOpened("trace-1", AT, "default", "default", "runt1me", '{"user_id":"u"}', 1_000_000),
        call(1, implicit=False, lossy=("top_k",)),
        Logged("log-1", "trace-1", AT + 5, "default", "default", "runt1me", "rating", '{"stars":5}'),
    ]

    async def story(plane: Any) -> None:
        page = (await ask(plane, "GET", "/api/v1/traces/trace-1")).json
        assert (page["status"], page["project"], page["metadata"]) == ("open", "default", {"user_id": "u"})
        assert (page["revenue"], page["total_cost"], page["gross_margin"]) == ("0.001", "0.000021", "0.000979")
        assert page["step_count"] == len(page["steps"]) == 2
        step, event = page["steps"]
        assert step["usage"] == {
            "input": 10, "output": 5, "cache_read": 2, "cache_write": 0, "reasoning": 1, "images": 0, "exact": True
        }  # fmt: skip
        assert (step["cost"], step["held"], step["settled"]) == ("0.000021", "0.00005", "0.000021")
        assert step["prices"]["input_cost_per_1k"] == "0.001"
        assert step["prices"]["cache_read_cost_per_1k"] == "0.0005"
        assert step["claims"] == [{"limit_id": "default/daily@2027-01-15", "limit": "1", "held": "0.00005"}]
        assert (step["latency_ms"], step["first_token_ms"]) == (1.5, 0.7)
        assert step["attempts"][0]["request_id"] == "up-1"
        assert step["decisions"][0]["effect"] == "allow"
        assert step["properties"] == {"team": "a"}
        assert step["lossy"] == ["top_k"]
        assert (event["kind"], event["name"], event["data"]) == ("log", "rating", {"stars": 5})

    run(tmp_path, entries, story)
