"""The middleware: each request in its session, and nothing else of it touched."""

import asyncio
from uuid import UUID

import pytest

import gatepost
from gatepost.asgi import SessionMiddleware

ID = "0192d3a0-0000-4000-8000-000000000001"


def serve(app, headers=(), kind="http"):
    sent = []

    async def send(message):
        sent.append(message)

    async def run():
        await app({"type": kind, "headers": [(name.encode(), value.encode()) for name, value in headers]}, None, send)

    asyncio.run(run())
    return sent


def application(seen, kind="http.response.start"):
    async def app(scope, receive, send):
        seen.append(gatepost.current_session())
        await send({"type": kind, "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"x"})

    return app


def told(sent):
    return dict(sent[0]["headers"])[b"x-gatepost-session-id"].decode()


def test_a_request_names_its_session():
    seen = []
    app = SessionMiddleware(application(seen))
    sent = serve(app, [("X-Gatepost-Session-Id", ID), ("x-gatepost-session-path", "a/b")])
    assert (seen[0].id, seen[0].path, told(sent)) == (ID, ("a", "b"), ID)
    assert (b"a", b"b") in sent[0]["headers"]
    assert sent[1] == {"type": "http.response.body", "body": b"x"}
    assert gatepost.current_session() is None


@pytest.mark.parametrize(
    "headers", [[], [("x-gatepost-session-id", "nonsense")], [("x-gatepost-session-path", "a\u00e9")]]
)
def test_without_one_it_gets_a_new_one(headers):
    seen = []
    app = SessionMiddleware(application(seen))
    ids = {told(serve(app, headers)) for _ in range(2)}
    assert len(ids) == 2
    assert all(UUID(one) for one in ids)


def test_strangers_are_not_believed():
    seen = []
    sent = serve(SessionMiddleware(application(seen), trusted=False), [("x-gatepost-session-id", ID)])
    assert seen[0].id == told(sent) != ID


def test_web_sockets_and_lifespans():
    seen = []
    assert told(serve(SessionMiddleware(application(seen, "websocket.accept")), kind="websocket"))
    sent = serve(SessionMiddleware(application(seen)), kind="lifespan")
    assert seen[-1] is None
    assert sent[0]["headers"] == [(b"a", b"b")]


def test_requests_at_once_do_not_mix():
    found = {}

    async def app(scope, receive, send):
        name = scope["headers"][0][1].decode()
        for _ in range(3):
            await asyncio.sleep(0)
            found.setdefault(name, set()).add(gatepost.current_session().id)

    async def both():
        wrapped = SessionMiddleware(app)
        ids = [f"0192d3a0-0000-4000-8000-00000000000{n}" for n in range(5)]
        scopes = [{"type": "http", "headers": [(b"x-gatepost-session-id", one.encode())]} for one in ids]
        await asyncio.gather(*(wrapped(scope, None, None) for scope in scopes))

    asyncio.run(both())
    assert found == {name: {name} for name in found}
    assert len(found) == 5
