"""What a resource is made of: an entry of the route table, a question, an answer, and the house that it works on."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from msgspec import Struct, field

from gatepost_gateway.control.arrivals import Arrivals
from gatepost_gateway.control.configuration import Configuration
from gatepost_gateway.control.identity import Keyring
from gatepost_gateway.control.records import TraceSource
from gatepost_gateway.control.roles import Access, Station
from gatepost_gateway.control.rotation import MasterKey
from gatepost_gateway.control.webhook_registry import WebhookRegistry
from gatepost_gateway.domain.clock import Clock
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.domain.ports import Vault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import Sealed, Snapshot
from gatepost_gateway.link.messages import Correcting
from gatepost_gateway.settings import DEFAULT_PROJECT, Settings
from gatepost_gateway.settings.fields import Shape
from gatepost_gateway.storage.config import ConfigStore

ShapeT = TypeVar("ShapeT", bound=Shape)


class House(Protocol):
    """The control plane, as its resources see it."""

    settings: Settings
    clock: Clock
    store: ConfigStore
    configuration: Configuration
    keyring: Keyring
    records: TraceSource | None
    local_token: Secret | None
    arrivals: Arrivals
    master_key: MasterKey
    webhooks: WebhookRegistry

    correct: Callable[[Correcting], Awaitable[None]] | None
    """Puts right what was settled; None: no gateway runs here."""

    @property
    def vault(self) -> Vault: ...
    @property
    def snapshot(self) -> Snapshot: ...
    def projects(self) -> set[str]: ...
    def seal(self, secret: Secret, purpose: str) -> Sealed:
        """`secret` as ciphertext that opens only as what it was sealed for."""
        ...

    def writing(self) -> AbstractAsyncContextManager[None]: ...
    def reread(self) -> None:
        """Reads configuration and identities anew: they were sealed again."""
        ...

    def health(self) -> dict[str, Any]: ...


class Caller(Struct, frozen=True):
    """Who asks. `project` None: an operator, who sees every project. `home`: the project that its key belongs to; `org`
    likewise, None for an operator.
    """

    key_id: str
    project: str | None = None
    home: str = DEFAULT_PROJECT
    station: Station = Station.OPERATOR
    org: str | None = None


class Asked(Struct, frozen=True):
    """A question that was let in and understood."""

    path: dict[str, str]
    query: tuple[tuple[str, str], ...]
    body: Shape | None
    caller: Caller
    address: str = ""
    """Where it was asked from, as the data plane saw it."""

    def number(self, name: str) -> int:
        """A number in the path. Raises CallerError (404): another word there means nothing."""
        text = self.path[name]
        if not text.isdecimal() or len(text) > 15:
            raise CallerError(f"`{text[:40]}` is no number of a version", status=404)
        return int(text)

    def said(self, shape: type[ShapeT]) -> ShapeT:
        """The body, which was checked against `shape`."""
        assert isinstance(self.body, shape)
        return self.body


class Answer(Struct, frozen=True):
    """`body` is anything that msgspec writes as JSON; None: no body."""

    body: Any
    status: int = 200
    media: str | None = None
    """The media type of a body that is text and not JSON."""


class Parameter(Struct, frozen=True):
    """A part of the query."""

    name: str
    about: str
    repeated: bool = False


Handler = Callable[[Any, Asked], Awaitable[Answer]]


class Endpoint(Struct, frozen=True):
    """One line of the route table. `answer`: the type of the body, for the description of the API."""

    method: str
    path: str
    handler: Handler
    access: Access
    summary: str
    body: type[Shape] | None = None
    optional_body: bool = False
    answer: Any = None
    status: int = 200
    query: tuple[Parameter, ...] = field(default=())


__all__ = ["Access", "Answer", "Asked", "Caller", "Endpoint", "House", "Parameter", "Station", "by"]


def by(caller: Caller) -> str:
    """Who made a change, as the log keeps it."""
    return caller.key_id
