"""The rules of the file stand before those of the API, and only the API's are changed through it."""

from pathlib import Path

import pytest

from gatepost_gateway.control.rule_registry import RuleRegistry
from gatepost_gateway.control.shapes import RuleChange
from gatepost_gateway.domain.errors import CallerError

from .house import make

FILE = "policies: {chain: [{name: declared, kind: keyword, terms: [a]}]}\n"
SAID = RuleChange.model_validate({"name": "made", "kind": "keyword", "settings": {"terms": ["b"]}})


def test_a_rule_of_the_file_is_changed_there(tmp_path: Path) -> None:
    plane = make(tmp_path, FILE)
    try:
        rules = RuleRegistry(plane.configuration)
        rules.add("made", SAID, set(), by="somebody")
        assert [(rule.name, owner) for rule, owner in rules.all()] == [("declared", "file"), ("made", "api")]
        for refused in (lambda: rules.put("declared", SAID, set(), by="x"), lambda: rules.remove("declared", by="x")):
            with pytest.raises(CallerError) as caught:
                refused()
            assert (caught.value.status, caught.value.code) == (409, "managed_by_file")
        rules.remove("made", by="somebody")
        assert [owner for _, owner in rules.all()] == ["file"]
    finally:
        plane.close()
