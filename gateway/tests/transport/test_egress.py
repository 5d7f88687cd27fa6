import pytest

from gatepost_gateway.transport import Egress

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "104.18.7.192",
    "2606:4700::6812:7c0",
    "2a00:1450:4001::200e",
    "172.32.0.1",
    "100.63.0.1",
]
PRIVATE = [
    "127.0.0.1", "127.255.255.255", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "::1",
    "fc00::1", "fd12:3456::1",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1", "fd00:ec2::254", "fd20:ce::254",
    "100.100.100.200", "168.63.129.16", "192.0.0.192", "0.0.0.0", "0.1.2.3", "192.0.2.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::",
    "ff02::1", "2001:db8::1", "2001::1", "3fff::1", "fec0::1", "100::1", "5f00::1", "64:ff9b:1::1", "4000::1",
]  # fmt: skip


def embedded(ipv4: str) -> list[str]:
    a, b, c, d = (int(part) for part in ipv4.split("."))
    high, low = f"{a << 8 | b:x}", f"{c << 8 | d:x}"
    return [
        f"::ffff:{ipv4}",
        f"2002:{high}:{low}::1",
        f"64:ff9b::{high}:{low}",
        f"::{high}:{low}",
        f"2606:4700::5efe:{high}:{low}",
        f"2606:4700::200:5efe:{high}:{low}",
    ]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert Egress().refusal(address, private_ok=False) is None
    assert Egress().refusal(address, private_ok=True) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_pass_only_where_vouched_for(address: str) -> None:
    assert Egress().refusal(address, private_ok=False) is not None
    assert Egress().refusal(address, private_ok=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_reserved_addresses_pass_only_where_listed(address: str) -> None:
    assert Egress().refusal(address, private_ok=False) is not None
    assert Egress().refusal(address, private_ok=True) is not None
    listed = Egress.of(address.partition("%")[0])
    assert listed.refusal(address, private_ok=False) is None


@pytest.mark.parametrize("form", range(6))
def test_embedded_addresses_count_as_what_they_hold(form: int) -> None:
    for plain in ("127.0.0.1", "10.1.2.3", "192.168.0.1"):
        assert Egress().refusal(embedded(plain)[form], private_ok=False) is not None
        assert Egress().refusal(embedded(plain)[form], private_ok=True) is None
    for plain in ("169.254.169.254", "224.0.0.1", "0.0.0.0", "168.63.129.16"):
        if (plain, form) == ("0.0.0.0", 3):
            continue  # that is `::` itself
        assert Egress().refusal(embedded(plain)[form], private_ok=True) is not None
    assert Egress().refusal(embedded("8.8.8.8")[form], private_ok=False) is None


def test_a_listed_network_opens_itself_only() -> None:
    egress = Egress.of("10.1.0.0/16", "fd00::/32")
    assert egress.refusal("10.1.2.3", private_ok=False) is None
    assert egress.refusal("::ffff:10.1.2.3", private_ok=False) is None
    assert egress.refusal("10.2.0.1", private_ok=False) is not None
    assert egress.refusal("fd00::1", private_ok=False) is None
    assert egress.refusal("169.254.169.254", private_ok=False) is not None


@pytest.mark.parametrize("text", ["", "localhost", "1.2.3", "0x7f.1", "2130706433", "::g"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert Egress().refusal(text, private_ok=True) == "not an address"


def test_a_wrong_network_is_an_error() -> None:
    with pytest.raises(ValueError, match="host bits"):
        Egress.of("10.0.0.1/8")
