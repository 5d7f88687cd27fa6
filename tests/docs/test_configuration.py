"""The file, the environment and the commands as the docs tell them: what there is stands there."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from gatepost_gateway.cli import COMMANDS
from gatepost_gateway.settings import environment
from gatepost_gateway.settings.shapes import FileShape

ROOT = Path(__file__).resolve().parents[2]
DOCS = "\n".join(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md")))
PAGE = (ROOT / "docs/configuration.md").read_text()
INSIDE = {"alone"}
"""Keys that nobody may write."""


def shapes_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from shapes_in(part)


def keys_of(shape: type[BaseModel]) -> set[str]:
    """Every key that may stand in `shape`, at any depth."""
    seen: set[type[BaseModel]] = set()
    waiting, found = [shape], set[str]()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            for name, said in one.model_fields.items():
                found.add(said.alias or name)
                waiting.extend(shapes_in(said.annotation))
    return found - INSIDE


def test_every_key_of_the_file_stands_in_the_docs() -> None:
    keys = keys_of(FileShape)
    assert {"server", "cache_read_cost_per_1k", "rego_packages", "global"} <= keys
    assert sorted(key for key in keys if not re.search(rf"\b{re.escape(key)}\b", DOCS)) == []


def test_every_variable_stands_on_the_page() -> None:
    providers = [name for names in environment.PROVIDER_VARIABLES.values() for name in names]
    variables = [*environment.OWN, *providers, *environment._AWS, environment._AWS_BEARER]
    assert [name for name in variables if f"`{name}`" not in PAGE] == []
    assert set(re.findall(r"GATEPOST_[A-Z_]+[A-Z]", PAGE)) <= set(environment.OWN)


def test_every_command_stands_in_the_docs() -> None:
    said = DOCS + (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if not re.search(rf"gatepost {name}\b", said)] == []


def test_every_link_leads_somewhere() -> None:
    pages = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / name / "README.md" for name in ("sdk", "rego", "bench")),
    ]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)\s]*\)", page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []
