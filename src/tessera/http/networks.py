"""Which addresses may be reached when somebody typed where to, and the lists of networks that an operator sets.

The refused are our own list, from IANA's registries of special-purpose addresses (RFC 6890 and its successors):
`ipaddress.is_global` calls `64:ff9b::7f00:1`, `2002:7f00:1::` and `::127.0.0.1` global. See
docs/decisions/0012-outbound.md.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeVar

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_Entry = TypeVar("_Entry")

_REFUSED_IPV4: Final = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a provider's customers",
    "127.0.0.0/8": "this machine",
    "168.63.129.16/32": "a cloud's own services",  # public by its number, private by its use
    "169.254.0.0/16": "link-local, and cloud metadata",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol assignments",
    "192.0.2.0/24": "documentation",
    "192.31.196.0/24": "name servers for private addresses",
    "192.52.193.0/24": "multicast tunnels",
    "192.88.99.0/24": "relays from IPv6",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "name servers for private addresses",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved, and broadcast",
}
# Within 2000::/3. All beyond it is refused: loopback, IPv4 in IPv6, unique-local, link-local, multicast, unassigned.
_REFUSED_IPV6: Final = {
    "2001::/23": "protocol assignments, Teredo among them",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4, which leads to an IPv4 address",
    "2620:4f:8000::/48": "name servers for private addresses",
    "3ffe::/16": "given back",
    "3fff::/20": "documentation",
}
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
# An interface identifier of 0000:5efe or 0200:5efe and an IPv4 address: ISATAP (RFC 5214) sends there.
_ISATAP: Final = 0x5EFE
_ISATAP_MASK: Final = 0xFDFF_FFFF

_WITH_BRACKETS: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](/[0-9]{1,3})?(?::([0-9]{1,5}))?")
_WITHOUT: Final = re.compile(r"([0-9.]+)(/[0-9]{1,2})?(?::([0-9]{1,5}))?")
_IPV4: Final = [(IPv4Network(network), why) for network, why in _REFUSED_IPV4.items()]
_IPV6: Final = [(IPv6Network(network), why) for network, why in _REFUSED_IPV6.items()]


def why_refused(address: Address) -> str:
    """Return what keeps an address from being reached, or "" if it is a public one.

    An address that leads to an IPv4 address through NAT64 (64:ff9b::/96) is as good as that one: networks without
    IPv4 reach everybody so. Every other form of IPv4 inside IPv6 is refused.
    """
    if isinstance(address, IPv4Address):
        return next((why for network, why in _IPV4 if address in network), "")
    if address in _NAT64:
        return why_refused(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address not in _GLOBAL_UNICAST:
        return "not a public address"
    if (int(address) >> 32) & _ISATAP_MASK == _ISATAP:
        return "ISATAP, which leads to an IPv4 address"
    return next((why for network, why in _IPV6 if address in network), "")


@dataclass(frozen=True, slots=True)
class Allowed:
    """A part of an intranet that may be reached: a network, on one port, or (None) on those of https and http."""

    network: Network
    port: int | None

    def covers_port(self, port: int) -> bool:
        """Whether this is about the port."""
        return port in (443, 80) if self.port is None else port == self.port

    def covers(self, address: Address, port: int) -> bool:
        """Whether the address may be reached on the port because of this."""
        return self.covers_port(port) and address in self.network


def allowed(text: str) -> tuple[Allowed, ...]:
    """Return what a list such as `10.1.0.0/16, 192.168.7.5:8443, [fd00::1]:8443` names; nothing for "".

    Raises ValueError, naming each entry that is none and what it should be.
    """
    right = "10.1.0.0/16, 192.168.7.5, 192.168.7.5:8443, fd00::/8 or [fd00::1]:8443"
    return tuple(_each(text, _allowed, right))


def networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list such as `10.1.0.7, fd00::/8`; nothing for "".

    Raises ValueError, naming each entry that is none and what it should be.
    """
    return tuple(_each(text, _network, "10.1.0.7, 10.1.0.0/16, fd00::1 or fd00::/8"))


def address(text: str) -> Address | None:
    """Return the address that `text` is, an IPv4 one out of its IPv6 clothes; None if it is none or has a zone."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        return None if found.scope_id else found.ipv4_mapped or found
    return found


def _each(text: str, read: Callable[[str], _Entry], right: str) -> list[_Entry]:
    found, wrong = [], []
    for entry in text.split(",") if text.strip() else []:
        try:
            found.append(read(entry.strip()))
        except ValueError:
            wrong.append(repr(entry.strip()[:60]))
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: an entry is like {right}")
    return found


def _allowed(entry: str) -> Allowed:
    parts = _WITH_BRACKETS.fullmatch(entry) or _WITHOUT.fullmatch(entry)
    if parts is None:
        return Allowed(_network(entry), None)
    where, prefix, port = parts.groups()
    if port is not None and not 0 < int(port) < 65536:
        raise ValueError(f"{port} is no port")
    return Allowed(_network(where + (prefix or "")), None if port is None else int(port))


def _network(entry: str) -> Network:
    """Return the network, or the one address. Raises ValueError if it is none, or one in which nothing is found."""
    found = ip_network(entry)
    if isinstance(found, IPv6Network) and (found.network_address.scope_id or found.network_address.ipv4_mapped):
        raise ValueError("has a zone, or is IPv4 in IPv6 clothes")
    return found
