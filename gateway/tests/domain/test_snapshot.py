import pytest

from gatepost_gateway.domain.money import Prices
from gatepost_gateway.domain.snapshot import (
    Inference,
    ModelEntry,
    ModelFacts,
    ProviderKind,
    Snapshot,
    SnapshotDocument,
    undated,
)


def model(id, identifier=None, project=None, **more):
    return ModelEntry(id, identifier or id, ProviderKind.OPENAI, "http://x.test", project=project, **more)


def snapshot(*models, **more):
    return Snapshot(SnapshotDocument(version=3, identity_seq=1, models=models, **more))


def ids_of(found):
    return [entry.id for entry in found]


def test_a_projects_own_entry_beats_a_shared_one_and_an_id_beats_an_identifier():
    held = snapshot(model("other", "gpt"), model("gpt"), model("mine", "gpt", project="p"))
    assert ids_of(held.called("p", "gpt")) == ["mine", "gpt", "other"]
    assert ids_of(held.called("q", "gpt")) == ["gpt", "other"]
    assert ids_of(held.called("q", "mine")) == []
    assert ids_of(held.visible("q")) == ["other", "gpt"]


def test_a_name_of_a_known_family_needs_no_entry():
    family = Inference(
        ProviderKind.OPENAI, "http://o.test", ("gpt-",), known={"gpt-4o": ModelFacts(Prices(1, 2), 128, 16)}
    )
    held = snapshot(inferred=(family,))
    [entry] = held.called("p", "gpt-4o-2024-08-06")
    assert (entry.identifier, entry.prices, entry.max_output, entry.declared) == (
        "gpt-4o-2024-08-06",
        Prices(1, 2),
        16,
        False,
    )
    [unpriced] = held.called("p", "gpt-99")
    assert unpriced.prices is None


@pytest.mark.parametrize("name", ["claude-3", "gpt-../../x", "gpt-\r\nx: y", "gpt-" + "x" * 200, "gpt-4 o", ""])
def test_a_name_of_no_family_or_of_a_strange_shape_is_unknown(name):
    assert snapshot(inferred=(Inference(ProviderKind.OPENAI, "http://o.test", ("gpt-",)),)).called("p", name) == ()


def test_a_family_of_one_project_serves_no_other():
    held = snapshot(inferred=(Inference(ProviderKind.OPENAI, "http://o.test", ("gpt-",), project="p"),))
    assert held.called("p", "gpt-4")
    assert not held.called("q", "gpt-4")


def test_a_date_is_no_part_of_a_family():
    assert undated("gpt-4o-mini-2024-07-18") == "gpt-4o-mini"
    assert undated("claude-3-5-sonnet-20241022") == "claude-3-5-sonnet"
    assert undated("gpt-4o") == "gpt-4o"
