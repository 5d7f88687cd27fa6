"""Work without a gateway: by leave, by licence, or as a mock."""

import json
import time

import pytest

import gatepost
from gatepost import _offline
from gatepost.testing import KEY, FakeGateway

cryptography = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")


@pytest.fixture
def licence(tmp_path):
    """Writes a licence and gives the options that use it: `licence(features=..., seconds=..., key=...)`."""
    signer = cryptography.Ed25519PrivateKey.generate()

    def write(features=("offline_testing",), seconds=60.0, words=_offline.LICENCE_WORDS, change=None):
        text = json.dumps({"project": "p", "features": list(features), "expires_at": time.time() + seconds})
        page = {"licence": text, "signature": signer.sign(words + text.encode()).hex(), **(change or {})}
        path = tmp_path / "offline.licence"
        path.write_text(json.dumps(page))
        return {"offline_licence": path, "licence_key": signer.public_key().public_bytes_raw().hex()}

    return write


def test_a_mock_needs_no_network_no_key_and_no_leave(shell):
    client = shell.client(mock=True, base_url="http://127.0.0.1:9")
    trace = shell.run(client.traces.create(revenue=1))
    result = shell.run(client.execute(trace.id, "hi"))
    assert (result.output, result.mock, result.offline, result.bypass) == ("hi", True, False, False)
    assert shell.run(client.simulate(input="hi")).status == "resolved"
    assert shell.run(client.checks(trace_id=trace.id, input="hi")).allowed
    assert shell.run(client.chat("m", "hi")).get("mock") is True
    assert shell.run(client.traces.complete(trace.id)).steps == 2
    assert shell.run(client.ping())["status"] == "ok"


def test_offline_by_the_gateways_leave_asks_once(shell):
    gateway = FakeGateway(offline_testing=True)
    client = shell.of(gateway, offline=True)
    assert [seen.path for seen in gateway.seen] == ["/api/v1/sdk/config"]
    gateway.down = True
    trace = shell.run(client.traces.create())
    result = shell.run(client.execute(trace.id, "hi"))
    assert (result.output, result.offline, result.mock) == ("hi", True, False)
    assert len(gateway.seen) == 1


def test_offline_without_leave_is_a_configuration_error(shell, gateway):
    with pytest.raises(gatepost.ConfigurationError, match="may not work offline") as refused:
        shell.of(gateway, offline=True)
    assert refused.value.code == "offline_not_allowed"
    gateway.down = True
    with pytest.raises(gatepost.ConfigurationError, match="nobody can say") as unknown:
        shell.of(gateway, offline=True)
    assert unknown.value.code == "offline_unknown"


def test_a_wrong_key_is_an_auth_error(shell):
    gateway = FakeGateway(offline_testing=True)
    with pytest.raises(gatepost.AuthError):
        shell.client("gp_other_key", transport=gateway.transport(), base_url="http://gateway.test", offline=True)


def test_not_offline_asks_nothing(shell, gateway):
    shell.of(gateway, offline=False, mock=False)
    assert gateway.seen == []


def test_a_licence_stands_for_the_gateway(shell, gateway, licence):
    client = shell.of(gateway, offline=True, **licence())
    assert shell.run(client.execute(shell.run(client.traces.create()).id, "hi")).offline
    assert gateway.seen == []


def test_a_licence_from_the_environment(monkeypatch, licence):
    options = licence()
    monkeypatch.setenv("GATEPOST_OFFLINE_LICENCE", str(options["offline_licence"]))
    monkeypatch.setenv("GATEPOST_LICENCE_KEY", options["licence_key"])
    assert gatepost.Client(offline=True, base_url="http://127.0.0.1:9").traces.create()["offline"] is True


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"seconds": -1.0}, "is over"),
        ({"features": ()}, "does not allow"),
        ({"words": b"something else\n"}, "is not signed"),
        ({"change": {"signature": "00" * 64}}, "is not signed"),
        ({"change": {"signature": "nonsense"}}, "is not a licence"),
        ({"change": {"licence": "[]"}}, "is not a licence"),
        ({"change": {"licence": '{"features": ["offline_testing"], "expires_at": 1e12}'}}, "is not signed"),
    ],
)
def test_a_licence_that_is_none(licence, made, said):
    with pytest.raises(gatepost.ConfigurationError, match=said):
        gatepost.Client(KEY, offline=True, **licence(**made))


def test_a_licence_needs_the_key_that_it_is_held_to(licence, tmp_path):
    options = licence()
    with pytest.raises(gatepost.ConfigurationError, match="licence_key"):
        gatepost.Client(KEY, offline=True, offline_licence=options["offline_licence"])
    with pytest.raises(gatepost.ConfigurationError, match="not a licence"):
        gatepost.Client(KEY, offline=True, offline_licence=tmp_path / "nowhere", licence_key=options["licence_key"])


def test_it_belongs_to_the_connections(gateway):
    for name in ("mock", "offline"):
        with pytest.raises(gatepost.ConfigurationError, match=name):
            gateway.client().with_options(**{name: True})
