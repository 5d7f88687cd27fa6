"""The reference pages: client documentation of earlier systems, read where it lies and never copied.

A page is named by a pattern of its file's name. Its product's name is the first word of that; it is replaced by ours,
and so are the prefixes of headers and variables, the addresses, and what stands where a secret would.
"""

import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SECRET = re.compile(r'"(?:sk|[a-z]+g)[-_]\.\.\."')
"""What stands in a sample where a key goes."""
_RETURNS = re.compile(r"^(?:    )?return\b", re.MULTILINE)
_DEFINES = re.compile(r"^(?:async )?(?:def|class) ", re.MULTILINE)
_ADDRESS = re.compile(r"https?://[\w.-]+(?::\d+)?|/etc/ssl/[\w./-]+")
"""A server, or the place of a CA's certificate."""


@dataclass(frozen=True)
class Sample:
    """Lines `first` to `last` of a page. `levels`: where the page lost its indentation, that of a line in steps of 4.

    `starts`: what the first line begins with, so that a page that has moved is noticed.
    """

    page: str
    first: int
    last: int
    kind: str
    shows: str
    levels: Mapping[int, int] = field(default_factory=dict[int, int])
    clip: tuple[str, str] = ("", "")
    """Where samples share a line: this one begins behind the first of these, and ends with the second."""

    @property
    def name(self) -> str:
        return f"{self.page.strip('*').removesuffix('.txt').strip('-')}:{self.first}-{self.last}"


class Page:
    """One page as it lies in `folder`."""

    def __init__(self, folder: Path, pattern: str) -> None:
        (self.path,) = folder.glob(pattern)
        self.product = self.path.name.split("-")[0]
        self.lines = self.path.read_text().splitlines()

    def text(self, sample: Sample) -> str:
        """A sample as it stands there, with its indentation restored."""
        lines = []
        for number in range(sample.first, sample.last + 1):
            line = self.lines[number - 1]
            behind, upto = sample.clip
            if number == sample.first and behind:
                line = line.partition(behind)[2]
            if number == sample.last and upto:
                line = line[: line.index(upto) + len(upto)]
            level = sample.levels.get(number)
            lines.append(line if level is None else "    " * level + line.strip())
        return "\n".join(lines)

    def ours(self, text: str, address: Callable[[str], str], key: str) -> str:
        """The text with our names, our addresses a real key, and words where it leaves them out (`[...]`).

        Nothing else of it changes.
        """
        text = _ADDRESS.sub(lambda found: address(found[0]), text)
        text = _SECRET.sub(f'"{key}"', text)
        text = text.replace("=[...]", '=[{"role": "user", "content": "hi"}]')
        for case in (str.lower, str.upper, str.title):
            text = text.replace(case(self.product), case("gatepost"))
        return text


def program(text: str) -> str:
    """A sample as it can be run: one with a `return` at its top level is the inside of a function."""
    if _RETURNS.search(text) is None or _DEFINES.search(text) is not None:
        return text
    return f"def sample():\n{textwrap.indent(text, '    ')}\n\nreturned = sample()\n"
