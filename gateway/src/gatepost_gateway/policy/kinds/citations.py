"""Citations in texts: addresses, quotations, names of papers. All of them in linear time."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from urllib.parse import urlsplit

from msgspec import Struct


class Sort(StrEnum):
    """What sort of citation is meant. ACADEMIC: DOI and arXiv ids."""

    URL = "url"
    QUOTE = "quote"
    ACADEMIC = "academic"


class Citation(Struct, frozen=True):
    """`key` is what makes two of them the same."""

    sort: Sort
    key: str


_URL = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]{1,2000}", re.IGNORECASE)
_QUOTE = re.compile(r"“([^”“]{1,4000})”|«([^»«]{1,4000})»|„([^“”„]{1,4000})[“”]|\"([^\"]{1,4000})\"")
# doi.org/the-identifier/resources/handbook; arxiv.org/help/arxiv_identifier
_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"'<>]{1,200}")
_ARXIV = re.compile(r"\barxiv:\s?(\d{4}\.\d{4,5})", re.IGNORECASE)
_AFTER = ".,;:!?*_~"
_SAME = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " ", "\u00ad": None})


def citations(text: str, sorts: Iterable[Sort], shortest: int) -> Iterator[Citation]:
    """Those of a text. A quotation has at least `shortest` characters."""
    for sort in sorts:
        if sort is Sort.URL:
            for found in _URL.finditer(text):
                yield Citation(sort, _address(found[0]))
        elif sort is Sort.QUOTE:
            for found in _QUOTE.finditer(text):
                key = plain(next(part for part in found.groups() if part is not None)).strip(_AFTER + " ")
                if len(key) >= shortest:
                    yield Citation(sort, key)
        else:
            yield from (Citation(sort, _trimmed(found[0]).lower()) for found in _DOI.finditer(text))
            yield from (Citation(sort, f"arxiv:{found[1]}") for found in _ARXIV.finditer(text))


def plain(text: str) -> str:
    """A text as quotations are compared: case, blanks and the shape of quotes and dashes do not count."""
    return " ".join(text.translate(_SAME).casefold().split())


def _trimmed(found: str) -> str:
    """Without what a sentence puts behind it; a bracket that it opened itself stays."""
    while found:
        if found[-1] in _AFTER or (found[-1] == ")" and found.count(")") > found.count("(")):
            found = found[:-1]
        else:
            break
    return found


def _address(found: str) -> str:
    """An address without its fragment and a last slash, its host in lower case: what leads to the same page."""
    found = _trimmed(found)
    try:
        parts = urlsplit(found)
    except ValueError:
        return found
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}{query}"
