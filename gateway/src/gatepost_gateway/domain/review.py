"""What a rule asks a judge outside, over HTTP, and what comes back. The rule says what, others carry it."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from gatepost_gateway.domain.ports import Headers, Origin
from gatepost_gateway.domain.snapshot import Snapshot


class NoVerdict(Exception):
    """Nobody gave a verdict; the text says why and goes into the record. It holds no word of a call."""


class Inquiry(Struct, frozen=True):
    """One question. `key`: what its answer is kept under; `rule`: whose it is, and whose key is shown with it.

    `seconds`: all that it may take, waiting for its turn included; `most`: of one rule's, how many may be under way.
    """

    key: str
    rule: str
    origin: Origin
    target: bytes
    headers: Headers
    body: bytes
    seconds: float
    most: int


Verdicts = Mapping[str, "bytes | NoVerdict"]
"""The answers by the keys of their questions: the body of a 200, or why there is none."""


class Reviewers(Protocol):
    """Whoever carries questions to their judges. Never raises for what a judge does."""

    async def ask(self, snapshot: Snapshot, inquiries: tuple[Inquiry, ...]) -> Verdicts: ...


class Nobody:
    """Implements `Reviewers` where no judge is to be asked."""

    async def ask(self, snapshot: Snapshot, inquiries: tuple[Inquiry, ...]) -> Verdicts:  # noqa: ARG002
        return {one.key: NoVerdict("no judge is asked here") for one in inquiries}
