import pytest

from gatepost_gateway.version import VERSION

from ...pipeline.fakes import House, snapshot_of
from ..fakes import Front


def front(ready=True, providers=None, **parts):
    held = Front(House(snapshot_of()))
    held.health = {"ready": ready, "parts": {"journal": "ok", **parts}, "providers": providers or {}}
    return held


@pytest.mark.parametrize("path", ["/up", "/version", "/health", "/health/live", "/health/ready"])
def test_operators_need_no_key(path):
    assert front().get(path, key=None).status == 200


def test_it_says_which_version_it_is():
    assert front().get("/version").json == {"version": VERSION}


@pytest.mark.parametrize(
    ("held", "status", "word", "ready"),
    [
        (front(), 200, "healthy", 200),
        (front(control="starting"), 200, "degraded", 200),
        (front(ready=False), 503, "unhealthy", 503),
        (front(providers={"openai": {"state": "open", "endpoints": 2, "open": 1}}), 200, "degraded", 200),
        (front(providers={"openai": {"state": "closed", "endpoints": 2, "open": 0}}), 200, "healthy", 200),
    ],
)
def test_health_in_a_word(held, status, word, ready):
    got = held.get("/health")
    assert (got.status, got.json["status"]) == (status, word)
    assert held.get("/health/ready").status == ready
    assert held.get("/health/live").status == 200
