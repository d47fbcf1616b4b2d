"""Sending the mails of one claim, each at most once as far as this side can know.

Between the server's acceptance of a mail and the row that says so lies one UPDATE. A process that dies just there
leaves a notice that looks unsent, and it is sent again when the lease has run out: mail has no transaction that spans
both. Such a second copy has the same Message-ID, made from the fact and the recipient and not from the attempt, by
which servers and readers recognise it; so has one that a restored backup knows nothing of.
"""

import logging
import re
from collections.abc import Callable
from typing import Final

from django.core.mail import EmailMessage, EmailMultiAlternatives

from tessera import organizations
from tessera.http import mail
from tessera.http.mail import MailFailed
from tessera.notices import composing, leases, reading, services
from tessera.notices.leases import Claim
from tessera.notices.models import Notice
from tessera.notices.reading import Matter
from tessera.notices.types import Kind, Skipped, Status
from tessera.organizations.models import Organization

# After each failed attempt, in seconds; a mail that failed once more than that, some two days later, is given up.
_PAUSES: Final = (60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
_SERVER_IS_DOWN: Final = 3  # so many failures in a row are the server's, not the mails'
_REST: Final = 60

log = logging.getLogger(__name__)


def send(organization: Organization, claim: Claim) -> None:
    """Send the claim's mails, or write down why not. What time or the server does not allow is put off."""
    if (why := services.nobody_is_written_to(organization)) is not None:
        for notice in claim.notices:
            leases.settle(notice, Status.SKIPPED, why=why)
        return
    matters = reading.matters(organization, claim.notices)
    failures = 0
    with mail.sending() as send_one:
        for notice in claim.notices:
            if failures >= _SERVER_IS_DOWN or claim.expiring:
                leases.put_off(notice, seconds=_REST if failures else 0, why=notice.why, counts=False)
                continue
            message_or_not = _composed(notice, matters[notice.pk])
            if not isinstance(message_or_not, EmailMultiAlternatives):
                leases.settle(notice, *message_or_not)
                continue
            failures = 0 if _delivered(organization, notice, message_or_not, send_one) else failures + 1


def _composed(notice: Notice, matter: Matter | Skipped) -> EmailMultiAlternatives | tuple[Status, str]:
    if isinstance(matter, Skipped):
        return Status.SKIPPED, matter
    try:
        message = composing.compose(notice, matter)
    except Exception:  # a mail that cannot be written must not hold up those behind it
        log.exception("notice %s could not be written", notice.pk)
        return Status.FAILED, "not_written"
    return message if message is not None else (Status.SKIPPED, Skipped.NO_LONGER_TRUE)


def _delivered(
    organization: Organization,
    notice: Notice,
    message: EmailMultiAlternatives,
    send_one: Callable[[EmailMessage], None],
) -> bool:
    """Hand the mail over and write down what came of it; whether the server had an answer that stands."""
    try:
        send_one(message)
    except MailFailed as failure:
        # What servers say may repeat the address, which is to be found in the records only.
        said = re.sub(re.escape(message.to[0]), "…", failure.detail, flags=re.IGNORECASE)
        if notice.kind == Kind.SIGN_IN_CODE:
            said = re.sub(r"[0-9]{6}", "…", said)
        log.warning("notice %s was not sent: %s", notice.pk, said)
        if failure.permanent or notice.attempts >= len(_PAUSES):
            leases.settle(notice, Status.FAILED, why=failure.reason)
        else:
            leases.put_off(notice, seconds=_PAUSES[notice.attempts], why=failure.reason, counts=True)
        return failure.permanent
    if not leases.settle(notice, Status.SENT, sent_at=organizations.now(organization)):
        log.warning("notice %s took longer than its lease: somebody else may have sent it too", notice.pk)
    return True
