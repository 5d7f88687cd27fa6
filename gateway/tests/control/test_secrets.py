from pathlib import Path

import pytest

from gatepost_gateway.control.secrets import Keeper, UnreachableError, purpose_of, sealed_layer, usable
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.settings import ConfigurationError, parse, read_environment
from gatepost_gateway.settings.declared import Layer, SecretSource
from gatepost_gateway.storage.vault import Vault


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    (tmp_path / "data").mkdir()
    return Keeper(Vault([b"k" * 32]), read_environment({"K": "sk-1", "BAD": "a b"}), tmp_path / "data")


def test_an_unchanged_secret_keeps_its_box(keeper: Keeper) -> None:
    first = keeper.seal(purpose_of("a"), Secret("x"), None, SecretSource(env="K"))
    assert keeper.seal(purpose_of("a"), Secret("x"), first, SecretSource(env="K")) == first
    assert keeper.seal(purpose_of("a"), Secret("y"), first, SecretSource(env="K")).sealed != first.sealed
    moved = keeper.seal(purpose_of("b"), Secret("x"), first, SecretSource(env="K"))
    assert moved.sealed is not None
    assert moved.sealed.purpose == purpose_of("b")


@pytest.mark.parametrize("text", ["", " ", "a b", "a\nb", "é", "x" * 8193])
def test_what_cannot_be_sent_in_a_header(text: str) -> None:
    assert not usable(text)
    assert usable("sk-1")


@pytest.mark.parametrize("content", [b"", b"two\nlines", b"\xff\xfe", b"x" * 70_000])
def test_files_that_hold_no_secret(keeper: Keeper, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(UnreachableError, match="does not hold one line"):
        keeper.fetch(SecretSource(file="key"), tmp_path)


@pytest.mark.parametrize("path", ["data/master.key", "data", "link"])
def test_the_data_directory_is_closed(keeper: Keeper, tmp_path: Path, path: str) -> None:
    (tmp_path / "data" / "master.key").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "data" / "master.key")
    with pytest.raises(UnreachableError, match="own data directory"):
        keeper.fetch(SecretSource(file=path), tmp_path)


def test_mistakes_have_their_lines(keeper: Keeper, tmp_path: Path) -> None:
    text = (
        "models:\n"
        "  - {id: a, identifier: x, provider: openai, api_key: {file: none}}\n"
        "  - {id: b, identifier: x, provider: openai, api_key: {env: BAD}}\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        sealed_layer(parse(text, "f", tmp_path), Layer(), keeper)
    assert str(caught.value).splitlines() == [
        "f:2:55: the secret file `none` cannot be read: no such file or directory",
        "f:3:55: the variable `BAD` is not one line of visible ASCII characters",
    ]
