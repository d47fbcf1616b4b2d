"""Signed-in browsers: whose they are, where, and when whoever sits there last proved who they are. Real time.

The session itself is Django's; beside it stands a row of allauth's `UserSession`, by which people find theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from tessera import db
from tessera.core import clock
from tessera.core.devices import device
from tessera.events.types import EventType
from tessera.organizations import everywhere
from tessera.organizations.adapters import AccountAdapter
from tessera.organizations.factors import Factor
from tessera.organizations.models import User

PROOF_LASTS: Final = timedelta(minutes=15)
_SEEN_EVERY: Final = timedelta(minutes=5)
_HELD_FOR: Final = timedelta(minutes=10)
_HELD: Final = "signing_in"
_PROVED_AT: Final = "proved_at"
_SEEN_AT: Final = "seen_at"
_LONGEST_AGENT: Final = 200
_BLOCK: Final = 1_000
_BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that somebody is signed in with. `present`: the one that asks."""

    id: int
    device: str
    address: str
    signed_in_at: datetime
    seen_at: datetime
    present: bool


def begin(request: HttpRequest, user: User, *, by: Sequence[Factor]) -> None:
    """Sign the person in at this browser, who has just proved who they are by these factors."""
    with db.transaction():
        login(request, user, backend=_BACKEND)
        note_proof(request.session)
        request.session[_SEEN_AT] = clock.now().timestamp()
        request.session.save()
        at = clock.now()
        UserSession.objects.filter(session_key=request.session.session_key).delete()
        UserSession.objects.create(
            user=user, session_key=str(request.session.session_key), created_at=at, last_seen_at=at, **_where(request)
        )
        everywhere.record(EventType.STAFF_SIGNED_IN, user, by=[str(factor) for factor in by])


def stay(request: HttpRequest, user: User) -> None:
    """Keep this browser signed in although the person's password is another now, which signs all others out."""
    with db.transaction():
        update_session_auth_hash(request, user)
        request.session.save()
        at = clock.now()
        UserSession.objects.create(
            user=user, session_key=str(request.session.session_key), created_at=at, last_seen_at=at, **_where(request)
        )


def present_instant() -> datetime:
    """Return what time it is, for pages about sessions and accounts: they live in real time."""
    return clock.now()


def hold(request: HttpRequest, user: User, *, by: Factor) -> None:
    """Remember that somebody proved who they are by one factor, and is yet to by a second. They are not signed in."""
    request.session.cycle_key()
    request.session[_HELD] = {
        "user": str(user.pk), "by": str(by), "at": clock.now().timestamp(), "hash": user.get_session_auth_hash()
    }  # fmt: skip


def held(request: HttpRequest) -> User | None:
    """Return who is yet to prove themselves by a second factor; None if nobody is, or if that was a while ago."""
    told = request.session.get(_HELD)
    if not isinstance(told, dict):
        return None
    if clock.now() - datetime.fromtimestamp(told["at"], UTC) > _HELD_FOR:
        return None
    user = User.objects.filter(pk=told["user"], is_active=True).first()
    # Another password since then means that the first proof is none any more.
    same = user is not None and constant_time_compare(told["hash"], user.get_session_auth_hash())
    return user if same else None


def let_go(request: HttpRequest) -> None:
    """Forget who was yet to prove themselves."""
    request.session.pop(_HELD, None)


def note_proof(session: SessionBase) -> None:
    """Remember that whoever sits there has just proved who they are."""
    session[_PROVED_AT] = clock.now().timestamp()


def recently_proved(session: SessionBase) -> bool:
    """Whether whoever sits there has proved who they are within the last quarter of an hour."""
    at = session.get(_PROVED_AT)
    return isinstance(at, int | float) and clock.now() - datetime.fromtimestamp(at, UTC) < PROOF_LASTS


def seen(request: HttpRequest) -> None:
    """Note that the browser is used. Written at most every five minutes."""
    now, at = clock.now(), request.session.get(_SEEN_AT)
    if isinstance(at, int | float) and now - datetime.fromtimestamp(at, UTC) < _SEEN_EVERY:
        return
    request.session[_SEEN_AT] = now.timestamp()
    with db.transaction():
        mine = UserSession.objects.filter(session_key=request.session.session_key)
        mine.update(last_seen_at=now, **_where(request))


def browsers_of(user: User, session: SessionBase) -> list[Browser]:
    """Return where the person is signed in, the one that asks first, then those seen last. One query."""
    rows = UserSession.objects.filter(user=user, session_key__in=_live().values("session_key"))
    return [
        Browser(
            id=row.pk,
            device=device(row.user_agent),
            address="" if row.ip == "::" else row.ip,
            signed_in_at=row.created_at,
            seen_at=row.last_seen_at,
            present=row.session_key == session.session_key,
        )
        for row in sorted(rows, key=lambda row: (row.session_key != session.session_key, -row.last_seen_at.timestamp()))
    ]


def end(*, user: User, browser_id: int) -> bool:
    """Sign the person out at one of their browsers; whether they were signed in there."""
    return _end(UserSession.objects.filter(user=user, pk=browser_id), user)


def end_others(*, user: User, session: SessionBase) -> bool:
    """Sign the person out everywhere but here; whether they were signed in elsewhere."""
    return _end(UserSession.objects.filter(user=user).exclude(session_key=session.session_key), user)


def end_all(*user_ids: UUID) -> int:
    """Sign people out everywhere, as a part of what makes that necessary and is recorded itself; return from how many
    browsers.

    Sessions that nobody wrote down beside Django's are over, too: what they hold is not theirs any more.
    """
    with db.transaction():
        rows = UserSession.objects.filter(user__in=user_ids)
        keys = list(rows.values_list("session_key", flat=True))
        gone = 0
        for start in range(0, len(keys), _BLOCK):
            gone += Session.objects.filter(session_key__in=keys[start : start + _BLOCK]).delete()[0]
        rows.delete()
        User.objects.filter(pk__in=user_ids).update(signed_out=F("signed_out") + 1)
    return gone


def forget_old() -> None:
    """Delete rows whose session is over."""
    with db.transaction():
        UserSession.objects.exclude(session_key__in=_live().values("session_key")).delete()


def _end(rows: "QuerySet[UserSession]", user: User) -> bool:
    with db.transaction():
        keys = list(rows.values_list("session_key", flat=True))
        gone, _ = Session.objects.filter(session_key__in=keys).delete()
        rows.delete()
        if gone:
            everywhere.record(EventType.STAFF_SIGNED_OUT, user, browsers=gone)
    return bool(gone)


def _live() -> "QuerySet[Session]":
    return Session.objects.filter(expire_date__gt=clock.now())


def _where(request: HttpRequest) -> dict[str, str]:
    agent = request.headers.get("User-Agent", "")[:_LONGEST_AGENT]
    return {"ip": AccountAdapter(request).get_client_ip(request), "user_agent": agent}
