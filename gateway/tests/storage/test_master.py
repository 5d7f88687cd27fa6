import base64
from pathlib import Path

import pytest

from gatepost_gateway.domain.errors import CallerError, GatewayFault
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.master import RETIRED, MasterKeys
from gatepost_gateway.storage.vault import FILE, open_vault

KEY, OTHER = b"k" * 32, b"o" * 32


def text(*keys: bytes) -> Secret:
    return Secret(" ".join(base64.b64encode(key).decode() for key in keys))


def test_a_new_key_comes_in_front_and_the_old_one_goes(tmp_path: Path) -> None:
    open_vault(tmp_path, None)
    keys = MasterKeys(tmp_path, None)
    (old,) = keys.read()
    both = keys.begin()
    assert both[1:] == [old]
    assert keys.read() == both == keys.begin(), "a change that is under way goes on"
    keys.finish(keep_old=False)
    assert keys.read() == both[:1]
    keys.finish(keep_old=False)
    assert keys.read() == both[:1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE]
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_old_keys_are_put_aside_once(tmp_path: Path) -> None:
    open_vault(tmp_path, None)
    keys = MasterKeys(tmp_path, None)
    first = keys.begin()
    keys.finish(keep_old=True)
    second = keys.begin()
    aside = tmp_path / RETIRED
    assert aside.stat().st_mode & 0o777 == 0o600
    (tmp_path / "master.key.new").write_text("left by one that was killed")
    keys.finish(keep_old=True)
    assert aside.read_text().split() == [base64.b64encode(key).decode() for key in (second[1], first[1])]
    assert keys.read() == second[:1]


def test_the_environments_keys_are_left_to_who_set_them(tmp_path: Path) -> None:
    with pytest.raises(CallerError, match="put a new one before it") as refused:
        MasterKeys(tmp_path, text(KEY)).begin()
    assert refused.value.status == 409
    assert base64.b64encode(KEY).decode() not in str(refused.value)
    keys = MasterKeys(tmp_path, text(OTHER, KEY))
    assert keys.begin() == [OTHER, KEY]
    keys.finish(keep_old=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_or_not_ours_alone_is_told(tmp_path: Path) -> None:
    keys = MasterKeys(tmp_path, None)
    with pytest.raises(GatewayFault, match="no such file"):
        keys.begin()
    (tmp_path / FILE).write_text(text(KEY).reveal())
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(GatewayFault, match="may be read by others"):
        keys.begin()
