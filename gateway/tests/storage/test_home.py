import stat
from pathlib import Path

import pytest

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.ids import is_uuid
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.home import ID_FILE, config_home, gateway_id, records_home
from gatepost_gateway.storage.postgres_database import PostgresDatabase


def test_without_an_address_both_are_files(tmp_path: Path) -> None:
    assert config_home(tmp_path, None) == tmp_path / "config.db"
    assert records_home(tmp_path, None) == tmp_path / "records.db"
    assert not (tmp_path / ID_FILE).exists()


def test_a_gateway_says_who_it_is_for_ever(tmp_path: Path) -> None:
    name = gateway_id(tmp_path)
    assert is_uuid(name)
    assert gateway_id(tmp_path) == name
    assert stat.S_IMODE((tmp_path / ID_FILE).stat().st_mode) == 0o600
    home = records_home(tmp_path, Secret("postgresql://nobody@127.0.0.1:9/x"))
    assert isinstance(home, PostgresDatabase)
    home.close()


@pytest.mark.parametrize("text", ["", "somebody\n"])
def test_a_name_that_is_none_is_not_made_up(tmp_path: Path, text: str) -> None:
    (tmp_path / ID_FILE).write_text(text)
    with pytest.raises(GatewayFault, match="whose journal"):
        gateway_id(tmp_path)
    with pytest.raises(GatewayFault, match="cannot be used"):
        gateway_id(tmp_path / "nowhere")
