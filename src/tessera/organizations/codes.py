"""Codes that prove who somebody is: of an authenticator app (TOTP, RFC 6238), or for recovery. Real time.

Wrong ones are counted in the person's row, so that all processes count together and a restart forgives nothing. A
right one counts once: the step it was for is remembered, and no code of it or before it counts again (RFC 6238, 5.2).
"""

import math
import re
from datetime import timedelta
from hmac import compare_digest
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt

from tessera import db
from tessera.core import clock
from tessera.core.phrases import said
from tessera.events.types import EventType
from tessera.organizations import everywhere
from tessera.organizations.errors import CodeWrong, TooManyCodes
from tessera.organizations.factors import Factor
from tessera.organizations.models import User

STEP_SECONDS: Final = 30
_TOLERANCE: Final = 1  # a step before and after: clocks of phones go wrong, and typing takes a while
_MOST_WRONG: Final = 8
_REST: Final = timedelta(minutes=15)
_SPACES: Final = re.compile(r"[\s-]+")
_LAST_STEP: Final = "last_step"


def check(*, user: User, code: str) -> Factor:
    """Return what the code proves: the app it is of, or a recovery code, which is spent with it.

    Raises CodeWrong; TooManyCodes after eight wrong ones, for a quarter of an hour, whatever the code.
    """
    with db.transaction():
        present = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _refuse_guessing(present)
        factor = _matching(present, plain(code))
        if factor is not None:
            _count(present, 0)
            return factor
        _count(present, present.wrong_codes + 1)
        everywhere.record(EventType.STAFF_SECOND_FACTOR_FAILED, present, factor=Factor.APP)
    raise CodeWrong("this is not the code that the app shows now, nor an unused recovery code", pointer="/code")


def step_of(secret: str, code: str) -> int | None:
    """Return the step of 30 seconds, around now, that the code is the right one for; None if it is wrong."""
    now = int(clock.now().timestamp()) // STEP_SECONDS
    for step in range(now - _TOLERANCE, now + _TOLERANCE + 1):
        if compare_digest(format_hotp_value(hotp_value(secret, step)).encode(), code.encode()):
            return step
    return None


def plain(code: str) -> str:
    """Return the code as it is compared: people type the spaces that apps show."""
    return _SPACES.sub("", code)


def _matching(user: User, code: str) -> Factor | None:
    # Locked, for all of `data` is written again: who seals the secrets in it anew waits, or was waited for.
    found = Authenticator.objects.select_for_update(no_key=True).filter(user=user)
    rows = {row.type: row for row in found.exclude(type=Authenticator.Type.WEBAUTHN)}
    app, recovery = rows.get(Authenticator.Type.TOTP), rows.get(Authenticator.Type.RECOVERY_CODES)
    if app is not None and _of_app(app, code):
        return Factor.APP
    if recovery is not None and RecoveryCodes(recovery).validate_code(code):
        recovery.last_used_at = clock.now()
        Authenticator.objects.filter(pk=recovery.pk).update(last_used_at=recovery.last_used_at)
        return Factor.RECOVERY_CODE
    return None


def _of_app(row: Authenticator, code: str) -> bool:
    step = step_of(decrypt(row.data["secret"]), code)
    if step is None or step <= row.data.get(_LAST_STEP, 0):
        return False
    row.data[_LAST_STEP] = step
    row.last_used_at = clock.now()
    row.save(update_fields=["data", "last_used_at"])
    return True


def _refuse_guessing(user: User) -> None:
    if user.wrong_codes < _MOST_WRONG or user.wrong_codes_since is None:
        return
    left = (user.wrong_codes_since + _REST - clock.now()).total_seconds()
    if left > 0:
        minutes = math.ceil(left / 60)
        raise TooManyCodes(
            said("too many wrong codes: wait {minutes} min, then try again", minutes=minutes),
            retry_after=math.ceil(left),
        )
    user.wrong_codes = 0


def _count(user: User, wrong: int) -> None:
    if user.wrong_codes == wrong == 0 and user.wrong_codes_since is None:
        return
    user.wrong_codes, user.wrong_codes_since = wrong, clock.now() if wrong else None
    user.save(update_fields=["wrong_codes", "wrong_codes_since"])
