"""Changes to a body that keep most of it: its words are replaced, doubled, left out, nested and cut."""

import random
import re

_WORDS = re.compile(rb'"(?:[^"\\]|\\.)*"|[-+.\w]+|\r\n|\s+|.', re.DOTALL)
VALUES = (
    b"null", b"true", b"{}", b"[]", b"0", b"-1", b"1.5", b"1e400", b"99999999999999999999999", b'""', b'"\\ud800"',
    b'"\xe2\x98\x83"', b"[[[[]]]]", b'{"a":{"a":{"a":null}}}', b'{"type":[]}', b'{"type":{}}', b'[{"type":"text"}]',
    b'"data:;base64,"', b'"data:image/png;base64,AA"',
)  # fmt: skip
"""JSON that stands in place of a value: other types, numbers at their ends, half characters."""
DEEP = (b"[" * 900 + b"]" * 900, b"[" * 1100 + b"]" * 1100, b'{"a":' * 990 + b"1" + b"}" * 990)
"""JSON that some readers can read and some writers cannot write. Rare, because it is slow."""
_DEPTHS = 0.01
BROKEN = (
    b'"\xff"', b"NaN", b"data: [DONE]\n\n", b"\n\n", b"\r", b"event: x\n", b"\x00", b"[" * 2000, b'{"a":' * 600, b"}",
    b",",
)  # fmt: skip
"""What breaks the JSON around it, or the events."""


class Mutator:
    """A seed is cut into words once: a change is a few list operations."""

    def __init__(self, seeds: list[bytes], chance: random.Random) -> None:
        self._chance = chance
        self._seeds = [_WORDS.findall(seed) for seed in seeds]
        self._names, self._values = [], []
        for words in self._seeds:
            names = {at for at, word in enumerate(words[:-1]) if words[at + 1] == b":" and word[:1] == b'"'}
            self._names.append(sorted(names))
            self._values.append(
                [at for at, word in enumerate(words) if at not in names and re.match(rb'["\d\-tfn]', word)]
            )
        self._told = sorted({word for words in self._seeds for word in words if word[:1] == b'"' and len(word) < 200})

    def mutated(self) -> bytes:
        chance = self._chance
        number = int(chance.random() * len(self._seeds))
        words = list(self._seeds[number])
        for _ in range(1 + int(chance.random() * 4)):
            if chance.random() < 0.8:
                self._within(words, number)
            else:
                self._across(words)
        out = b"".join(words)
        return self._bytes(out) if chance.random() < 0.05 else out

    def _within(self, words: list[bytes], number: int) -> None:
        """Another value or another name: the JSON stays JSON."""
        chance = self._chance
        what = chance.random()
        if what < 0.5 and self._values[number]:
            words[chance.choice(self._values[number]) % len(words)] = chance.choice(
                DEEP if chance.random() < _DEPTHS else VALUES
            )
        elif what < 0.75 and self._values[number]:
            words[chance.choice(self._values[number]) % len(words)] = chance.choice(self._told)
        elif self._names[number]:
            words[chance.choice(self._names[number]) % len(words)] = chance.choice(self._told)

    def _across(self, words: list[bytes]) -> None:
        chance = self._chance
        at = int(chance.random() * len(words))
        what = chance.random()
        if what < 0.3:
            words[at] = chance.choice(BROKEN)
        elif what < 0.6:
            del words[at : at + 1 + int(chance.random() * 8)]
            words.append(b"")
        elif what < 0.8:
            words[at:at] = words[at : at + 1 + int(chance.random() * 30)]
        else:
            other = int(chance.random() * len(words))
            words[at], words[other] = words[other], words[at]

    def _bytes(self, data: bytes) -> bytes:
        chance = self._chance
        at = int(chance.random() * len(data)) if data else 0
        what = chance.random()
        if what < 0.3:
            return data[:at]
        if what < 0.8:
            return data[:at] + bytes((int(chance.random() * 256),)) + data[at + 1 :]
        return data[:at] + chance.randbytes(8) + data[at:]
