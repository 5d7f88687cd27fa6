import ast

import sdk_reference


def definition(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


def test_a_signature_is_without_self_and_says_what_is_awaited() -> None:
    node = definition("async def get(self, name: str, *, most: int = 5) -> str: ...")
    assert isinstance(node, ast.AsyncFunctionDef)
    assert "await get(name: str, *, most: int=5) -> str" in sdk_reference.signature(node)


def test_sections_are_lists() -> None:
    lines = ["def f():", '    """Does it.', "", "    Args:", "        a: The one", "            and more."]
    node = definition("\n".join([*lines, "        b: The other.", '    """']))
    assert isinstance(node, ast.FunctionDef)
    assert sdk_reference.said(node) == "Does it.\n\nArgs:\n\n- `a`: The one and more.\n- `b`: The other.\n"


def test_every_public_name_is_there() -> None:
    page = sdk_reference.page()
    for name in sdk_reference.public():
        assert name.startswith("_") or f"\n## {name}\n" in page
    assert "\n## testing.FakeGateway\n" in page
    assert "\n### Client.chat_stream\n" in page


def test_it_says_whether_the_page_is_current(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(sdk_reference, "PAGE", tmp_path / "reference.md")
    assert sdk_reference.main(["--check"]) == 1
    assert sdk_reference.main([]) == 0
    assert sdk_reference.main(["--check"]) == 0
