"""The only thing that opens a connection to a model provider."""

from gatepost_gateway.domain.ports import Origin
from gatepost_gateway.domain.snapshot import Timeouts
from gatepost_gateway.transport.answer import Answer
from gatepost_gateway.transport.client import Client
from gatepost_gateway.transport.dialler import Proxy
from gatepost_gateway.transport.egress import Egress
from gatepost_gateway.transport.faults import Fault, TransportError
from gatepost_gateway.transport.resolver import Resolver, system_resolver
from gatepost_gateway.transport.tls import client_context

__all__ = [
    "Answer",
    "Client",
    "Egress",
    "Fault",
    "Origin",
    "Proxy",
    "Resolver",
    "Timeouts",
    "TransportError",
    "client_context",
    "system_resolver",
]
