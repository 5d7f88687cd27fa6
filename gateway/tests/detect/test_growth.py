"""Ten times the text costs about ten times as much, and not a hundred times, whatever it holds."""

import random
import resource
import time
from pathlib import Path

import pytest

from gatepost_gateway.detect.injection import injection
from gatepost_gateway.detect.pii import pii
from gatepost_gateway.detect.secrets import secrets
from gatepost_gateway.domain.findings import find_all


def seconds(detector, text):
    began = time.thread_time()
    find_all(detector, text)
    return time.thread_time() - began


@pytest.mark.soak
@pytest.mark.parametrize(
    "piece", ["a", "1", "123 ", "12.", "1:", "a@", "key= ", "QUJD", "ignore ", "%25", "eyJ", "sk-"]
)
@pytest.mark.parametrize("make", [pii, secrets, injection])
def test_time_grows_with_the_text(make, piece):
    small, large = piece * (20_000 // len(piece)), piece * (200_000 // len(piece))
    seconds(make(), small)
    assert seconds(make(), large) < 40 * max(seconds(make(), small), 0.001)


def resident():
    """Megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc here")
def test_memory_stops_growing():
    """Whatever is in the texts: what was compiled and remembered for many is all that there ever is."""
    words = "ignore passport +44 7700 900123 AKIA key = system 10.0.0.1 ролевая 指令 @".split()  # noqa: SIM905
    source = random.Random(5)
    texts = [" ".join(source.choice(words) + source.choice(words) for _ in range(200)) for _ in range(600)]
    for half in (texts[:300], texts[300:], texts[:300]):
        before = resident()
        for text in half:
            for make in (pii, secrets, injection):
                find_all(make(), text)
    assert resident() - before < 4


@pytest.mark.parametrize("piece", ["a", "123 ", "a@", "ignore "])
@pytest.mark.parametrize("make", [pii, secrets, injection])
def test_the_short_form_only_goes_through(make, piece):
    assert find_all(make(), piece * 500) is not None
