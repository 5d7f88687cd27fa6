"""The seams are met: what the composition root plugs in has the methods that the ports name."""

import inspect

import pytest

from gatepost_gateway.dialects.openai_chat_stream import OpenAIChatReader
from gatepost_gateway.domain import ports
from gatepost_gateway.ledger import MemoryLedger, MemoryRates
from gatepost_gateway.providers.compatible import Compatible
from gatepost_gateway.providers.sandbox import SandboxAnswer, SandboxTransport


@pytest.mark.parametrize(
    ("port", "made"),
    [
        (ports.Ledger, MemoryLedger),
        (ports.Rates, MemoryRates),
        (ports.Provider, Compatible),
        (ports.Transport, SandboxTransport),
        (ports.UpstreamAnswer, SandboxAnswer),
        (ports.StreamReader, OpenAIChatReader),
    ],
)
def test_an_implementation_has_every_method_with_the_ports_parameters(port, made):
    methods = [name for name, _ in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")]
    assert methods
    for name in methods:
        wanted = list(inspect.signature(getattr(port, name)).parameters)
        assert list(inspect.signature(getattr(made, name)).parameters) == wanted
