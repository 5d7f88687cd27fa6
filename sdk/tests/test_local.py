"""The gateway that is none."""

import gatepost
from gatepost._local import MOST_TRACES, LocalGateway


def test_it_answers_every_key_and_marks_what_it_says():
    client = gatepost.Client("gp_any_key", transport=LocalGateway("mock").transport())
    trace = client.traces.create(metadata={"a": 1})
    assert trace["mock"] is True
    result = client.execute(trace.id, "hi")
    assert (result.output, result.mock, result.offline) == ("hi", True, False)
    assert client.completions("m", "hi")["mock"] is True


def test_it_forgets_what_is_long_ago():
    local = LocalGateway("offline")
    client = gatepost.Client("gp_any_key", transport=local.transport())
    first = client.traces.create()
    for _ in range(MOST_TRACES):
        last = client.traces.create()
    assert client.traces.get(last.id).id == last.id
    try:
        client.traces.get(first.id)
    except gatepost.NotFoundError:
        pass
    else:
        raise AssertionError("it remembers for ever")
    assert len(local.seen) <= 1
