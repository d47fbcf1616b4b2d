"""Codes by e-mail: whoever enters the one that was sent to an address reads what is sent there. Real time.

Nothing here looks at customers: what is answered, and how long it takes, cannot tell whether one is known. The code
itself is made by the job that mails it (`notices`), so it is in no event, job or row but as a keyed hash.
"""

import re
import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F, Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from tessera import db, organizations
from tessera.core import clock, ids
from tessera.core.ids import Prefix
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.http import limits
from tessera.http.errors import TooManyRequests
from tessera.identity.errors import CodeExpired, CodeVoid, CodeWrong
from tessera.identity.models import MOST_TRIES, CodeAttempt
from tessera.identity.types import Asked, Proven, Surface
from tessera.organizations.models import Organization
from tessera.people import details

LIVES: Final = timedelta(minutes=10)
RESEND_AFTER: Final = timedelta(seconds=30)
DIGITS: Final = 6
KEPT: Final = timedelta(days=1)
# To one e-mail address at one organization, whoever asks: within how long, how many.
_MOST_TO: Final = ((timedelta(hours=1), 6), (timedelta(days=1), 20))
_SHORTEST_SECRET: Final = 16
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
_ACTOR: Final = Actor.system("sign_in")
_OPEN: Final = Q(voided_at=None, proved_at=None)


def ask(
    *,
    organization: Organization,
    address: str,
    browser: str,
    surface: Surface,
    client_address: str,
    locale: str = "",
) -> Asked:
    """Have a code sent to an address, for this browser alone. The answer is the same whether or not it is known.

    `browser` is a random secret of the browser session; a code that it asked for before is void. Within 30 seconds of
    that one, too many for the address, or too many from the client: TooManyRequests. Raises EmailInvalid (`/address`).
    """
    address = details.email(address, pointer="/address")
    limits.code_asked_for(address=client_address)
    at, key, browser_hash = clock.now(), details.email_key(address), _browser_hash(browser)
    with db.transaction():
        db.one_at_a_time(str(organization.pk), key)  # what has been asked for is counted, then one more is added
        _check_asked(organization, key, browser_hash, at)
        CodeAttempt.objects.filter(_OPEN, organization=organization, browser_hash=browser_hash).update(voided_at=at)
        row = CodeAttempt(
            organization=organization,
            address=address,
            key=key,
            browser_hash=browser_hash,
            surface=surface,
            locale=locale if _LOCALE.fullmatch(locale) else "",
            asked_at=at,
            expires_at=at + LIVES,
        )
        try:
            with db.transaction():
                row.save(force_insert=True)
        except IntegrityError as reason:  # the same browser asked at the same time, to another address
            raise _wait(RESEND_AFTER) from reason
        events.record(
            events.Happened(
                organization_id=organization.pk,
                type=EventType.CUSTOMER_CODE_ASKED,
                at=organizations.now(organization),
                actor=_ACTOR,
                data={"attempt": _named(row), "surface": str(surface)},
            )
        )
    return Asked(_named(row), address, at + RESEND_AFTER, row.expires_at)


def enter(*, organization: Organization, attempt: str, browser: str, code: str, client_address: str) -> Proven:
    """Return what the right code proves. It is so once: entered twice, also at once, one of the two is refused.

    Not inside a transaction: what was tried has to stay counted. Raises CodeWrong, CodeVoid, CodeExpired;
    TooManyRequests.
    """
    limits.code_entered(address=client_address)
    at, rows = clock.now(), _of_browser(organization, attempt, browser)
    digits = _digits(code)
    with db.transaction():
        # Counted before it is looked at, by one conditional UPDATE: two at once are two.
        counted = 0
        if digits:
            counted = rows.filter(_OPEN, tries__lt=MOST_TRIES, expires_at__gt=at).update(tries=F("tries") + 1)
        row = rows.first()
        right = row is not None and counted == 1 and _is(row, digits)
        if right:
            rows.filter(_OPEN).update(proved_at=at)
    if row is not None and right:
        return Proven(row.pk, row.address)
    raise _refusal(row, at)


def on_its_way(*, organization: Organization, browser: str) -> Asked | None:
    """Return the code that this browser has asked for and can still enter: for a page that is sent twice. One query."""
    rows = CodeAttempt.objects.filter(_OPEN, organization=organization, browser_hash=_browser_hash(browser))
    row = rows.filter(expires_at__gt=clock.now(), tries__lt=MOST_TRIES).first()
    return None if row is None else Asked(_named(row), row.address, row.asked_at + RESEND_AFTER, row.expires_at)


def proven(*, organization: Organization, attempt: str, browser: str) -> Proven | None:
    """Return what this browser proved within the last ten minutes and nobody was signed in by yet.

    For a page that asks something more in between, such as which of several people it is.
    """
    rows = _of_browser(organization, attempt, browser).filter(spent_at=None, proved_at__gt=clock.now() - LIVES)
    row = rows.first()
    return None if row is None else Proven(row.pk, row.address)


def spend(organization: Organization, proof: Proven) -> str:
    """Use a proof up, as a part of signing somebody in by it; return the locale of the page it was asked for on.

    Raises CodeVoid if it is used up already, or too old.
    """
    at = clock.now()
    mine = CodeAttempt.objects.filter(organization=organization, pk=proof.attempt, address=proof.address)
    if not mine.filter(spent_at=None, proved_at__gt=at - LIVES).update(spent_at=at):
        raise CodeVoid("this code has been used: ask for another one")
    locale: str = mine.values_list("locale", flat=True).get()
    return locale


def make(organization: Organization, attempt_id: UUID) -> tuple[str, int] | None:
    """Make the code of an attempt; return it and for how many minutes it is good, or None if it counts no more.

    For the mail that is being written. Written anew, the mail has another code, and the one before is void.
    """
    at, code = clock.now(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    with db.transaction():
        rows = CodeAttempt.objects.filter(
            _OPEN, organization=organization, pk=attempt_id, tries__lt=MOST_TRIES, expires_at__gt=at
        )
        if not rows.update(code_hash=_code_hash(attempt_id, code)):
            return None
        expires_at: datetime = rows.values_list("expires_at", flat=True).get()
    return code, max(1, round((expires_at - at).total_seconds() / 60))


def waiting(organization: Organization, keys: set[UUID]) -> dict[UUID, CodeAttempt]:
    """Return those of the attempts that a mail is still to be written for."""
    rows = CodeAttempt.objects.filter(_OPEN, organization=organization, pk__in=keys, expires_at__gt=clock.now())
    return {row.pk: row for row in rows}


def forget_old() -> None:
    """Delete the attempts of yesterday and before: all that they are counted for is over."""
    with db.transaction():
        CodeAttempt.objects.filter(asked_at__lt=clock.now() - KEPT).delete()


def _check_asked(organization: Organization, key: str, browser_hash: str, at: datetime) -> None:
    """Refuse what is asked for too soon or too often. A mistyped address is put right at once."""
    to_address = CodeAttempt.objects.filter(organization=organization, key=key)
    last = to_address.filter(browser_hash=browser_hash, proved_at=None).order_by("-asked_at").first()
    if last is not None and at < last.asked_at + RESEND_AFTER:
        raise _wait(last.asked_at + RESEND_AFTER - at)
    asked = list(to_address.filter(asked_at__gt=at - KEPT).order_by("asked_at").values_list("asked_at", flat=True))
    for within, most in _MOST_TO:
        recent = [each for each in asked if each > at - within]
        if len(recent) >= most:
            raise _wait(recent[-most] + within - at)


def _wait(left: timedelta) -> TooManyRequests:
    seconds = max(1, int(left.total_seconds()) + 1)
    return TooManyRequests(
        said("a code has been sent: wait {seconds} s before asking for another", seconds=seconds), retry_after=seconds
    )


def _refusal(row: CodeAttempt | None, at: datetime) -> CodeVoid | CodeExpired | CodeWrong:
    if row is None or row.voided_at is not None:
        return CodeVoid("this code counts no more here: ask for another one")
    if row.proved_at is not None:
        return CodeVoid("this code has been used: ask for another one")
    if row.expires_at <= at:
        return CodeExpired("this code was good for ten minutes, and they are over: ask for another one")
    if row.tries >= MOST_TRIES:
        return CodeVoid(said("{most} wrong codes are too many: ask for another one", most=MOST_TRIES))
    return CodeWrong("this is not the code that was sent", tries_left=MOST_TRIES - row.tries)


def _of_browser(organization: Organization, attempt: str, browser: str) -> "QuerySet[CodeAttempt]":
    key = ids.from_text(Prefix.CODE_ATTEMPT, attempt)
    if key is None:
        return CodeAttempt.objects.none()
    return CodeAttempt.objects.filter(organization=organization, pk=key, browser_hash=_browser_hash(browser))


def _is(row: CodeAttempt, digits: str) -> bool:
    # Where no mail has been written yet there is no code, and none is right.
    return bool(row.code_hash) and constant_time_compare(row.code_hash, _code_hash(row.pk, digits))


def _digits(code: str) -> str:
    """The six digits that were typed, in whatever script and however spaced; empty if it is something else."""
    kept = [each for each in code[:40] if not (each.isspace() or unicodedata.category(each) in ("Pd", "Cf"))]
    values = [unicodedata.decimal(each, None) for each in kept]
    return "".join(map(str, values)) if len(values) == DIGITS and None not in values else ""


def _code_hash(attempt_id: UUID, code: str) -> str:
    """A million codes are soon tried: only with the installation's secret key can the hash be made."""
    return salted_hmac("tessera.identity.codes", f"{attempt_id.hex}:{code}", algorithm="sha256").hexdigest()


def _browser_hash(browser: str) -> str:
    if len(browser) < _SHORTEST_SECRET:
        raise ValueError("a browser is known by a random secret")
    told = browser.encode(errors="surrogatepass")
    return salted_hmac("tessera.identity.browsers", told, algorithm="sha256").hexdigest()


def _named(row: CodeAttempt) -> str:
    return ids.to_text(Prefix.CODE_ATTEMPT, row.pk)
