"""How long a match can be."""

import pytest

from gatepost_gateway.detect.widths import width_of


@pytest.mark.parametrize(
    ("source", "least", "most"),
    [
        ("", 0, 0),
        ("abc", 3, 3),
        ("a|bcd|", 0, 3),
        ("(?:ab){2,4}?", 4, 8),
        ("(?i)a(?P<name>b?)c", 2, 3),
        ("(?<name>x{3})y", 4, 4),
        ("(?i:ab)+", 2, None),
        (r"\d{3}-\d{2,}", 6, None),
        (r"\bfoo\B.", 4, 4),
        (r"[]a-z[:digit:]\]]{2}", 2, 2),
        (r"[^\p{Greek}]\pL\x{1F600}\x41\123", 5, 5),
        (r"\Qa.b*\E?", 0, 4),
        ("x{,3}", 5, 5),
        ("a{2}{3}", 6, 6),
        (r"日本[語字]", 3, 3),
    ],
)
def test_a_width_is_read_from_the_source(source, least, most):
    width = width_of(source)
    assert (width.least, width.most) == (least, most)
    assert not width.anchored


@pytest.mark.parametrize("source", [r"^a", r"a$", r"\Aa", r"a\z", r"(?m)a|^b"])
def test_what_asks_for_an_end_of_the_text_is_known(source):
    assert width_of(source).anchored


@pytest.mark.parametrize("source", ["(", "[a", "a)", "\\", r"\p{L", "(?P<n"])
def test_what_cannot_be_read_has_no_bound(source):
    assert width_of(source).most is None
