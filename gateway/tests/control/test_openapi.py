import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.api import TABLE
from gatepost_gateway.control.surface import ROUTES

from .house import ask, make


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Any:
    plane = make(tmp_path_factory.mktemp("openapi"))
    reply = asyncio.run(ask(plane, "GET", "/openapi.json", key=None))
    plane.close()
    return reply.json


def test_every_route_is_described(page: Any) -> None:
    for route in (*TABLE, *ROUTES):
        assert route.method.lower() in page["paths"][route.path], route.path


def test_every_reference_leads_somewhere(page: Any) -> None:
    names = set(re.findall(r"#/components/schemas/([A-Za-z]+)", str(page)))
    assert names <= set(page["components"]["schemas"])
    assert names


def test_what_is_public_says_so(page: Any) -> None:
    assert page["paths"]["/up"]["get"]["security"] == []
    assert "security" not in page["paths"]["/api/v1/keys"]["get"]


def test_a_secret_is_write_only(page: Any) -> None:
    shapes = page["components"]["schemas"]
    assert shapes["ModelNew"]["properties"]["api_key"]["writeOnly"] is True
    assert "api_key" not in shapes["Model"]["properties"]


def test_paths_name_their_parameters(page: Any) -> None:
    for path, methods in page["paths"].items():
        for said in methods.values():
            named = [one["name"] for one in said["parameters"] if one["in"] == "path"]
            assert named == re.findall(r"\{(\w+)\}", path)


def test_it_is_openapi(page: Any, tmp_path: Path) -> None:
    assert page["openapi"] == "3.1.0"
    assert page["info"]["title"] == "Gatepost"
