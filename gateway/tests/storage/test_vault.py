import base64
from pathlib import Path

import pytest

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.domain.ports import Vault as VaultPort
from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.domain.snapshot import Sealed
from gatepost_gateway.storage.vault import FILE, Label, Vault, open_vault

KEY, OTHER = b"k" * 32, b"o" * 32


def text(*keys: bytes) -> Secret:
    return Secret("\n".join(base64.b64encode(key).decode() for key in keys))


def test_it_is_a_vault() -> None:
    vault: VaultPort = Vault([KEY])
    assert vault.open_state("a", "b", vault.seal_state("a", "b", b"plain")) == b"plain"


def test_what_was_sealed_opens() -> None:
    vault = Vault([KEY])
    sealed = vault.seal(Secret("sk-1"), "model/a")
    assert vault.open(sealed).reveal() == "sk-1"
    assert b"sk-1" not in sealed.box
    assert vault.seal(Secret("sk-1"), "model/a").box != sealed.box


@pytest.mark.parametrize("at", [0, 11, 12, -1])
def test_a_changed_box_does_not_open(at: int) -> None:
    vault = Vault([KEY])
    sealed = vault.seal(Secret("sk-1"), "model/a")
    box = bytearray(sealed.box)
    box[at] ^= 1
    with pytest.raises(GatewayFault, match="changed or damaged"):
        vault.open(Sealed(sealed.master, bytes(box), sealed.purpose))


def test_a_secret_opens_only_for_its_purpose() -> None:
    vault = Vault([KEY])
    sealed = vault.seal(Secret("sk-1"), "model/a")
    with pytest.raises(GatewayFault):
        vault.open(Sealed(sealed.master, sealed.box, "model/b"))


@pytest.mark.parametrize(("kind", "name"), [("a", "c"), ("c", "b"), ("secret", "b")])
def test_state_opens_only_under_its_kind_and_id(kind: str, name: str) -> None:
    vault = Vault([KEY])
    with pytest.raises(GatewayFault):
        vault.open_state(kind, name, vault.seal_state("a", "b", b"plain"))


@pytest.mark.parametrize("box", [b"", b"short", b"\0" * 40])
def test_what_is_no_box_does_not_open(box: bytes) -> None:
    vault = Vault([KEY])
    with pytest.raises(GatewayFault):
        vault.open_state("a", "b", box)
    with pytest.raises(GatewayFault):
        vault.open(Sealed(vault.current.hex(), box))
    with pytest.raises(GatewayFault, match="master key that is not here"):
        vault.open(Sealed("no hex", box))


def test_an_older_key_still_opens_and_the_newer_seals() -> None:
    old = Vault([KEY])
    both = Vault([OTHER, KEY])
    assert both.open(old.seal(Secret("x"), "p")).reveal() == "x"
    with pytest.raises(GatewayFault, match="not here"):
        old.open(both.seal(Secret("x"), "p"))
    assert both.mark(Secret("x")) == old.mark(Secret("x"))
    assert both.derive(Label.MARKS) == old.derive(Label.MARKS)


def test_marks_tell_secrets_apart_and_not_what_they_are() -> None:
    vault = Vault([KEY])
    assert vault.mark(Secret("a")) == vault.mark(Secret("a")) != vault.mark(Secret("b"))
    assert vault.mark(Secret("a")) != Vault([OTHER]).mark(Secret("a"))


def test_the_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    sealed = open_vault(data_dir, None).seal(Secret("x"), "p")
    assert (data_dir / FILE).stat().st_mode & 0o777 == 0o600
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert open_vault(data_dir, None).open(sealed).reveal() == "x"


def test_a_key_that_others_may_read_is_refused_with_the_cure(tmp_path: Path) -> None:
    open_vault(tmp_path, None)
    (tmp_path / FILE).chmod(0o640)
    with pytest.raises(GatewayFault, match=r"mode 0640\): run `chmod 600 "):
        open_vault(tmp_path, None)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(base64.b64encode(KEY))
    (tmp_path / FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GatewayFault, match="cannot be used"):
        open_vault(tmp_path, None)


@pytest.mark.parametrize("said", ["short", "ZZZ", "a" * 44, ""])
def test_a_malformed_key_is_refused_and_not_repeated(tmp_path: Path, said: str) -> None:
    (tmp_path / FILE).write_text(said)
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(GatewayFault) as caught:
        open_vault(tmp_path, None)
    assert not said or said not in caught.value.public


def test_a_given_key_needs_no_file(tmp_path: Path) -> None:
    assert open_vault(tmp_path / "none", text(KEY, OTHER)).current == Vault([KEY]).current
    assert not (tmp_path / "none").exists()
    with pytest.raises(GatewayFault, match="GATEPOST_MASTER_KEY must hold"):
        open_vault(tmp_path, Secret("x" * 20))


def test_a_file_where_the_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(GatewayFault, match="cannot be used"):
        open_vault(tmp_path / "data", None)


def test_a_box_that_needs_a_newer_key_lets_the_file_be_read_again(tmp_path: Path) -> None:
    vault = open_vault(tmp_path, None)
    (old,) = (tmp_path / FILE).read_text().split()
    box = Vault([OTHER]).seal(Secret("x"), "p")
    (tmp_path / FILE).write_text(f"{base64.b64encode(OTHER).decode()}\n{old}\n")
    before = vault.current
    assert vault.open(box).reveal() == "x"
    assert vault.current == Vault([OTHER]).current
    assert vault.is_old(before)
    assert vault.old == [before]
    vault.forget()
    assert not vault.is_old(before)
