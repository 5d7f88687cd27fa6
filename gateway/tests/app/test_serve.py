import asyncio
import datetime as dt
import json
import os
import socket
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from gatepost_gateway.app.serve import LOCK_SECONDS, StartFailed, announce, greet, listen, locked, tls_context, url_of
from gatepost_gateway.settings import Tls, load
from gatepost_gateway.storage.faults import Locked
from gatepost_gateway.storage.lock import acquire


def test_an_address_in_use_is_told_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartFailed, match=rf"cannot listen on `127\.0\.0\.1:{port}`.*GATEPOST_LISTEN"):
            listen("127.0.0.1", port)


def test_a_start_waits_for_the_last_run_to_let_go(tmp_path):
    held = acquire(tmp_path / "lock")

    async def wait():
        asyncio.get_running_loop().call_later(0.2, held.release)
        return await locked(tmp_path / "lock")

    with asyncio.run(wait()) as lock:
        assert lock.fileno() >= 0


def test_a_start_beside_a_running_gateway_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("gatepost_gateway.app.serve.LOCK_SECONDS", 0.1)
    assert LOCK_SECONDS > 1
    with acquire(tmp_path / "lock"), pytest.raises(Locked, match=str(os.getpid())):
        asyncio.run(locked(tmp_path / "lock"))


def test_the_address_is_left_for_commands_and_for_nobody_else(tmp_path):
    settings = load(variables={"GATEPOST_DATA_DIR": str(tmp_path)}, folder=tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        url = url_of(settings, sock)
        assert url == f"http://127.0.0.1:{sock.getsockname()[1]}"
    announce(settings, url, "gpa_old")
    path = announce(settings, url, "gpa_new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"url": url, "pid": os.getpid(), "token": "gpa_new"}


def test_the_greeting_says_where_last(capsys):
    greet(["curl {url}/up"], "http://127.0.0.1:1")
    assert capsys.readouterr().out == "curl http://127.0.0.1:1/up\ngatepost is listening on http://127.0.0.1:1\n"


def test_a_first_call_goes_where_others_reach_it(capsys):
    greet(["curl {url}/up"], "http://127.0.0.1:1", "https://gate.example.com/")
    assert capsys.readouterr().out == "curl https://gate.example.com/up\ngatepost is listening on http://127.0.0.1:1\n"


def test_a_certificate_that_cannot_be_used_is_named(tmp_path):
    tls = Tls(tmp_path / "cert.pem", tmp_path / "key.pem")
    with pytest.raises(StartFailed, match=r"cert.pem` of `server.tls` cannot be read: no such file"):
        tls_context(tls)
    tls.cert.write_text("no PEM")
    with pytest.raises(StartFailed, match=r"key.pem` of `server.tls` cannot be read: no such file"):
        tls_context(tls)
    tls.key.write_text("no PEM")
    with pytest.raises(StartFailed, match="are no certificate and its key"):
        tls_context(tls)


def test_nobody_is_asked_for_the_password_of_a_key(tmp_path):
    tls = Tls(tmp_path / "cert.pem", tmp_path / "key.pem")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + dt.timedelta(days=9))
    tls.cert.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    for locked_by, words in ((NoEncryption(), None), (BestAvailableEncryption(b"a word"), "not encrypted")):
        tls.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked_by))
        if words is None:
            tls_context(tls)
            continue
        with pytest.raises(StartFailed, match=words):
            tls_context(tls)
