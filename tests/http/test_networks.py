"""Which addresses are public, by our own list; and the lists of networks that operators write."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.http import networks
from tessera.http.networks import Allowed

# IANA's registries of special-purpose addresses, IPv4 and IPv6, and what else leads where nobody should be led.
REFUSED = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/31",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "::1/128",
    "::/96",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3ffe::/16",
    "3fff::/20",
    "4000::/3",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]
PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700::1111",
    "2a00:1450::1",
    "3fff:1000::1",
    "64:ff9b::101:101",
]


@pytest.mark.parametrize("network", REFUSED)
def test_every_special_network_is_refused_from_end_to_end(network: str) -> None:
    special = ip_network(network)
    for address in (special[0], special[special.num_addresses // 2], special[-1]):
        assert networks.why_refused(address), address


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("127.0.0.1", "this machine"),
        ("::1", "this machine"),
        ("::127.0.0.1", "IPv4-compatible"),
        ("::ffff:127.0.0.1", "IPv4-mapped"),
        ("64:ff9b::7f00:1", "NAT64"),
        ("64:ff9b::10.0.0.1", "NAT64"),
        ("64:ff9b::169.254.169.254", "NAT64"),
        ("64:ff9b:1::1.1.1.1", "local NAT64"),
        ("2002:7f00:1::", "6to4"),
        ("2002:a00:1::1", "6to4"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
        ("2606:4700::5efe:127.0.0.1", "ISATAP"),
        ("2606:4700::200:5efe:10.0.0.1", "ISATAP"),
        ("fe80::1%eth0", "link-local with a zone"),
        ("169.254.169.254", "metadata: most clouds"),
        ("169.254.170.2", "metadata: containers"),
        ("100.100.100.200", "metadata"),
        ("192.0.0.192", "metadata"),
        ("168.63.129.16", "a cloud's own services, by a public number"),
        ("fd00:ec2::254", "metadata over IPv6"),
        ("fd20:ce::254", "metadata over IPv6"),
    ],
)
def test_what_leads_inside_is_refused(address: str, what: str) -> None:
    assert networks.why_refused(ip_address(address)), what


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached_up_to_the_edge_of_the_special_ones(address: str) -> None:
    assert networks.why_refused(ip_address(address)) == ""


@given(st.ip_addresses(v=4))
def test_what_python_knows_to_be_special_is_refused_too(address: IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert networks.why_refused(address)


@given(st.ip_addresses(v=6))
def test_what_python_knows_to_be_special_is_refused_in_ipv6(address: IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        assert networks.why_refused(address)


@given(st.ip_addresses(v=4))
def test_through_nat64_an_address_is_what_it_is_without(address: IPv4Address) -> None:
    through = IPv6Address(int(IPv6Address("64:ff9b::")) + int(address))
    assert networks.why_refused(through) == networks.why_refused(address)


def test_an_allow_list_names_networks_and_addresses_with_or_without_a_port() -> None:
    listed = "10.1.0.0/16, 192.168.7.5:8443,127.0.0.1:8001 , [fd00::1]:8443, fd01::/16, [fd02::]/16:9000, [::1]"

    assert networks.allowed(listed) == (
        Allowed(IPv4Network("10.1.0.0/16"), None),
        Allowed(IPv4Network("192.168.7.5/32"), 8443),
        Allowed(IPv4Network("127.0.0.1/32"), 8001),
        Allowed(IPv6Network("fd00::1/128"), 8443),
        Allowed(IPv6Network("fd01::/16"), None),
        Allowed(IPv6Network("fd02::/16"), 9000),
        Allowed(IPv6Network("::1/128"), None),
    )
    assert networks.allowed("") == networks.allowed("  ") == ()


def test_without_a_port_the_two_of_the_web_are_meant() -> None:
    (listed,) = networks.allowed("10.1.0.0/16")
    inside = IPv4Address("10.1.2.3")

    assert [port for port in (22, 80, 443, 8443) if listed.covers(inside, port)] == [80, 443]
    assert not listed.covers(IPv4Address("10.2.0.1"), 443)


def test_an_unbracketed_ipv6_address_has_no_port() -> None:
    assert networks.allowed("fd00::1:8443") == (Allowed(IPv6Network("fd00::1:8443/128"), None),)


@pytest.mark.parametrize(
    "entry",
    [
        "intranet.example",
        "10.1.0.5/16",
        "10.1.0.0/33",
        "10.1.0.0:0",
        "10.1.0.0:65536",
        "10.1.0.0:http",
        "10.1",
        "[fd00::1]:",
        "[10.0.0.1:80",
        "fd00::1/8",
        "fe80::1%eth0",
        "[fe80::1%eth0]:80",
        "::ffff:10.0.0.0/104",
        "https://10.1.0.1",
        "*",
    ],
)
def test_an_entry_that_is_wrong_is_named_among_right_ones(entry: str) -> None:
    with pytest.raises(ValueError, match="an entry is like") as refused:
        networks.allowed(f"10.1.0.0/16, {entry}, 10.2.0.0/16")
    assert str(refused.value).startswith(f"{entry!r}: ")


def test_an_empty_entry_is_wrong() -> None:
    with pytest.raises(ValueError, match="''"):
        networks.allowed("10.1.0.0/16,,10.2.0.0/16")


def test_a_list_of_networks_has_no_ports() -> None:
    assert networks.networks("10.1.0.7, fd00::/8") == (IPv4Network("10.1.0.7/32"), IPv6Network("fd00::/8"))
    with pytest.raises(ValueError, match=r"'10\.1\.0\.7:80'"):
        networks.networks("10.1.0.7:80")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.1.0.7", "10.1.0.7"),
        ("::ffff:10.1.0.7", "10.1.0.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", None),
        ("10.1.0.07", None),
        ("unknown", None),
        ("", None),
    ],
)
def test_an_address_is_read_out_of_its_ipv6_clothes(text: str, address: str | None) -> None:
    assert networks.address(text) == (None if address is None else ip_address(address))
