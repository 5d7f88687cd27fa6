import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.storage.faults import Unreadable
from gatepost_gateway.storage.instance import instance_of


def test_a_name_is_made_once_and_kept(tmp_path):
    name = instance_of(tmp_path)
    assert ids.is_uuid(name)
    assert instance_of(tmp_path) == name
    assert (tmp_path / "instance").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("said", [b"", b"no name", b"\xff\xfe"])
def test_what_is_no_name_is_refused_with_the_file(tmp_path, said):
    (tmp_path / "instance").write_bytes(said)
    with pytest.raises(Unreadable, match="instance"):
        instance_of(tmp_path)


def test_a_directory_that_cannot_be_used_is_said(tmp_path):
    with pytest.raises(Unreadable, match="instance"):
        instance_of(tmp_path / "gone")
