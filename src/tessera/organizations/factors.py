"""Second factors: what somebody signs in with beside their password, or instead of it.

They are rows of allauth's `Authenticator`, their secrets sealed. Recovery codes are none by themselves: they stand in
for one that is lost, and go with the last.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db.models import QuerySet

from tessera import db
from tessera.core.phrases import said
from tessera.db import sealed_columns
from tessera.db.sealed_columns import SealedColumn
from tessera.events.types import Actor, EventType
from tessera.organizations import everywhere, rules
from tessera.organizations.adapters import SEALED_FOR
from tessera.organizations.errors import FieldInvalid, SecondFactorUnknown
from tessera.organizations.models import User


class Factor(StrEnum):
    """What can be proved with. Called as events call it."""

    PASSWORD = "password"  # noqa: S105
    APP = "app"  # an authenticator app's codes (TOTP, RFC 6238)
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"


_TYPES: Final[Mapping[str, Factor]] = {
    Authenticator.Type.TOTP: Factor.APP,
    Authenticator.Type.WEBAUTHN: Factor.PASSKEY,
    Authenticator.Type.RECOVERY_CODES: Factor.RECOVERY_CODE,
}
_SECOND: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_MOST_PASSKEYS: Final = 20

for _part in ("secret", "seed"):
    sealed_columns.declare(SealedColumn(Authenticator, "data", context=lambda _: SEALED_FOR, reads=(), part=_part))


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey, by the name its owner gave it. Instants are real time."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """Everything that a person can prove themselves with beside the password."""

    app_since: datetime | None
    app_used_at: datetime | None
    passkeys: tuple[Passkey, ...]
    codes_left: int | None  # unused recovery codes; None: there never were any

    @property
    def any(self) -> bool:
        """Whether there is a second factor. Recovery codes alone are none."""
        return self.app_since is not None or bool(self.passkeys)


def factors_of(user: User) -> Factors:
    """Return what the person has. One query."""
    app: Authenticator | None = None
    passkeys: list[Passkey] = []
    left: int | None = None
    for row in Authenticator.objects.filter(user=user).order_by("created_at", "pk"):
        if row.type == Authenticator.Type.TOTP:
            app = row
        elif row.type == Authenticator.Type.WEBAUTHN:
            passkeys.append(Passkey(row.pk, str(row.data["name"]), row.created_at, row.last_used_at))
        else:
            left = len(RecoveryCodes(row).get_unused_codes())
    since, used = (app.created_at, app.last_used_at) if app else (None, None)
    return Factors(since, used, tuple(passkeys), left)


def has_second_factor(user: User) -> bool:
    """Whether the person has an authenticator app or a passkey. One query."""
    return _second(Authenticator.objects.filter(user=user)).exists()


def second_factors(user_ids: Collection[UUID]) -> Mapping[UUID, frozenset[Factor]]:
    """Return which kinds of second factors each of the people has; those without any are not in it. One query."""
    found: dict[UUID, set[Factor]] = defaultdict(set)
    rows = _second(Authenticator.objects.filter(user__in=user_ids)).values_list("user_id", "type").distinct()
    for user_id, kind in rows:
        found[user_id].add(_TYPES[kind])
    return {key: frozenset(kinds) for key, kinds in found.items()}


def fresh_secret() -> str:
    """Return a new secret for an authenticator app, base 32."""
    return generate_totp_secret()


def add_app(*, user: User, secret: str) -> list[str]:
    """Let the person prove themselves by the codes of an app that has `secret`, instead of another app's.

    The caller has seen a right code of it. Returns recovery codes if they are the first, else nothing.
    """
    with db.transaction():
        present = _locked(user)
        Authenticator.objects.filter(user=present, type=Authenticator.Type.TOTP).delete()
        TOTP.activate(present, secret)
        everywhere.record(EventType.STAFF_SECOND_FACTOR_ADDED, present, factor=Factor.APP)
        return _first_codes(present)


def add_passkey(*, user: User, name: str, credential: Mapping[str, Any]) -> list[str]:
    """Let the person prove themselves by a passkey, whose `credential` has been checked (`passkeys.py`).

    Returns recovery codes if they are the first, else nothing. Raises FieldInvalid.
    """
    name = _passkey_name(name)
    with db.transaction():
        present = _locked(user)
        mine = Authenticator.objects.filter(user=present, type=Authenticator.Type.WEBAUTHN)
        if mine.count() >= _MOST_PASSKEYS:
            raise FieldInvalid(said("at most {most} passkeys: remove one first", most=_MOST_PASSKEYS), pointer="/name")
        Authenticator.objects.create(
            user=present, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": dict(credential)}
        )
        everywhere.record(EventType.STAFF_SECOND_FACTOR_ADDED, present, factor=Factor.PASSKEY)
        return _first_codes(present)


def rename_passkey(*, user: User, passkey_id: int, name: str) -> None:
    """Call a passkey otherwise. The same name writes nothing. Raises SecondFactorUnknown, FieldInvalid."""
    name = _passkey_name(name)
    with db.transaction():
        row = _passkey(_locked(user), passkey_id)
        if row.data["name"] != name:
            row.data["name"] = name
            row.save(update_fields=["data"])
            everywhere.record(EventType.STAFF_SECOND_FACTOR_RENAMED, user, factor=Factor.PASSKEY)


def remove_passkey(*, user: User, passkey_id: int) -> None:
    """Take a passkey away, and with the last second factor the recovery codes. Raises SecondFactorUnknown."""
    with db.transaction():
        present = _locked(user)
        _passkey(present, passkey_id).delete()
        _removed(present, Factor.PASSKEY)


def remove_app(*, user: User) -> None:
    """Let the app's codes count no more; with the last factor the recovery codes go. Raises SecondFactorUnknown."""
    with db.transaction():
        present = _locked(user)
        gone, _ = Authenticator.objects.filter(user=present, type=Authenticator.Type.TOTP).delete()
        if not gone:
            raise SecondFactorUnknown("there is no authenticator app")
        _removed(present, Factor.APP)


def make_recovery_codes(*, user: User) -> list[str]:
    """Return ten fresh codes, each of which counts once; those made before count no more.

    Raises SecondFactorUnknown if there is no second factor that they could stand in for.
    """
    with db.transaction():
        present = _locked(user)
        if not has_second_factor(present):
            raise SecondFactorUnknown("recovery codes stand in for a second factor: set one up first")
        Authenticator.objects.filter(user=present, type=Authenticator.Type.RECOVERY_CODES).delete()
        return _codes(present, first=False)


def remove_all(*, user: User, actor: Actor | None = None) -> bool:
    """Take every second factor and all recovery codes away; whether there were any. Part of what rescues somebody."""
    with db.transaction():
        present = _locked(user)
        gone, _ = Authenticator.objects.filter(user=present).delete()
        if gone:
            everywhere.record(EventType.STAFF_SECOND_FACTOR_REMOVED, present, actor=actor, factor="all")
    return bool(gone)


def _second(rows: "QuerySet[Authenticator]") -> "QuerySet[Authenticator]":
    return rows.filter(type__in=_SECOND)


def _locked(user: User) -> User:
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _passkey(user: User, passkey_id: int) -> Authenticator:
    mine = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
    row: Authenticator | None = mine.filter(pk=passkey_id).first()
    if row is None:
        raise SecondFactorUnknown("there is no such passkey")
    return row


def _passkey_name(name: str) -> str:
    name = rules.check_name(name)
    if len(name) > 60:
        raise FieldInvalid("a passkey's name should have 1 to 60 characters", pointer="/name")
    return name


def _removed(user: User, factor: Factor) -> None:
    everywhere.record(EventType.STAFF_SECOND_FACTOR_REMOVED, user, factor=factor)
    if not has_second_factor(user):
        Authenticator.objects.filter(user=user).delete()


def _first_codes(user: User) -> list[str]:
    has_some = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).exists()
    return [] if has_some else _codes(user, first=True)


def _codes(user: User, *, first: bool) -> list[str]:
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    everywhere.record(EventType.STAFF_RECOVERY_CODES_MADE, user, first=first)
    return codes
