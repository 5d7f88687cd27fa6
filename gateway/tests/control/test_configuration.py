from pathlib import Path

import pytest

from gatepost_gateway.control.configuration import Configuration
from gatepost_gateway.control.secrets import Keeper
from gatepost_gateway.control.shapes import ModelChange
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.settings import ConfigurationError, read_environment
from gatepost_gateway.storage.config import ConfigStore
from gatepost_gateway.storage.vault import Vault

TEXT = "models: [{id: f, identifier: x, provider: openai}]\n"
ENTRY = ModelChange(identifier="x", provider="openai")


def make(store: ConfigStore, folder: Path) -> Configuration:
    return Configuration(store, Keeper(Vault([b"k" * 32]), read_environment({}), folder / "data"))


def apply(configuration: Configuration, text: str) -> int:
    return configuration.apply(configuration.parse(text, "f.yaml", Path()), by="me", note="").number


def test_the_first_version_is_empty(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "config.db")
    configuration = make(store, tmp_path)
    assert configuration.current.version.number == 1
    assert configuration.models() == []
    assert make(store, tmp_path).current.version.number == 1
    store.close()


def test_both_layers_live_side_by_side(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "config.db")
    configuration = make(store, tmp_path)
    configuration.add_model("a", ENTRY, by="me")
    assert apply(configuration, TEXT) == 3
    assert [(model.id, owner) for model, owner in configuration.models()] == [("f", "file"), ("a", "api")]
    assert apply(configuration, "") == 4
    assert [(model.id, owner) for model, owner in configuration.models()] == [("a", "api")]
    with pytest.raises(ConfigurationError, match="registered by the API"):
        apply(configuration, TEXT.replace("id: f", "id: a"))
    assert configuration.current.version.number == 4
    store.close()


def test_another_writer_is_noticed(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "config.db")
    mine, other = make(store, tmp_path), make(store, tmp_path)
    other.add_model("a", ENTRY, by="other")
    with pytest.raises(CallerError) as caught:
        mine.add_model("b", ENTRY, by="me")
    assert caught.value.code is Code.CONFLICT
    assert [model.id for model, _ in mine.models()] == []
    store.close()


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    store = ConfigStore(tmp_path / "config.db")
    with pytest.raises(CallerError, match="not registered"):
        make(store, tmp_path).model("x")
    store.close()
