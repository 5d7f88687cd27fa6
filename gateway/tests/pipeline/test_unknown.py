from gatepost_gateway.pipeline.unknown import unknown_model

from .fakes import entry, snapshot_of


def test_the_nearest_names_that_this_project_may_call_are_told():
    snapshot = snapshot_of(entry("gpt-4o-mini", identifier="gpt-mini"), entry("gpt-4o-theirs", project="q"))
    error = unknown_model(snapshot, snapshot.projects["p"], "gpt-4o-mni")
    assert (error.status, error.code) == (404, "model_not_found")
    assert "did you mean `gpt-4o-mini`" in error.public
    assert "theirs" not in error.public


def test_without_a_near_name_the_list_is_named():
    snapshot = snapshot_of()
    assert "GET /v1/models" in unknown_model(snapshot, snapshot.projects["p"], "zzz").public
