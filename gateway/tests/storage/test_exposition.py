from gatepost_gateway.domain.records import Outcome
from gatepost_gateway.domain.usage import Usage
from gatepost_gateway.storage.counters import BOUNDS, Counters
from gatepost_gateway.storage.exposition import counted, family, gauges

from .making import closed


def page(*calls) -> str:
    held = Counters(lambda _: True)
    for one in calls:
        held.take(one)
    return counted(held)


def call(**more):
    return closed(
        **{"provider": "openai", "model": "m", "outcome": Outcome.ANSWERED, "cost": 1_500_000, "micros": 7000, **more}
    )


def test_each_metric_has_its_help_its_type_and_its_samples_together():
    lines = page(call(usage=Usage(10, 5), user="ann", key_id="k1")).splitlines()
    assert 'gatepost_requests_total{provider="openai",model="m",status="success"} 1' in lines
    assert 'gatepost_tokens_total{provider="openai",model="m",kind="input"} 10' in lines
    assert 'gatepost_cost_usd_total{provider="openai",model="m"} 0.0015' in lines
    seen: list[str] = []
    for line in lines:
        name = line.split()[2] if line.startswith("#") else line.partition("{")[0].partition(" ")[0]
        for end in ("_bucket", "_sum", "_count"):
            name = name.removesuffix(end)
        if not seen or seen[-1] != name:
            seen.append(name)
    assert len(seen) == len(set(seen)), "the samples of a metric stand together"
    assert "ann" not in "\n".join(lines)
    assert "k1" not in "\n".join(lines)


def test_a_histogram_adds_up_and_ends_without_a_bound():
    lines = [line for line in page(call(), call(micros=90_000_000)).splitlines() if "latency_ms" in line]
    name = "gatepost_request_latency_ms"
    assert f'{name}_bucket{{provider="openai",le="5"}} 0' in lines
    assert f'{name}_bucket{{provider="openai",le="10"}} 1' in lines
    assert f'{name}_bucket{{provider="openai",le="{BOUNDS[-1]}"}} 1' in lines
    assert f'{name}_bucket{{provider="openai",le="+Inf"}} 2' in lines
    assert f'{name}_sum{{provider="openai"}} 90007.000' in lines
    assert f'{name}_count{{provider="openai"}} 2' in lines


def test_a_label_can_hold_anything():
    said = family("x", "gauge", "Words.", [((("model", 'a"b\\c\nd'),), "1")])
    assert said == '# HELP x Words.\n# TYPE x gauge\nx{model="a\\"b\\\\c\\nd"} 1\n'


def test_a_metric_without_a_series_is_not_there():
    assert family("x", "gauge", "Words.", []) == ""
    assert page().splitlines()[-1] == "gatepost_journal_entries_total 0"


def test_gauges_stand_alone_or_by_their_labels():
    said = gauges({"a": ("One.", 3), "b": ("By.", {(("state", "open"),): 2.5})})
    assert said.splitlines() == [
        "# HELP a One.", "# TYPE a gauge", "a 3", "# HELP b By.", "# TYPE b gauge", 'b{state="open"} 2.5'
    ]  # fmt: skip
