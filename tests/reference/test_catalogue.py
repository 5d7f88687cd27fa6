"""No line of code on the pages is left out, and the page about them is current."""

import re

import pytest
from e2e.running import ROOT

from reference import catalogue
from reference.pages import Page

_CODE = re.compile(
    r"\s*(?:import \w|from \w+ import|with \w|async def |def |class \w+.*:|@\w|for \w+ in |while |if .*:$|try:|except |"
    r"return\b|raise\b|else:|pass$|print\(|curl |docker |export |pip install|[\w.]+ *= |"
    r"\w+(?:\.\w+)+\(.*|[\]\[{}()],?$|"
    r'"[\w-]+": )'
)


@pytest.mark.parametrize("pattern", catalogue.PAGES)
def test_every_line_of_code_belongs_to_a_sample(page, pattern):
    covered = set()
    for sample in catalogue.SAMPLES:
        if sample.page == pattern:
            covered |= set(range(sample.first, sample.last + 1))
    for first, last in catalogue.PASSED_OVER[pattern]:
        covered |= set(range(first, last + 1))
    lines: Page = page(pattern)
    left = {n: line for n, line in enumerate(lines.lines, 1) if n not in covered and _CODE.match(line)}
    assert left == {}


@pytest.mark.parametrize("pattern", catalogue.PAGES)
def test_each_sample_is_run_by_a_test(pattern):
    wanted = {sample.first for sample in catalogue.SAMPLES if sample.page == pattern}
    assert set(catalogue.tests_by_line(pattern)) == wanted


def test_the_page_about_them_is_current():
    assert (ROOT / "docs/reference-pages.md").read_text() == catalogue.page(), (
        "run `python -m reference.catalogue` in tests/"
    )
