import logging

import pytest

from gatepost_gateway.domain.errors import CallerError, Code, GatewayFault, NextStep, UpstreamError
from gatepost_gateway.edge.forwarded import networks
from gatepost_gateway.edge.http import Request
from gatepost_gateway.edge.reporting import Reporter


def report(caplog, error, headers=()):
    scope = {
        "method": "GET",
        "path": "/x",
        "query_string": b"key=secret",
        "headers": list(headers),
        "client": ("10.0.0.1", 5),
    }
    with caplog.at_level(logging.DEBUG):
        Reporter(networks(["10.0.0.0/8"])).failed(Request(scope, None), error)
    return caplog.records


def upstream(status):
    return UpstreamError("x", code=Code.UPSTREAM_FAILED, status=status, next_step=NextStep.GIVE_UP, provider="p")


@pytest.mark.parametrize("error", [CallerError("x"), upstream(429)])
def test_a_callers_own_fault_is_no_line(caplog, error):
    assert report(caplog, error) == []


@pytest.mark.parametrize("error", [upstream(502), GatewayFault("x", code=Code.DRAINING, status=503)])
def test_a_known_failure_is_a_line_without_a_traceback(caplog, error):
    [line] = report(caplog, error, [(b"x-forwarded-for", b"1.2.3.4"), (b"x-request-id", b"r-1")])
    assert (line.request_id, line.method, line.path, line.client) == ("r-1", "GET", "/x", "1.2.3.4")
    assert line.code == error.code.value
    assert not line.exc_info
    assert "secret" not in line.getMessage()


def test_a_bug_of_ours_brings_its_traceback(caplog):
    cause = ZeroDivisionError("division")
    fault = GatewayFault("we failed")
    fault.__cause__ = cause
    [line] = report(caplog, fault)
    assert line.exc_info[1] is cause
    caplog.clear()
    [line] = report(caplog, cause)
    assert (line.exc_info[1], line.code) == (cause, None)
