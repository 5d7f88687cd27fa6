"""Both shells under one suite: `shell.run(client.operation())` works for either."""

import asyncio
import inspect
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import gatepost
from gatepost.testing import FakeGateway


class Shell:
    """One kind of client, with a way to run its operations."""

    def __init__(self, kind):
        self.kind = kind
        self._loop = asyncio.new_event_loop() if kind == "async" else None
        self._made = []

    @property
    def asynchronous(self):
        return self._loop is not None

    def client(self, *args, **options):
        made = (gatepost.AsyncClient if self.asynchronous else gatepost.Client)(*args, **options)
        self._made.append(made)
        return made

    def of(self, gateway, **options):
        made = gateway.async_client(**options) if self.asynchronous else gateway.client(**options)
        self._made.append(made)
        return made

    def http(self, gateway):
        return gateway.async_http_client() if self.asynchronous else gateway.http_client()

    def run(self, value):
        return self._loop.run_until_complete(value) if inspect.isawaitable(value) else value

    def gather(self, make, count):
        """What `count` operations at once came to: threads, or tasks of one loop."""
        if self.asynchronous:

            async def all_of_them():
                return await asyncio.gather(*(make() for _ in range(count)))

            return self._loop.run_until_complete(all_of_them())
        results = []
        threads = [threading.Thread(target=lambda: results.append(make())) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return results

    def close(self):
        for made in self._made:
            self.run(made.aclose() if self.asynchronous else made.close())
        if self._loop is not None:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


@pytest.fixture(params=["sync", "async"])
def shell(request):
    made = Shell(request.param)
    yield made
    made.close()


@pytest.fixture
def gateway():
    return FakeGateway()


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """No test sees the environment of the machine, nor what another test configured."""
    for name in ("GATEPOST_API_KEY", "GATEPOST_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    gatepost.configure()
    yield
    gatepost.configure()


class Server(ThreadingHTTPServer):
    """A real server on loopback; each request is answered by `self.answer(handler)`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.seen = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Clients that leave are part of these tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.command, self.path, dict(self.headers.items()), body))
        self.server.answer(self)

    do_GET = do_PATCH = do_POST  # noqa: N815 - the names that http.server calls

    def say(self, status, body=b"{}", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def serve():
    """`with serve(answer) as server:` runs a real HTTP server whose `answer(handler)` replies."""

    @contextmanager
    def running(answer):
        server = Server(answer)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return running
