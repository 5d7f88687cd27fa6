"""A run is accounted for, and a doubtful one says so."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import procs
from bench.load import Report, Spread
from bench.measure import CELLS, Bench, checked, measure
from bench.running import provider, running
from bench.targets import TARGETS, Site, UnavailableError
from bench.targets.direct import Direct
from bench.targets.envoy import Envoy
from bench.targets.gatepost import Gatepost
from bench.targets.target import Launch


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    placement = procs.place()
    with provider(placement) as upstream:
        yield Bench(upstream, placement)


class Broken(Direct):
    """A gateway that ends as soon as it starts."""

    name = "broken"

    def launch(self, site: Site) -> Launch:
        return super().launch(site)._replace(argv=["sh", "-c", "echo no such setting; exit 3"], port=site.port)


def test_a_run_on_the_direct_path_costs_no_target_time(bench: Bench) -> None:
    with running(Direct(), bench.provider.port, bench.placement.target) as now:
        assert now.failed == {}
        run = measure(bench, now, CELLS[0], 0.2, 0.0)
    assert (run.mode, run.clients, run.errors, run.note) == ("plain", 1, 0, "")
    assert run.calls > 50
    assert run.cpu_us == 0
    assert run.driver_cpu_us > 0


def test_a_target_that_ends_is_unavailable_with_its_last_words(bench: Bench) -> None:
    with (
        pytest.raises(UnavailableError, match="no such setting"),
        running(Broken(), bench.provider.port, bench.placement.target),
    ):
        pytest.fail("it never ran")


def report(calls: int, errors: int = 0) -> Report:
    return Report(calls, errors, "HTTP 500" if errors else "", 0, 1.0, 0.1, Spread(1, 2, calls))


@pytest.mark.parametrize(
    ("seen", "billed", "note"),
    [
        (report(10), 10, ""),
        (report(10), 12, "10 calls answered, 12 billed by the provider"),
        (report(10), 0, "10 calls answered, 0 billed by the provider"),
        (report(9, 1), 9, "1 calls failed, first: HTTP 500"),
        (report(0), 0, "no call was answered"),
    ],
)
def test_calls_that_were_lost_or_made_twice_are_noticed(seen: Report, billed: int, note: str) -> None:
    assert checked(seen, billed) == note


def test_targets_have_names_of_their_own() -> None:
    names = [target.name for target in TARGETS]
    assert names[0] == "direct"
    assert len(set(names)) == len(names)


def test_configurations_name_both_ports(tmp_path: Path) -> None:
    site = Site(4001, 4002, tmp_path)
    launch = Envoy().launch(site)
    text = json.dumps(json.loads((tmp_path / "envoy.json").read_text()))
    assert "4001" in text
    assert "4002" in text
    assert launch.port == 4002
    launch = Gatepost().launch(site)
    assert launch.env["GATEPOST_LISTEN"] == "127.0.0.1:4002"
    assert "http://127.0.0.1:4001/v1" in (tmp_path / "gatepost.yaml").read_text()
