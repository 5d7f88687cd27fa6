"""The tree of errors, and which answer becomes which of them."""

import inspect
import pickle

import pytest

import gatepost
from gatepost import errors
from gatepost.errors import error_from_answer


def answered(status, body):
    return error_from_answer(status, body, request_id="r-header", trace_id="t-1", retry_after=None)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, None, gatepost.ValidationError),
        (401, "invalid_key", gatepost.AuthError),
        (402, "budget_exceeded", gatepost.BudgetExceededError),
        (403, "forbidden", gatepost.AuthError),
        (404, "trace_not_found", gatepost.NotFoundError),
        (409, "trace_sealed", gatepost.ConflictError),
        (413, "body_too_large", gatepost.ValidationError),
        (418, None, gatepost.APIError),
        (422, "validation_failed", gatepost.ValidationError),
        (429, "LOOP_DETECTED", gatepost.RateLimitError),
        (500, "internal_error", gatepost.ServerError),
        (502, None, gatepost.ProviderError),
        (503, "draining", gatepost.ServerError),
        (401, "upstream_auth", gatepost.ProviderError),
        (400, "upstream_refused", gatepost.ProviderError),
        (504, "upstream_timeout", gatepost.ProviderError),
        (429, "upstream_rate_limited", gatepost.RateLimitError),
    ],
)
def test_the_class_of_an_answer(status, code, kind):
    error = answered(status, {"error": "no", "code": code})
    assert type(error) is kind
    assert (error.status, error.status_code, error.code, error.detail) == (status, status, code, "no")


def test_all_that_an_answer_says_is_kept():
    body = {
        "error": "over budget",
        "code": "budget_exceeded",
        "request_id": "r-body",
        "hint": "raise it",
        "errors": [{"where": "input", "message": "missing"}],
        "limit": {"limit_id": "daily", "limit": "20", "settled": "19", "held": "1", "asked": "1"},
        "retry_after": 3,
    }
    error = answered(402, body)
    assert (error.request_id, error.trace_id, error.hint) == ("r-body", "t-1", "raise it")
    assert error.errors[0]["where"] == "input"
    assert error.limit["limit_id"] == "daily"
    assert error.retry_after == 3.0
    assert error.body == body
    assert str(error) == "over budget [402 budget_exceeded] (hint: raise it) (request r-body)"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"error": {"message": "too long", "code": "context"}}, "too long"),
        ({"detail": "no such thing"}, "no such thing"),
        ({"message": "forbidden by a firewall"}, "forbidden by a firewall"),
        ("<h1>Bad\x00  gateway</h1>\n", "answered 502: <h1>Bad? gateway</h1>"),
        (
            "<html><head>\n<TITLE>502 Bad\nGateway</title></head><body>nginx" + "x" * 999,
            "answered 502: 502 Bad Gateway",
        ),
        (None, "the gateway answered 502 without saying why"),
        ({"error": 7, "errors": "odd", "limit": [], "code": 9}, "the gateway answered 502 without saying why"),
    ],
)
def test_other_shapes_are_read_as_far_as_they_go(body, detail):
    error = answered(502, body)
    assert error.detail == detail
    assert error.request_id == "r-header"
    assert error.errors == []
    assert error.limit is None


@pytest.mark.parametrize(("status", "body"), [(502, "<title>502</title>"), (503, "down"), (302, None)])
def test_what_stands_between_is_not_taken_for_the_gateway_or_a_provider(status, body):
    error = answered(status, body)
    assert not isinstance(error, gatepost.ProviderError)
    assert isinstance(error, gatepost.ServerError) is (status >= 500)
    assert "what stands between" in error.hint
    assert answered(502, {"error": "x"}).hint is None


@pytest.mark.parametrize("wait", [True, -1, float("inf"), float("nan"), "12"])
def test_a_wait_that_is_none_is_left_out(wait):
    assert answered(429, {"error": "x", "retry_after": wait}).retry_after is None


def test_the_docstring_draws_the_tree():
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.GatepostError):
            assert name in errors.__doc__
            depth = len([base for base in kind.__mro__ if issubclass(base, errors.GatepostError)])
            line = next(line for line in errors.__doc__.splitlines() if f" {name} " in f" {line} ")
            assert line.index(name) == 4 * (depth - 1)


def test_errors_survive_pickling():
    error = pickle.loads(pickle.dumps(answered(429, {"error": "slow down", "code": "rate_limited", "retry_after": 2})))
    assert type(error) is gatepost.RateLimitError
    assert (error.detail, error.code, error.retry_after) == ("slow down", "rate_limited", 2.0)
