"""What detectors cost: `python bench/detectors.py`. Microseconds for ordinary texts; milliseconds for hostile ones, in
all and the longest step.
"""

import random
import sys
import time
from collections.abc import Callable

from gatepost_gateway.detect.custom import custom
from gatepost_gateway.detect.injection import injection
from gatepost_gateway.detect.keywords import keywords
from gatepost_gateway.detect.pii import pii
from gatepost_gateway.detect.secrets import secrets
from gatepost_gateway.domain.findings import Detector, find_all, find_in_pieces
from gatepost_gateway.policy.engine import PIECE

WORDS = (
    "the of and to a in is it you that he was for on are with as they be at one have this from or had by hot but some"
    " what there we can out other were all your when up use how said an each she which do their time if will way about"
).split()
HOSTILE = {
    "1 MB of one letter": "a" * 1_000_000,
    "1 MB of one digit": "1" * 1_000_000,
    "100 KB of 123 ": "123 " * 25_000,
    "100 KB of 12.": "12." * 33_000,
    "100 KB of 1:": "1:" * 50_000,
    "100 KB of a@": "a@" * 50_000,
    "100 KB of call 123 4": "call 123 4 " * 9_000,
    "100 KB of an id each": "id 123456782 " * 7_700,
    "100 KB of key= ": "key= " * 20_000,
    "100 KB of Base64": "QUJD" * 25_000,
    "100 KB of ignore ": "ignore " * 14_000,
    "100 KB of %25": "%25" * 33_000,
}


def detectors() -> dict[str, Detector]:
    return {
        "keywords, 50 terms": keywords("k", "K", [f"term{number}" for number in range(50)], whole_words=True),
        "own patterns, 41": custom("c", "C", [rf"\bkey{number}-[a-z0-9]{{8,32}}\b" for number in range(41)]),
        "pii": pii(),
        "secrets": secrets(),
        "injection": injection(),
    }


def ordinary(length: int) -> str:
    """Words and a number now and then, never twice the same."""
    words = (random.choice(WORDS) + random.choice(("", "", ",", ".", " 12")) for _ in range(length // 3))
    return " ".join(words)[:length]


def micros(work: Callable[[], object], times: int) -> float:
    """The best of five."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times):
            work()
        best = min(best, (time.perf_counter() - began) / times)
    return best * 1e6


def longest(detector: Detector, text: str) -> float:
    """Milliseconds of its longest step, the best of three: for so long nothing else happens in the process."""
    best = float("inf")
    for _ in range(3):
        worst, began = 0.0, time.perf_counter()
        for _ in find_in_pieces(detector, text, PIECE):
            worst, began = max(worst, time.perf_counter() - began), time.perf_counter()
        best = min(best, worst)
    return best * 1e3


def main() -> int:
    random.seed(1)
    print("| detector | 100 characters | 4 KB | 100 KB |\n|---|---:|---:|---:|")
    for name, detector in detectors().items():
        cells: list[float] = []
        for length, times in ((100, 400), (4096, 100), (100_000, 5)):
            texts = [ordinary(length) for _ in range(8)]
            cells.append(micros(lambda texts=texts, one=detector: [find_all(one, text) for text in texts], times) / 8)
        print(f"| {name} | " + " | ".join(f"{cell:.1f} µs" for cell in cells) + " |")
    print("\n| text | " + " | ".join(detectors()) + " |\n|---|" + "---:|" * len(detectors()))
    for label, text in HOSTILE.items():
        taken = [
            (micros(lambda one=one, text=text: find_all(one, text), 1) / 1e3, longest(one, text))
            for one in detectors().values()
        ]
        print(f"| {label} | " + " | ".join(f"{cell:.1f} / {step:.1f} ms" for cell, step in taken) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
