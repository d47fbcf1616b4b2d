"""A form that is sent twice does its work once: the second sending is led to where the first one went.

What changes a record is guarded by its version. What makes one has none yet, so such a form carries a token, and the
session, whose row is locked meanwhile, remembers where each token led.
"""

from collections.abc import Callable
from typing import Final

from django.contrib.sessions.models import Session
from django.utils.crypto import get_random_string

from tessera import db
from tessera.console.access import StaffRequest

FIELD: Final = "once"
_LENGTH: Final = 16
_REMEMBERED: Final = 30
_KEY: Final = "forms_sent"


def token() -> str:
    """Return a fresh token for a form."""
    return get_random_string(_LENGTH)


def once(request: StaffRequest, make: Callable[[], str]) -> str:
    """Return the address that `make()` leads to, or the one that an earlier sending of the same form led to.

    A form without a token is worked on as it comes.
    """
    given = request.POST.get(FIELD, "")[:_LENGTH]
    key = request.session.session_key
    if not given or key is None:
        return make()
    with db.transaction():
        Session.objects.select_for_update().filter(pk=key).first()
        sent: dict[str, str] = request.session.load().get(_KEY, {})
        if given in sent:
            return sent[given]
        address = make()
        remembered = list({**sent, given: address}.items())[-_REMEMBERED:]
        request.session[_KEY] = dict(remembered)
        request.session.save()
        # Written once more at the request's end, without the lock, it would undo what others remembered meanwhile.
        request.session.modified = False
    return address
