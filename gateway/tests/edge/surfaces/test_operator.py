import hashlib

import pytest

from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind
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


ADMIN = "gpa_a1_" + "a" * 20


def admins() -> Front:
    key = KeyEntry("a1", KeyKind.ADMIN, "t", hashlib.sha256(ADMIN.encode()).digest(), "org", "p")
    return Front(House(snapshot_of(keys=(key,))))


def test_the_counters_are_open_on_this_machine():
    for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        got = admins().get("/metrics", key=None, client=(peer, 5))
        assert (got.status, got.body) == (200, b"counted 1\n")
        assert got.headers[b"content-type"].startswith(b"text/plain")


@pytest.mark.parametrize(
    "more",
    [
        {"client": ("10.0.0.9", 5)},
        {"client": None},
        {"client": ("no address", 5)},
        {"headers": [(b"x-forwarded-for", b"127.0.0.1")]},
        {"headers": [(b"forwarded", b"for=127.0.0.1")]},
        {"headers": [(b"via", b"1.1 front")]},
    ],
)
def test_elsewhere_the_counters_need_an_admin_key(more):
    assert admins().get("/metrics", key=None, **more).status == 401
    assert admins().get("/metrics", key="gpa_a1_wrong", **more).status == 401
    assert admins().get("/metrics", **more).status == 403
    assert admins().get("/metrics", key=ADMIN, **more).status == 200


def test_a_wrong_key_is_wrong_on_this_machine_too():
    assert admins().get("/metrics", key="gpa_a1_wrong").status == 401
