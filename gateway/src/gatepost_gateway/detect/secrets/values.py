"""Whether a text is a secret itself, or stands where one would stand."""

import re
from collections import Counter
from itertools import pairwise
from math import log2

from gatepost_gateway.detect.expressions import Expression

_STAND_IN = Expression(
    r"(?i)x{5}|\*{3}|#{4}|\.{3}|redacted|placeholder|change_?me|your[_-]|insert[_-]|put_your|<[^>]*>|\$[{(]|\{\{|%[({s]"
    r"|goes[_-]?here|(?:^|[_-])(?:fake|dummy|not[_-]?real|notasecret)(?:[_-]|$)|token_?here|example$|^process\.env|^os\.|getenv|^self\.|^this\."
)

_CONSONANTS = re.compile("[b-df-hj-np-tv-xz]{4}|q[a-tv-z]")


def entropy(text: str) -> float:
    """Bits a character, by how often each occurs."""
    total = len(text)
    return -sum(count / total * log2(count / total) for count in Counter(text).values()) if text else 0.0


def stands_in(text: str) -> bool:
    """A placeholder, a variable, or a character again and again."""
    kept = "".join(mark for mark in text if mark.isalnum())
    few = len(set(kept.lower())) < min(5, 2 + len(kept) // 5)
    return few or bool(_STAND_IN.search(text.encode("utf-8", "replace")))


def pieces(text: str) -> list[str]:
    """The runs of letters, as people name things: `keyVaultToStore` has four."""
    found: list[str] = []
    last = ""
    for mark in text:
        kind = "" if not mark.isalpha() else "A" if mark.isupper() else "a"
        if kind and last and (kind == last or (kind == "a" and len(found[-1]) == 1)):
            found[-1] += mark
        elif kind:
            found.append(mark)
        last = kind
    return found


def is_name(text: str) -> bool:
    """Reads like a name in a program, a path, a version: letters in pieces like words, few digits among them."""
    letters = pieces(text)
    if not letters:
        return True
    counted = sum(map(len, letters))
    digits = sum(mark.isdecimal() for mark in text)
    wordy = counted / len(letters) >= 3 and digits <= counted * 0.4 and max(map(len, letters)) < 15
    return wordy and _changes(text) < 6


def _unspeakable(text: str) -> bool:
    """Whether consonants stand as they do in no word."""
    return len(_CONSONANTS.findall(text)) > 1


def _changes(text: str) -> int:
    """How often letters and digits meet."""
    met = [(left, right) for left, right in pairwise(text) if left.isalnum() and right.isalnum()]
    return sum(left.isdecimal() != right.isdecimal() for left, right in met)


def _parts(text: str) -> list[str]:
    for mark in "-_.=/+":
        text = text.replace(mark, " ")
    return text.split()


def is_random(text: str) -> bool:
    """Letters and digits without order, long enough to be a key."""
    if len(text) < 10 or stands_in(text) or entropy(text) < 2.5:
        return False
    if text.isdecimal():
        return len(text) >= 15
    if text.isalpha():
        return len(text) >= 20 and (not is_name(text) or _unspeakable(text))
    mixed = [part for part in _parts(text) if not part.isalpha() and not part.isdecimal()]
    longest = max(map(len, mixed), default=0)
    return not is_name(text) and (longest >= 8 or (len(mixed) >= 2 and longest >= 5) or len(text) >= 40)


def is_identity(text: str) -> bool:
    """A UUID, or as long as a digest: what programs call things by."""
    bare = text.replace("-", "").lower()
    return all(mark in "0123456789abcdef" for mark in bare) and len(bare) in (32, 40, 64, 128)
