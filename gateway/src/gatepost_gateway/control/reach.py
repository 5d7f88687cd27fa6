"""The way from a command to the control plane: over HTTP where a gateway runs, else in this process on the same data.

Both ways ask the same application the same questions.
"""

import asyncio
import http.client
import secrets
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from msgspec import Struct, structs

from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.control.records import FoldedRecords
from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.link.control_end import answer
from gatepost_gateway.link.messages import HttpAsk
from gatepost_gateway.settings import Settings
from gatepost_gateway.storage import config as config_file
from gatepost_gateway.storage.backup import JOURNAL
from gatepost_gateway.storage.faults import Locked
from gatepost_gateway.storage.fold import Folder
from gatepost_gateway.storage.home import books, records_home
from gatepost_gateway.storage.lock import Lock, acquire
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.vault import make_private_dir

LOCK = "lock"
ANNOUNCED = "server.json"
TIMEOUT = 30.0
Query = tuple[tuple[str, str], ...]


class Reach(Protocol):
    """`notices`: what a first start has to show once."""

    notices: list[str]

    def call(self, method: str, path: str, body: Any = None, query: Query = ()) -> tuple[int, Any]:
        """(status, decoded JSON). Raises GatewayFault when nobody answers."""
        ...

    def close(self) -> None: ...


class Announced(Struct, frozen=True):
    """What a running gateway leaves for the commands of its machine."""

    url: str
    token: str
    pid: int | None = None


def path_of(*parts: str) -> str:
    """A path of the API; a slash in an id stays one."""
    return "/api/v1/" + "/".join(quote(part, safe="/") for part in parts)


class OverHttp:
    """A gateway that runs, here or elsewhere. Follows no redirect and asks no proxy."""

    def __init__(self, url: str, key: Secret, context: ssl.SSLContext | None = None) -> None:
        self.notices: list[str] = []
        self._url = urlsplit(url)
        self._key = key
        self._context = context
        if self._url.scheme not in ("http", "https") or not self._url.hostname:
            raise GatewayFault(f"`{url}` is not the address of a gateway: it begins with http:// or https://")

    def call(self, method: str, path: str, body: Any = None, query: Query = ()) -> tuple[int, Any]:
        target = self._url.path.rstrip("/") + path + ("?" + urlencode(query) if query else "")
        headers = {"authorization": f"Bearer {self._key.reveal()}", "content-type": "application/json"}
        connection = self._connection()
        try:
            connection.request(method, target, _encoded(body), headers)
            reply = connection.getresponse()
            return reply.status, _decoded(reply.read())
        except (OSError, http.client.HTTPException) as error:
            words = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise GatewayFault(
                f"no answer from `{self._url.geturl()}`: {str(words).lower()}",
                code=Code.CONTROL_UNAVAILABLE,
                status=503,
            ) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host = self._url.hostname or ""
        if self._url.scheme == "https":
            context = self._context or ssl.create_default_context()
            return http.client.HTTPSConnection(host, self._url.port, timeout=TIMEOUT, context=context)
        return http.client.HTTPConnection(host, self._url.port, timeout=TIMEOUT)

    def close(self) -> None:
        """Nothing is kept open between calls."""


class InProcess:
    """The same application in this process, which holds the data directory's lock as long as it lasts."""

    def __init__(self, settings: Settings, lock: Lock) -> None:
        self._lock = lock
        self._key = Secret(f"gpa_local{secrets.token_hex(4)}_{secrets.token_hex(24)}")
        self._runner = asyncio.Runner()
        data_dir = settings.server.data_dir
        try:
            self._records = Records(records_home(data_dir, settings.server.store_url))
        except BaseException:
            lock.release()
            raise
        shared = books(settings.server.state_url)
        source = FoldedRecords(Folder(data_dir / JOURNAL, self._records), self._records, shared=shared)
        try:
            # The file is applied by `apply` and `serve`, and not by a look at the keys.
            bare = structs.replace(settings, file=None)
            self._plane = ControlPlane(bare, records=source, local_token=self._key)
        except BaseException:
            self._records.close()
            lock.release()
            raise
        self.notices = self._plane.notices

    def call(self, method: str, path: str, body: Any = None, query: Query = ()) -> tuple[int, Any]:
        headers = [(b"authorization", f"Bearer {self._key.reveal()}".encode())]
        ask = HttpAsk(method, path, urlencode(query).encode(), headers, _encoded(body) or b"")
        reply = self._runner.run(answer(self._plane.app, ask))
        return reply.status, _decoded(reply.body)

    def close(self) -> None:
        self._runner.close()
        self._plane.close()
        self._records.close()
        self._lock.release()


def reach(settings: Settings, url: str | None, key: Secret | None, *, create: bool = False) -> Reach:
    """The control plane of `url`; else of this data directory, which is made when `create` says so.

    Raises GatewayFault when there is none.
    """
    if url is not None:
        if key is None:
            raise GatewayFault(f"no key for `{url}`: set GATEPOST_ADMIN_KEY, or give `--key`")
        return OverHttp(url, key)
    data_dir = settings.server.data_dir
    if not create and settings.server.store_url is None and not (data_dir / config_file.FILE).exists():
        raise GatewayFault(
            f"there is no gateway in `{data_dir}`: start one with `gatepost serve`, or name it with --data-dir or --url"
        )
    make_private_dir(data_dir)
    try:
        lock = acquire(data_dir / LOCK)
    except Locked as held:
        return _running(settings, held)
    return InProcess(settings, lock)


def _running(settings: Settings, held: Locked) -> OverHttp:
    """The gateway that holds the lock."""
    path = settings.server.data_dir / ANNOUNCED
    try:
        said = msgspec.json.decode(path.read_bytes(), type=Announced)
    except (OSError, msgspec.MsgspecError):
        raise GatewayFault(
            f"{_holder(held)} works on `{settings.server.data_dir}` and does not say where it listens: try again"
        ) from held
    return OverHttp(said.url, Secret(said.token), _trusting(settings, said.url))


def _holder(held: Locked) -> str:
    return f"process {held.pid}" if held.pid is not None else "another process"


def _trusting(settings: Settings, url: str) -> ssl.SSLContext | None:
    """Trusts the certificate that the gateway of this machine is configured with, whatever name is in it."""
    tls = settings.server.tls
    if not url.startswith("https:") or tls is None:
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(tls.cert)
    context.check_hostname = False
    return context


def _encoded(body: Any) -> bytes | None:
    return None if body is None else msgspec.json.encode(body)


def _decoded(data: bytes) -> Any:
    if not data:
        return None
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise GatewayFault("the answer is not JSON: is this address a gateway's?") from error


def announced(data_dir: Path) -> Mapping[str, Any] | None:
    """What a running gateway left, without its token; None when there is nothing."""
    try:
        said = msgspec.json.decode((data_dir / ANNOUNCED).read_bytes(), type=Announced)
    except (OSError, msgspec.MsgspecError):
        return None
    return {"url": said.url, "pid": said.pid}
