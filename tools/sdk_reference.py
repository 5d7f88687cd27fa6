"""Writes docs/sdk/reference.md: every public name of the SDK with its signature and what its docstring says.

    python tools/sdk_reference.py            # write it
    python tools/sdk_reference.py --check    # say whether it is current

It reads the source and imports nothing of it.
"""

import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "sdk/src/gatepost"
PAGE = ROOT / "docs/sdk/reference.md"
HEAD = """# Reference of the SDK

Every public name of `gatepost`, and of `gatepost.asgi` and `gatepost.testing`. The page is made by
`python tools/sdk_reference.py`; a test holds it to the source. `AsyncClient` has the same operations as `Client`, to be
awaited.
"""
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def homes() -> dict[str, str]:
    """Each public name, and the module that defines it."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {name.asname or name.name: node.module or "" for name in node.names}
    return found


def public() -> list[str]:
    """The names in `__all__`."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return [str(name) for name in ast.literal_eval(node.value)]
    return []


def definitions(module: str) -> dict[str, Definition]:
    """What a module defines, by name; of an overloaded function the last word, which has the docstring."""
    tree = ast.parse((PACKAGE / (module.replace(".", "/") + ".py")).read_text())
    return {node.name: node for node in tree.body if isinstance(node, Definition)}


def page() -> str:
    """The whole page."""
    where = homes()
    parts = [HEAD]
    for name in public():
        if not name.startswith("_"):
            node = definitions(where[name]).get(name)
            parts.append(entry(name, node) if node is not None else alias(name, where[name]))
    for module in ("asgi", "testing"):
        parts += [entry(f"{module}.{name}", node) for name, node in definitions(module).items() if shown(module, name)]
    return "\n".join(parts)


def shown(module: str, name: str) -> bool:
    """Whether a name of a public module is for users."""
    return name in {"asgi": ("SessionMiddleware",), "testing": ("FakeGateway", "Seen")}[module]


def alias(name: str, module: str) -> str:
    """A second name of something."""
    text = (PACKAGE / f"{module}.py").read_text()
    found = re.search(rf"^{name} = (\w+)$", text, re.MULTILINE)
    assert found is not None, name
    return f"## {name}\n\nThe same as `{found[1]}`.\n"


def entry(name: str, node: Definition) -> str:
    """One name."""
    if isinstance(node, ast.ClassDef):
        bases = [ast.unparse(base) for base in node.bases]
        bases = [base for base in bases if not base.startswith("_") and not base.endswith("SimpleCalls")]
        of = f"({', '.join(bases)})" if bases else ""
        lines = [f"## {name}\n", f"```python\nclass {node.name}{of}\n```\n"]
        lines += [said(node), fields(node)] if bases != ["TypedDict"] else [said(node)]
        lines += [f"### {name}.{one.name}\n\n{signature(one)}\n{said(one)}" for one in methods(node)]
        return "\n".join(line for line in lines if line)
    return f"## {name}\n\n{signature(node)}\n{said(node)}"


def methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The public methods of a class, and those that it has from the mixins beside it; overloads once."""
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    inherited = [base for base in bases if base.endswith("SimpleCalls")]
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    for owner in (node, *(definitions("_simple")[base] for base in inherited)):
        assert isinstance(owner, ast.ClassDef)
        for one in owner.body:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and not one.name.startswith("_"):
                found[one.name] = one
    yield from found.values()


def fields(node: ast.ClassDef) -> str:
    """The fields of a model, with what stands below each."""
    lines: list[str] = []
    for at, one in enumerate(node.body):
        if not isinstance(one, ast.AnnAssign) or not isinstance(one.target, ast.Name) or one.target.id.startswith("_"):
            continue
        below = node.body[at + 1] if at + 1 < len(node.body) else None
        about = ""
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            about = f": {' '.join(str(below.value.value).split())}"
        lines.append(f"- `{one.target.id}: {ast.unparse(one.annotation)}`{about}")
    return "\n".join(lines) + "\n" if lines else ""


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """As one would write the call, without `self`."""
    args = re.sub(r"^self(, )?", "", ast.unparse(node.args))
    awaited = "await " if isinstance(node, ast.AsyncFunctionDef) else ""
    kind = any(isinstance(one, ast.Name) and one.id == "property" for one in node.decorator_list)
    call = node.name if kind else f"{awaited}{node.name}({args})"
    result = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return f"```python\n{call}{result}\n```\n"


def said(node: Definition) -> str:
    """The docstring: its sections as lists, a drawn tree or an indented example as a block."""
    text = ast.get_docstring(node) or ""
    for section in ("Args", "Attributes", "Raises"):
        found = re.search(rf"^{section}:\n((?:    .*\n?|\n)+)", text, re.MULTILINE)
        if found:
            text = text.replace(found[0], f"{section}:\n\n{listed(found[1])}\n\n")
    return text.rstrip() + "\n"


def listed(section: str) -> str:
    """`name: what` a line, as a list."""
    text = re.sub(r"\n +(?! )", lambda one: "\n" if len(one[0]) <= 1 else one[0], textwrap.dedent(section))
    joined = re.sub(r"\n\s+", " ", text)
    return "\n".join(re.sub(r"^(\w+): ", r"- `\1`: ", line.strip()) for line in joined.splitlines() if line.strip())


def main(arguments: list[str]) -> int:
    """1 when it is asked whether the page is current, and it is not."""
    if "--check" in arguments:
        return 0 if PAGE.exists() and PAGE.read_text() == page() else 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
