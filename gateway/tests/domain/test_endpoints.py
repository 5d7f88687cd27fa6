"""The seams to endpoints are met by what keeps their state in this process."""

import inspect

import pytest

from gatepost_gateway.domain import endpoints
from gatepost_gateway.ledger import MemoryBreakers, MemoryPace


@pytest.mark.parametrize(("port", "made"), [(endpoints.Breakers, MemoryBreakers), (endpoints.Pace, MemoryPace)])
def test_an_implementation_has_every_method_with_the_ports_parameters(port, made):
    methods = [name for name, _ in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")]
    assert methods
    for name in methods:
        wanted = list(inspect.signature(getattr(port, name)).parameters)
        assert list(inspect.signature(getattr(made, name)).parameters) == wanted
