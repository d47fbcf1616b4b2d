"""Sending one mail to one person; and what a failure means: never, or later.

How mail goes out is the operator's choice, TESSERA_MAIL_URL (`http/mail_url.py`). Nothing here tries again: the job
that called does, where `MailFailed` says that it may help.
"""

import re
import smtplib
import ssl
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.utils import make_msgid, parseaddr
from typing import Final

import anymail.exceptions as provider
from anymail.backends.base import AnymailBaseBackend
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import sanitize_address

from tessera.core.errors import TesseraError
from tessera.http.mail_url import NO_MAIL
from tessera.http.mailbox import Received, read_mailbox, read_message

__all__ = ["REASONS", "MailFailed", "Received", "configured", "read_mailbox", "read_message", "send", "sending"]

REASONS: Final = frozenset(
    {
        "not_configured",
        "message_invalid",
        "recipient_refused",
        "content_refused",
        "sender_refused",
        "sign_in_refused",
        "not_connected",
        "certificate",
        "timed_out",
        "broken_off",
        "try_later",
    }
)
_MOST_WORDS: Final = 200
_SERVER: Final = "the mail server"
_PROVIDER: Final = "the mail provider"


class MailFailed(TesseraError):
    """A mail was not sent. `permanent`: trying again would change nothing. `reason` is one of `REASONS`, and stable."""

    code = "mail_failed"
    status = 502

    def __init__(self, detail: str, *, permanent: bool, reason: str) -> None:
        super().__init__(detail, permanent=permanent, reason=reason)
        self.permanent, self.reason = permanent, reason


def configured() -> bool:
    """Whether mail is sent at all: the operator has said how (TESSERA_MAIL_URL)."""
    return settings.EMAIL_BACKEND != NO_MAIL


def send(message: EmailMessage) -> None:
    """Send a message to its one recipient; of several, some could have it and not others. Takes seconds.

    Raises MailFailed if it was not taken, or nobody can know; ValueError if it does not have exactly one recipient.
    """
    with sending() as one_after_another:
        one_after_another(message)


@contextmanager
def sending() -> Iterator[Callable[[EmailMessage], None]]:
    """Give a function that sends as `send` does, one message after another over one connection.

    What a failure leaves of the connection is not used again: the next message opens another.
    """
    connection = get_connection()

    def one(message: EmailMessage) -> None:
        _refuse_what_cannot_be_sent(message)
        if not isinstance(connection, AnymailBaseBackend):
            _name(message)
        try:
            _hand_over(connection, message)
        except MailFailed:
            _hang_up(connection)
            raise

    try:
        yield one
    finally:
        _hang_up(connection)


def _hand_over(connection: BaseEmailBackend, message: EmailMessage) -> None:
    try:
        connection.open()
        connection.send_messages([message])
    except smtplib.SMTPException as failure:
        raise _of_smtp(failure) from failure
    except (provider.AnymailError, provider.AnymailConfigurationError) as failure:
        raise _of_provider(failure) from failure
    except OSError as failure:
        raise _of_network(failure, _SERVER) from failure


def _hang_up(connection: BaseEmailBackend) -> None:
    # What was taken is taken, whatever happens when saying goodbye.
    with suppress(smtplib.SMTPException, OSError):
        connection.close()


def _refuse_what_cannot_be_sent(message: EmailMessage) -> None:
    recipients = message.recipients()
    if len(recipients) != 1:
        raise ValueError(f"a message has one recipient, not {len(recipients)}")
    if not configured():
        raise MailFailed("no mail is sent: TESSERA_MAIL_URL is not set", permanent=False, reason="not_configured")
    _refuse_broken(message, recipients[0])


def _refuse_broken(message: EmailMessage, recipient: str) -> None:
    """Raises MailFailed if a part of the message could be read as another part of it, or as none."""
    lists = [*message.to, *message.cc, *message.bcc, *message.reply_to]
    headers = [part for header in message.extra_headers.items() for part in header]
    if any(_breaks_lines(str(text)) for text in (message.subject, message.from_email, *lists, *headers)):
        raise MailFailed("a line of the header holds control characters", permanent=True, reason="message_invalid")
    if not all(re.fullmatch(r"[!-9;-~]+", name) for name in message.extra_headers):
        raise MailFailed("a header has no name that there could be", permanent=True, reason="message_invalid")
    try:
        user, _, domain = parseaddr(sanitize_address(recipient, "utf-8"))[1].rpartition("@")
        if not (user and domain):
            raise ValueError("is no address")
        message.message()
    except (ValueError, MessageError) as fault:
        raise MailFailed("an address or a header cannot be sent", permanent=True, reason="message_invalid") from fault


def _breaks_lines(text: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in text)


def _name(message: EmailMessage) -> None:
    """Name a message after who sends it; Django would name it after this machine."""
    if not any(name.lower() == "message-id" for name in message.extra_headers):
        domain = parseaddr(message.from_email)[1].rpartition("@")[2]
        message.extra_headers = {**message.extra_headers, "Message-ID": make_msgid(domain=domain)}


def _of_smtp(failure: smtplib.SMTPException) -> MailFailed:
    """Return what a mail server's refusal means. What is wrong with the settings may be right the next time."""
    if isinstance(failure, smtplib.SMTPRecipientsRefused):
        ((code, words),) = failure.recipients.values()
        return _refused("recipient_refused", "the address", code, words)
    if isinstance(failure, smtplib.SMTPDataError):
        return _refused("content_refused", "the message", failure.smtp_code, failure.smtp_error)
    if isinstance(failure, smtplib.SMTPSenderRefused) and failure.smtp_code == 552:
        # So large that it is refused before it is sent.
        return _refused("content_refused", "the message", failure.smtp_code, failure.smtp_error)
    if isinstance(failure, smtplib.SMTPSenderRefused) and failure.smtp_code >= 500:
        return _later("sender_refused", f"{_SERVER} does not take mail from this sender")
    if isinstance(failure, smtplib.SMTPAuthenticationError):
        return _later("sign_in_refused", f"{_SERVER} does not take the user and password")
    if isinstance(failure, smtplib.SMTPServerDisconnected):
        if isinstance(failure.__context__, TimeoutError):
            return _of_network(failure.__context__, _SERVER)
        return _later("broken_off", f"{_SERVER} broke the connection off")
    return _later("try_later", f"{_SERVER} cannot take the message now")


def _of_provider(failure: Exception) -> MailFailed:
    if isinstance(failure, provider.AnymailRecipientsRefused):
        return MailFailed(f"{_PROVIDER} does not take the address", permanent=True, reason="recipient_refused")
    if isinstance(failure, provider.AnymailAPIError):
        status = failure.status_code
        if status is None and isinstance(failure.__cause__, OSError):
            return _of_network(failure.__cause__, _PROVIDER)
        if status in (400, 413, 422):
            return MailFailed(f"{_PROVIDER} does not take the message", permanent=True, reason="content_refused")
        if status in (401, 403):
            return _later("sign_in_refused", f"{_PROVIDER} does not take the key")
        return _later("try_later", f"{_PROVIDER} cannot take the message now")
    if isinstance(failure, provider.AnymailConfigurationError):
        return _later("not_configured", f"{_PROVIDER} is not set up as it should be")
    return MailFailed(f"{_PROVIDER} cannot send such a message", permanent=True, reason="message_invalid")


def _of_network(failure: OSError, who: str) -> MailFailed:
    """Return what it means that a server was not reached. requests hides the cause a few exceptions down."""
    cause: BaseException | None = failure
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _later("certificate", f"the certificate of {who} is not valid: {cause.verify_message}")
        if isinstance(cause, TimeoutError) or type(cause).__name__ in ("ConnectTimeout", "ReadTimeout"):
            return _later("timed_out", f"{who} did not answer in time")
        cause = cause.__cause__ or cause.__context__
    return _later("not_connected", f"{who} cannot be reached")


def _refused(reason: str, what: str, code: int, words: bytes | str) -> MailFailed:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    said = "".join(character if character.isprintable() else " " for character in text)[:_MOST_WORDS].strip()
    detail = f"{_SERVER} refused {what}: {code} {said}"
    return MailFailed(detail, permanent=True, reason=reason) if code >= 500 else _later("try_later", detail)


def _later(reason: str, detail: str) -> MailFailed:
    return MailFailed(detail, permanent=False, reason=reason)
