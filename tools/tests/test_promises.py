"""What the documents promise, held against the code."""

import re
import tomllib
from pathlib import Path

from gatepost_gateway.domain.errors import Code
from gatepost_gateway.version import VERSION

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_code_is_documented_and_no_other():
    table = (ROOT / "docs/errors.md").read_text()
    documented = set(re.findall(r"^\| `([A-Za-z_]+)` \|", table, re.MULTILINE))
    assert documented == {code.value for code in Code}


def test_the_words_of_the_house_are_classes():
    page = (ROOT / "ARCHITECTURE.md").read_text()
    rows = re.findall(r"^\| ([A-Z][A-Za-z, ]+) \| (`[^|]+) \|", page.split("## Words")[1], re.MULTILINE)
    assert len(rows) > 5
    for names, places in rows:
        texts = "".join(
            (ROOT / "gateway/src/gatepost_gateway" / place).read_text() for place in re.findall(r"`([^`]+)`", places)
        )
        for name in names.split(", "):
            assert re.search(rf"^class {name}\b", texts, re.MULTILINE), name


def test_the_changelog_begins_with_the_version():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert versions[0] == VERSION


def test_every_distribution_has_the_same_version():
    for part in ("gateway", "sdk"):
        project = tomllib.loads((ROOT / part / "pyproject.toml").read_text())["project"]
        assert project["version"] == VERSION, part


def test_every_dependency_is_explained():
    page = (ROOT / "docs/dependencies.md").read_text()
    for part in ("gateway", "sdk"):
        project = tomllib.loads((ROOT / part / "pyproject.toml").read_text())["project"]
        for line in project["dependencies"]:
            name = re.split(r"[\s<>=!\[;]", line, maxsplit=1)[0]
            assert f"| {name} |" in page, name


def test_locked_requirements_have_hashes_and_no_addresses():
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text()
        assert "://" not in re.sub(r"#.*", "", text)
        assert not re.search(r"^\s*--(?:index-url|extra-index-url|find-links|trusted-host)", text, flags=re.MULTILINE)
        pins = [line for line in text.splitlines() if re.match(r"^[a-z0-9]", line)]
        assert pins
        assert text.count("--hash=sha256:") >= len(pins)
