from typing import Any

import pytest

from gatepost_gateway.dialects.gemini_generate_pieces import put
from gatepost_gateway.dialects.members import Malformed


def test_pieces_find_their_place() -> None:
    root: dict[str, Any] = {}
    for path, value in (
        ("$.city", {"stringValue": "Par"}),
        ("$.city", {"stringValue": "is"}),
        ("$.days", {"numberValue": 3}),
        ("$.stops[1].name", {"stringValue": "Lyon"}),
        ("$.stops[0]['open']", {"boolValue": True}),
        ("$.none", {"nullValue": None}),
    ):
        put(root, {"jsonPath": path, **value})
    assert root == {"city": "Paris", "days": 3, "stops": [{"open": True}, {"name": "Lyon"}], "none": None}


@pytest.mark.parametrize("path", ["$", "", "$[0]", "$.a[0]", "$.a.b.c", "$.list[100000]"])
def test_a_path_that_does_not_fit_is_refused(path: str) -> None:
    with pytest.raises(Malformed):
        put({"a": {"b": "text"}, "list": []}, {"jsonPath": path, "stringValue": "x"})
