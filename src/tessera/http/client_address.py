"""Who asks, and over what: the one place where a reverse proxy's word on it is taken (TESSERA_TRUSTED_PROXIES).

It is settled before Django sees the request, so that `REMOTE_ADDR`, `request.is_secure()` and all that hangs on them
(HSTS, origin checks, the limit on sign-in attempts) are right, and nobody downstream can read a forged header.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from tessera.http import networks
from tessera.http.networks import Address, Network

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

UNIX: Final = "unix"
_MOST_HOPS: Final = 20
_FOR: Final = "HTTP_X_FORWARDED_FOR"
_PROTO: Final = "HTTP_X_FORWARDED_PROTO"
# What others say about where a request came from or went to. Nobody is believed: it is taken away.
_NEVER_BELIEVED: Final = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_SCHEME",
    "HTTP_X_FORWARDED_SERVER",
    "HTTP_X_FORWARDED_SSL",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_X_CLUSTER_CLIENT_IP",
    "HTTP_CLIENT_IP",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_X_SCHEME",
    "HTTP_X_URL_SCHEME",
    "HTTP_FRONT_END_HTTPS",
)
# An entry may name the port too, and an IPv6 address may be in brackets.
_BRACKETED: Final = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")
_WITH_PORT: Final = re.compile(r"([0-9.]+):[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Proxies:
    """Whose word counts: proxies with an address in one of the networks, and with `unix` those on a unix socket."""

    networks: tuple[Network, ...] = ()
    unix: bool = False

    def include(self, peer: Address | None) -> bool:
        """Whether this one is a proxy of ours; None has no address, as on a unix socket."""
        return self.unix if peer is None else any(peer in network for network in self.networks)


def proxies(text: str) -> Proxies:
    """Return the proxies that a list such as `10.1.0.7, fd00::/8, unix` names; none for "".

    Raises ValueError, naming each entry that is none and what it should be.
    """
    entries = [entry.strip() for entry in text.split(",")]
    return Proxies(networks.networks(",".join(entry for entry in entries if entry != UNIX)), UNIX in entries)


def believing(application: Application, trusted: Proxies) -> Application:
    """Return the application, told the true client and scheme of each request as far as `trusted` proxies know them."""

    def told(environ: Environ, start_response: Any) -> Iterable[bytes]:
        _settle(environ, trusted)
        return application(environ, start_response)

    return told


def _settle(environ: Environ, trusted: Proxies) -> None:
    hops, schemes = environ.pop(_FOR, ""), environ.pop(_PROTO, "")
    for name in _NEVER_BELIEVED:
        environ.pop(name, None)
    told = environ.get("REMOTE_ADDR", "")
    peer = networks.address(told)
    if peer is None and told:
        return  # not an address at all: no proxy of ours
    client = peer
    if trusted.include(peer):
        client = _client(peer, hops, trusted)
        # The last one is what our own proxy says; those before it are what it was told.
        scheme = schemes.rpartition(",")[2].strip().lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
    if client is not None:
        environ["REMOTE_ADDR"] = str(client)
    if client != peer:
        environ.pop("REMOTE_HOST", None)
        environ.pop("REMOTE_PORT", None)


def _client(peer: Address | None, hops: str, trusted: Proxies) -> Address | None:
    """Return the first address from the right that is none of our proxies: what is left of it anybody may have written.

    Where a proxy did not write an address, it is itself the last one known.
    """
    client = peer
    for hop in reversed(hops.rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]):
        address = _hop(hop.strip())
        if address is None or not trusted.include(client):
            break
        client = address
    return client


def _hop(entry: str) -> Address | None:
    bare = _BRACKETED.fullmatch(entry) or _WITH_PORT.fullmatch(entry)
    return networks.address(bare[1] if bare else entry)
