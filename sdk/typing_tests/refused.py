"""What a type checker must refuse. Never run: `tests/test_typing.py` has it checked."""

import gatepost
from gatepost.asgi import SessionMiddleware


@gatepost.guard
def refund(account: str, amount: int = 1) -> bool:
    return bool(account) and amount > 0


def refused() -> None:
    refund(1)  # pyright: ignore[reportArgumentType]
    gatepost.guard(mode="loose")  # pyright: ignore[reportArgumentType]
    client = gatepost.Client()
    client.execute("t", "hi", policy={})  # pyright: ignore[reportCallIssue]
    client.traces.list(nearest=1)  # pyright: ignore[reportCallIssue]
    gatepost.configure(timeout="5")  # pyright: ignore[reportArgumentType]
    client.chat("m", "hi", policy={})  # pyright: ignore[reportCallIssue]
    client.metrics(range="1y")  # pyright: ignore[reportArgumentType]
    gatepost.Client(http_client=1)  # pyright: ignore[reportArgumentType]
    SessionMiddleware(1)  # pyright: ignore[reportArgumentType]
