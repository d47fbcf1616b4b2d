"""Reading an address that somebody typed, more strictly than whoever connects: what can be read two ways is refused."""

import re
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

import httpx2

from tessera.core.errors import Invalid
from tessera.core.phrases import said
from tessera.http.networks import Address

LONGEST: Final = 2_000
_LONGEST_HOST: Final = 253
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_START: Final = re.compile(
    r"(?:https|http)://(?:\[[^\[\]@]*\]|[^\[\]:@/?#\\]+)(?::[0-9]{1,5})?(?:[/?#].*)?", re.IGNORECASE | re.DOTALL
)
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# What resolvers take for IPv4 addresses: 127.1, 2130706433, 0x7f.1, 0177.0.0.1 (WHATWG URL, "ends in a number").
_ENDS_IN_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")


class OutboundRefused(Invalid):
    """Requests do not go to this address. Nothing was sent."""

    code = "outbound_refused"


class OutboundUrlInvalid(OutboundRefused):
    """Not an address that requests go to, such as https://hooks.example.org/tessera."""

    code = "outbound_url_invalid"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is in ASCII, without brackets; `address` is what it is where it is no name."""

    scheme: str
    host: str
    port: int
    path: bytes = field(repr=False)  # often holds a secret
    address: Address | None

    @property
    def authority(self) -> str:
        """Host and port as the `Host` header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def read(url: str) -> Target:
    """Return the target of an http or https address. Raises OutboundUrlInvalid if it is none, or not clearly one."""
    if len(url) > LONGEST:
        raise OutboundUrlInvalid(
            said("the address has {many} characters; at most {longest} are taken", many=len(url), longest=LONGEST)
        )
    if any(character.isspace() or not character.isprintable() for character in url):
        raise OutboundUrlInvalid("the address has spaces or control characters; percent-encode them")
    if not url.lower().startswith(("https://", "http://")):
        raise OutboundUrlInvalid("the address should begin with https://")
    if "@" in re.split(r"[/?#]", url, maxsplit=3)[2]:
        raise OutboundUrlInvalid("the address should have no user or password in front of the host")
    if not _START.fullmatch(url):
        raise OutboundUrlInvalid("the address should be like https://hooks.example.org/tessera")
    try:
        parts = httpx2.URL(url)
    except httpx2.InvalidURL as fault:
        raise OutboundUrlInvalid("the address names no host that there could be") from fault
    host = parts.raw_host.decode("ascii")
    port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return Target(parts.scheme, host, port, parts.raw_path, _literal(host))


def _literal(host: str) -> Address | None:
    """Return the address that a host is, None if it is a name. Raises OutboundUrlInvalid if it is neither."""
    try:
        if ":" in host:
            address = IPv6Address(host)
            if address.scope_id is not None:
                raise OutboundUrlInvalid("the address should have no zone behind the host")
            return address
        if _ENDS_IN_NUMBER.fullmatch(host):
            return IPv4Address(host)
    except AddressValueError as fault:
        raise OutboundUrlInvalid("an IPv4 address is written as four decimal numbers, such as 192.0.2.7") from fault
    if host.endswith("."):
        raise OutboundUrlInvalid("the host should have no dot at its end")
    if len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise OutboundUrlInvalid("the address names no host that there could be")
    return None
