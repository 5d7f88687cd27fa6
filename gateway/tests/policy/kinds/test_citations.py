"""Citations in texts."""

import time

import pytest

from gatepost_gateway.policy.kinds.citations import Sort, citations, plain


def keys(text: str, sort: Sort, shortest: int = 5) -> list[str]:
    return [one.key for one in citations(text, (sort,), shortest)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See https://Example.com/a/b.", ["https://example.com/a/b"]),
        ("(https://e.com/a_(b))", ["https://e.com/a_(b)"]),
        ("[x](https://e.com/a/), then HTTP://e.com/b?q=1#top!", ["https://e.com/a", "http://e.com/b?q=1"]),
        ("no address: https:// or ftp://e.com", []),
    ],
)
def test_addresses(text: str, expected: list[str]) -> None:
    assert keys(text, Sort.URL) == expected


def test_an_address_that_goes_on_is_another() -> None:
    assert set(citations("https://e.com/a", (Sort.URL,), 0)).isdisjoint(citations("https://e.com/ab", (Sort.URL,), 0))


@pytest.mark.parametrize("text", ['"all  the Words,"', "“all the words”", "«All the words»", "„all the words“"])
def test_quotations(text: str) -> None:
    assert keys(f"He said {text} then.", Sort.QUOTE) == ["all the words"]


def test_short_quotations_are_emphasis() -> None:
    assert keys('a "so" b', Sort.QUOTE, 5) == []


def test_papers() -> None:
    text = "doi:10.1000/xyz123. and https://doi.org/10.1000/ABC(1), arXiv:2310.06825v1"
    assert keys(text, Sort.ACADEMIC) == ["10.1000/xyz123", "10.1000/abc(1)", "arxiv:2310.06825"]


def test_how_quotations_are_compared() -> None:
    assert plain("It’s  A—B\u00a0c") == "it's a-b c"


@pytest.mark.parametrize("text", ['"' * 200_000, "http://" * 50_000, "“" * 200_000, "https://e.com/" + ")" * 100_000])
def test_hostile_texts_cost_little(text: str) -> None:
    began = time.thread_time()
    list(citations(text, Sort, 5))
    assert time.thread_time() - began < 1
