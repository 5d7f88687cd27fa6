"""Admin work is of two kinds, both counted, and a refusal is no success."""

import asyncio
from collections.abc import Iterator
from itertools import islice

import pytest

from bench import procs
from bench.admin_load import AdminJob, lists, work, writes
from bench.running import Provider, provider

JOB = AdminJob(port=1, key="gpa_x", seconds=0.1, prefix="a")


@pytest.fixture(scope="module")
def upstream() -> Iterator[Provider]:
    with provider(procs.place()) as running:
        yield running


def test_a_model_is_written_and_then_changed() -> None:
    requests = list(islice(writes(JOB), 3))
    assert [request.split(b" HTTP")[0] for request in requests] == [
        b"POST /api/v1/models",
        b"PUT /api/v1/models/a",
        b"PUT /api/v1/models/a",
    ]
    assert requests[1] != requests[2]


def test_lists_ask_with_the_admin_key() -> None:
    request = next(lists(JOB))
    assert request.startswith(b"GET /api/v1/traces?limit=200 HTTP/1.1\r\n")
    assert b"authorization: Bearer gpa_x\r\n" in request


def test_refusals_are_counted_as_errors_with_their_reason(upstream: Provider) -> None:
    report = asyncio.run(work(AdminJob(upstream.port, "gpa_x", 0.1, "a")))
    assert (report.lists, report.writes) == (0, 0)
    assert report.errors > 2
    assert report.first_error.startswith("HTTP 404")
