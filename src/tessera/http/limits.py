"""How much one caller may ask for: token buckets, in the memory of each process, which has an equal share.

`RateLimit` and `RateLimit-Policy` are structured fields of draft-ietf-httpapi-ratelimit-headers.
"""

import math
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv6Address
from typing import Final

from django.conf import settings

from tessera.http import networks
from tessera.http.errors import TooManyRequests

_MOST_BUCKETS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left after a request: `remaining` of `burst` requests; all are there again after `reset` seconds."""

    policy: str
    burst: int
    window: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """Return the fields that tell the caller."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.burst};w={self.window}',
            "RateLimit": f'"{self.policy}";r={self.remaining};t={self.reset}',
        }


class Spent(TooManyRequests):
    """The bucket is empty. `allowance` says so in headers."""

    def __init__(self, detail: str, *, retry_after: int, allowance: Allowance) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.allowance = allowance


class Buckets:
    """One bucket for each key: `burst` requests at once, `rate` a second on average (both above 0).

    `seconds` reads a clock that never goes back. Full buckets are forgotten when there are many.
    """

    def __init__(self, policy: str, *, rate: float, burst: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self.policy, self.rate, self.burst = policy, rate, max(1, burst)
        self._window = max(1, math.ceil(self.burst / rate))
        self._seconds = seconds
        self._lock = threading.Lock()
        self._levels: dict[Hashable, tuple[float, float]] = {}

    def spend(self, key: Hashable, requests: int = 1) -> Allowance:
        """Take one request, or as many as what is asked for is worth, out of the bucket of `key`; return what is left.

        `requests` is at least 1; more than a full bucket holds count as that. Raises Spent if there are not so many
        whole requests in it; nothing is taken then.
        """
        cost = min(requests, self.burst)
        now = self._seconds()
        with self._lock:
            level = self._level(key, now)
            allowed = level >= cost
            if allowed:
                level -= cost
            if len(self._levels) >= _MOST_BUCKETS and key not in self._levels:
                self._forget_full(now)
            self._levels[key] = (level, now)
        left = Allowance(self.policy, self.burst, self._window, int(level), math.ceil((self.burst - level) / self.rate))
        if not allowed:
            wait = max(1, math.ceil((cost - level) / self.rate))
            raise Spent(f"too many requests: wait {wait} s", retry_after=wait, allowance=left)
        return left

    def forget(self, key: Hashable) -> None:
        """Fill the bucket of `key` again."""
        with self._lock:
            self._levels.pop(key, None)

    def _level(self, key: Hashable, now: float) -> float:
        level, since = self._levels.get(key, (float(self.burst), now))
        return min(float(self.burst), level + (now - since) * self.rate)

    def _forget_full(self, now: float) -> None:
        kept = {key: state for key, state in self._levels.items() if self._level(key, now) < self.burst}
        self._levels = kept if len(kept) < _MOST_BUCKETS else {}


@cache
def api() -> Buckets:
    """Return this process's buckets for API keys: an equal share of `API_RATE` and `API_BURST`."""
    processes = max(1, getattr(settings, "API_PROCESSES", 1))
    return Buckets(
        "key",
        rate=getattr(settings, "API_RATE", 200) / processes,
        burst=getattr(settings, "API_BURST", 1000) // processes,
    )


_ADDRESSES: Final = Buckets("sign-in-address", rate=30 / 300, burst=30)
_ACCOUNTS: Final = Buckets("sign-in-account", rate=10 / 900, burst=10)

_MAILS_FROM: Final = Buckets("mail-address", rate=10 / 3600, burst=10)
_MAILS_TO: Final = Buckets("mail-account", rate=3 / 3600, burst=3)

# Members often sit behind one address, as in the club's own rooms: more than for staff.
_CODES_FROM: Final = Buckets("code-address", rate=30 / 3600, burst=30)
_CODES_ENTERED: Final = Buckets("code-entered", rate=60 / 600, burst=60)
_TOKENS_FROM: Final = Buckets("token-address", rate=120 / 600, burst=120)
_APPS_FROM: Final = Buckets("app-address", rate=1, burst=300)


def sign_in_attempt(*, address: str, account: str) -> None:
    """Count an attempt to sign in from an address (30 in five minutes) and to an account (10 in a quarter of an hour).

    An IPv6 address counts with all others of its /64: whoever has one has them all.

    Raises Spent (429) when either has had too many, before any password is looked at.
    """
    _ADDRESSES.spend(_neighbourhood(address))
    _ACCOUNTS.spend(account.strip().casefold())


def passkey_attempt(*, address: str) -> None:
    """Count an attempt to sign in with a passkey, which names no account before it is right. Raises Spent (429)."""
    _ADDRESSES.spend(_neighbourhood(address))


def mail_asked_for(*, address: str, account: str) -> None:
    """Count a mail that somebody who is not signed in asks for: ten an hour from an address, three to an account.

    Raises Spent (429) when either has had as many.
    """
    _MAILS_FROM.spend(_neighbourhood(address))
    _MAILS_TO.spend(account.strip().casefold())


def code_asked_for(*, address: str) -> None:
    """Count a customer's code that is asked for from an address: thirty an hour. Raises Spent (429).

    How many go to one e-mail address is counted where all processes see it (`identity/codes.py`).
    """
    _CODES_FROM.spend(_neighbourhood(address))


def code_entered(*, address: str) -> None:
    """Count a customer's code that is entered from an address: sixty in ten minutes. Raises Spent (429)."""
    _CODES_ENTERED.spend(_neighbourhood(address))


def token_injected(*, address: str) -> None:
    """Count a site's token that is handed in from an address: 120 in ten minutes. Raises Spent (429)."""
    _TOKENS_FROM.spend(_neighbourhood(address))


def signed_in(*, account: str) -> None:
    """Forget the attempts to sign in to an account: its owner has just done it."""
    _ACCOUNTS.forget(account.strip().casefold())


def app_token_asked_for(*, address: str) -> None:
    """Count a request of a customer's app for tokens, from an address: 300 in five minutes. Raises Spent (429)."""
    _APPS_FROM.spend(_neighbourhood(address))


def _neighbourhood(address: str) -> Hashable:
    parsed = networks.address(address)
    return int(parsed) >> 64 if isinstance(parsed, IPv6Address) else address


def forget_everyone() -> None:
    """Fill every bucket again and read the settings anew."""
    api.cache_clear()
    of_customers = (_CODES_FROM, _CODES_ENTERED, _TOKENS_FROM, _APPS_FROM)
    for buckets in (_ADDRESSES, _ACCOUNTS, _MAILS_FROM, _MAILS_TO, *of_customers):
        buckets._levels.clear()
