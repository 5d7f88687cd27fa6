"""Medians, marks and the tables."""

from pathlib import Path

import pytest

from bench.figures import median, percentile
from bench.results import AdminRun, Machine, Memory, Result, Run, Share, TargetFacts, read_result, write_result
from bench.table import BEGIN, DAGGER, END, into_readme, number, tables


def run(target: str, cost: float, *, number: int = 0, foreign: float = 0.0, mode: str = "plain") -> Run:
    return Run(
        target=target,
        mode=mode,
        clients=16,
        round=number,
        calls=100,
        errors=0,
        calls_per_second=1000,
        cpu_us=cost,
        p50_us=100 + cost,
        p99_us=200 + cost,
        foreign_cores=foreign,
        shares=[Share("python gatepost serve", cost)] if target == "gatepost" else [],
    )


def result(*runs: Run) -> Result:
    facts = Machine("a cpu", 2, 24, "6.1", "Debian", "3.11", "target on core 1")
    names = dict.fromkeys(each.target for each in runs)
    return Result("2026-01-02", "abc", facts, 3.0, 5, [TargetFacts(name, "1.0") for name in names], list(runs))


def row(text: str, section: str, target: str) -> list[str]:
    _, _, rest = text.partition(f"### {section}")
    line = next(line for line in rest.splitlines() if line.startswith(f"| {target} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_median_and_percentile() -> None:
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 2, 3]) == 2.5
    with pytest.raises(ValueError, match="nothing"):
        median([])
    assert percentile(list(range(100)), 0.99) == 99
    assert percentile(list(range(100)), 0.5) == 50
    assert percentile([], 0.5) == 0


@pytest.mark.parametrize(("value", "text"), [(0.333, "0.33"), (12.34, "12.3"), (1234.5, "1234"), (-5681.0, "-5681")])
def test_numbers_have_three_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_a_plain_row_has_the_median_its_extremes_and_what_is_added() -> None:
    runs = [run("direct", 0, number=place) for place in range(3)]
    runs += [run("nginx", 20, number=place) for place in range(3)]
    runs += [run("gatepost", cost, number=place) for place, cost in enumerate((140, 160, 150))]
    text = tables(result(*runs))
    assert row(text, "Plain calls, 16", "gatepost") == [
        "gatepost", "150 [140-160]", "7.5", "1000", "250 / 350", "150 / 150",
    ]  # fmt: skip
    assert row(text, "Plain calls, 16", "direct")[1] == "-"
    assert row(text, "Where", "plain, 16") == ["plain, 16", "`python gatepost serve`", "150"]


def test_added_latency_is_taken_within_a_round() -> None:
    runs = [run("direct", 0), run("direct", 1000, number=1), run("nginx", 10), run("nginx", 1010, number=1)]
    assert row(tables(result(*runs)), "Plain calls, 16", "nginx")[5] == "10.0 / 10.0"


def test_disturbed_runs_are_left_out_while_others_are_the_majority() -> None:
    quiet = [run("nginx", 20, number=place) for place in range(3)]
    loud = [run("nginx", 90, number=place + 3, foreign=0.5) for place in range(2)]
    assert row(tables(result(*quiet, *loud)), "Plain calls, 16", "nginx")[1] == "20.0"
    assert "2 of 5 runs" in tables(result(*quiet, *loud))
    assert row(tables(result(*quiet[:1], *loud)), "Plain calls, 16", "nginx")[1].startswith(f"90.0{DAGGER}")


def test_a_stream_row_is_by_event_and_above_nginx() -> None:
    runs = [run("nginx", 640, mode="stream"), run("gatepost", 1280, mode="stream")]
    assert row(tables(result(*runs)), "Streams of 64 events, 16", "gatepost")[1:4] == ["20.0", "10.0", "1280"]


def test_what_failed_or_was_skipped_is_said() -> None:
    found = result(run("direct", 0))
    found.targets += [
        TargetFacts("portkey", "1", failed={"stream": "HTTP 500"}),
        TargetFacts("envoy", skipped="no wheel"),
    ]
    text = tables(found)
    assert "envoy was skipped: no wheel" in text
    assert "portkey, stream calls failed: HTTP 500" in text
    assert row(text, "Streams of 64 events, 1 ", "portkey")[1] == "failed"
    assert "| envoy " not in text


def test_memory_and_admin_work_have_tables() -> None:
    found = result(run("direct", 0))
    found.memory = [Memory("nginx", 10_000, 10.0, 5.0, 2), Memory("nginx", 100_000, 10.5, 5.0, 2)]
    found.admin = [
        AdminRun("one core", admin, 0, 100, 0, 300.0, 400.0 + 100 * admin, 0.0, lists=30 * admin, writes=60 * admin)
        for admin in (False, True)
    ]
    text = tables(found)
    assert "+5.0 %" in text
    assert "| one core | no | 300 | 400 | - | - |" in text
    assert "| one core | yes | 300 | 500 | 10.0 | 20.0 |" in text


def test_a_result_is_read_as_it_was_written_and_goes_between_the_markers(tmp_path: Path) -> None:
    found = result(run("direct", 0), run("nginx", 20))
    path = tmp_path / "r.json"
    write_result(path, found)
    assert read_result(path) == found
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    into_readme(readme, found, "r.json")
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "[r.json](results/r.json)" in text
    readme.write_text("nothing")
    with pytest.raises(ValueError, match="markers"):
        into_readme(readme, found, "r.json")
