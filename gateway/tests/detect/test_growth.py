"""Ten times the text costs about ten times as much, and not a hundred times, whatever it holds."""

import time

import pytest

from gatepost_gateway.detect.injection import injection
from gatepost_gateway.detect.pii import pii
from gatepost_gateway.detect.secrets import secrets
from gatepost_gateway.domain.findings import find_all


def seconds(detector, text):
    began = time.perf_counter()
    find_all(detector, text)
    return time.perf_counter() - began


@pytest.mark.soak
@pytest.mark.parametrize(
    "piece", ["a", "1", "123 ", "12.", "1:", "a@", "key= ", "QUJD", "ignore ", "%25", "eyJ", "sk-"]
)
@pytest.mark.parametrize("make", [pii, secrets, injection])
def test_time_grows_with_the_text(make, piece):
    small, large = piece * (20_000 // len(piece)), piece * (200_000 // len(piece))
    seconds(make(), small)
    assert seconds(make(), large) < 40 * max(seconds(make(), small), 0.001)


@pytest.mark.parametrize("piece", ["a", "123 ", "a@", "ignore "])
@pytest.mark.parametrize("make", [pii, secrets, injection])
def test_the_short_form_only_goes_through(make, piece):
    assert find_all(make(), piece * 500) is not None
