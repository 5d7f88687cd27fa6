from pathlib import Path

from gatepost_gateway.domain.mcp import McpLimits
from gatepost_gateway.settings.file import parse
from gatepost_gateway.settings.server import Limits, Server, server_of
from gatepost_gateway.settings.shapes import McpShape

TEXT = """
server:
  listen: "[::1]:8080"
  data_dir: data
  tls: {cert: c.pem, key: /k.pem}
  trusted_proxies: [10.0.0.0/8]
  limits: {body_bytes: 5, header_seconds: 1.5}
  egress: {allow: [10.1.0.0/16]}
  mcp: {rounds: 3, call: 2.5}
  drain_seconds: 3
  fsync: true
  public_url: https://gate.example/
"""


def test_nothing_said_is_the_default() -> None:
    assert server_of(None, None, None, Path()) == Server()


def test_everything_said_is_taken() -> None:
    server = server_of(parse(TEXT).server, None, None, Path("/etc/gp"))
    assert (server.host, server.port) == ("::1", 8080)
    assert server.data_dir == Path("/etc/gp/data")
    assert server.tls is not None
    assert (server.tls.cert, server.tls.key) == (Path("/etc/gp/c.pem"), Path("/k.pem"))
    assert server.limits == Limits(body_bytes=5, header_seconds=1.5)
    assert (server.trusted_proxies, server.egress_allow) == (("10.0.0.0/8",), ("10.1.0.0/16",))
    assert server.mcp == McpLimits(rounds=3, call=2.5)
    assert (server.drain_seconds, server.fsync, server.public_url) == (3.0, True, "https://gate.example")


def test_every_limit_of_tool_servers_can_be_said() -> None:
    assert set(McpShape.model_fields) == set(McpLimits.__struct_fields__)
