import json
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gatepost_gateway.cli import main
from gatepost_gateway.cli.licence import WORDS


def test_a_licence_is_signed_by_the_key_that_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "licence.key"
    assert main(["licence", "shop", "--days", "7", "--key", str(key)]) == 0
    said = capsys.readouterr()
    page = json.loads(said.out)
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(said.err.split("=")[1].strip()))
    public.verify(bytes.fromhex(page["signature"]), WORDS + page["licence"].encode())
    licence = json.loads(page["licence"])
    assert (licence["project"], licence["features"]) == ("shop", ["offline_testing"])
    assert 6 * 86400 < licence["expires_at"] - time.time() <= 7 * 86400
    assert key.stat().st_mode & 0o777 == 0o600


def test_the_key_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = str(tmp_path / "licence.key")
    told = []
    for _ in range(2):
        assert main(["licence", "shop", "--key", key]) == 0
        told.append(capsys.readouterr().err)
    assert told[0] == told[1]


@pytest.mark.parametrize("days", ["0", "367", "-1"])
def test_how_long_has_bounds(tmp_path: Path, days: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["licence", "shop", "--days", days, "--key", str(tmp_path / "key")]) == 1
    assert "1 to 366 days" in capsys.readouterr().err
    assert not (tmp_path / "key").exists()


def test_a_file_that_is_no_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "key").write_text("hello")
    assert main(["licence", "shop", "--json", "--key", str(tmp_path / "key")]) == 1
    assert json.loads(capsys.readouterr().err)["code"] == "invalid_key"
