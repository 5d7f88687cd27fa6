"""The settings of the process itself: read once, at start."""

from pathlib import Path

from msgspec import Struct, structs

from gatepost_gateway.domain.mcp import McpLimits
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings.shapes import ServerShape
from gatepost_gateway.settings.telemetry import Telemetry

DEFAULT_LISTEN = "127.0.0.1:41002"
DEFAULT_DATA_DIR = ".gatepost"
_MIB = 1024 * 1024


class Tls(Struct, frozen=True):
    cert: Path
    key: Path


class Limits(Struct, frozen=True):
    """The most that a request may bring, and the longest that it may take to bring it."""

    body_bytes: int = 32 * _MIB
    header_bytes: int = 64 * 1024
    header_count: int = 100
    header_seconds: float = 10.0
    body_seconds: float = 60.0


class Server(Struct, frozen=True):
    """Where and how the process serves. `trusted_proxies` and `egress_allow` are networks in CIDR notation."""

    host: str = "127.0.0.1"
    port: int = 41002
    data_dir: Path = Path(DEFAULT_DATA_DIR)
    tls: Tls | None = None
    trusted_proxies: tuple[str, ...] = ()
    limits: Limits = Limits()
    egress_allow: tuple[str, ...] = ()
    mcp: McpLimits = McpLimits()
    drain_seconds: float = 30.0
    fsync: bool = False
    public_url: str | None = None
    signup: bool | None = None
    """Whether strangers may sign up. None: on loopback, where no trusted proxy stands before it."""
    store_url: Secret | None = None
    """Where configuration and records are that several gateways share: PostgreSQL. None: in the data directory."""
    state_url: Secret | None = None
    """Where several gateways keep what they share, sessions and counts: PostgreSQL. None: in this process."""
    telemetry: Telemetry | None = None


def server_of(said: ServerShape | None, listen: str | None, data_dir: str | None, base: Path) -> Server:
    """`said` with the environment's `listen` and `data_dir` above it; relative paths of the file are under `base`."""
    said = said or ServerShape()
    host, _, port = (listen or said.listen or DEFAULT_LISTEN).rpartition(":")
    folder = Path(data_dir) if data_dir else base / (said.data_dir or DEFAULT_DATA_DIR)
    default = Server()
    limits = said.limits.model_dump(exclude_none=True) if said.limits else {}
    return Server(
        host=host.strip("[]"),
        port=int(port),
        data_dir=folder,
        tls=Tls(base / said.tls.cert, base / said.tls.key) if said.tls else None,
        trusted_proxies=tuple(said.trusted_proxies),
        limits=structs.replace(default.limits, **limits),
        egress_allow=tuple(said.egress.allow) if said.egress else (),
        mcp=structs.replace(default.mcp, **said.mcp.model_dump(exclude_none=True)) if said.mcp else default.mcp,
        drain_seconds=said.drain_seconds or default.drain_seconds,
        fsync=bool(said.fsync),
        public_url=said.public_url,
        signup=said.signup,
    )
