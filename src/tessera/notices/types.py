"""The words mails are described with. A new kind of mail begins here; docs/notices.md says what else it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID


class Kind(StrEnum):
    """What a mail is about. Its texts are the templates of this name."""

    WELCOME = "welcome"
    APPLICATION_RECEIVED = "application_received"
    APPLICATION_APPROVED = "application_approved"
    APPLICATION_REJECTED = "application_rejected"
    RENEWAL_COMING = "renewal_coming"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    CANCEL_BOOKED = "cancel_booked"
    CANCEL_UNDONE = "cancel_undone"
    CANCELED = "canceled"
    PAUSED = "paused"
    RESUMED = "resumed"
    REVOKED = "revoked"
    SEAT_LOST = "seat_lost"
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint_disabled"
    STAFF_INVITATION = "staff_invitation"
    STAFF_PASSWORD_RESET = "staff_password_reset"  # noqa: S105
    STAFF_EMAIL_CHANGE = "staff_email_change"
    STAFF_ACCOUNT_CHANGED = "staff_account_changed"
    STAFF_RECOVERY_CODE_USED = "staff_recovery_code_used"
    STAFF_EMAIL_CHANGED = "staff_email_changed"
    SIGN_IN_CODE = "sign_in_code"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    OTHER_EMAIL_PROVED = "other_email_proved"
    EMAIL_CHANGED = "email_changed"
    COMPANY_INVITATION = "company_invitation"


class Group(StrEnum):
    """Mails that a customer can turn off together. What is in no group tells of something done, and always goes out."""

    REMINDERS = "reminders"


GROUPS: Final[Mapping[Kind, Group]] = {
    Kind.RENEWAL_COMING: Group.REMINDERS,
    Kind.EXPIRING: Group.REMINDERS,
    Kind.EXPIRED: Group.REMINDERS,
}


class To(StrEnum):
    """Whose record the address is read from."""

    CUSTOMER = "customer"
    COMPANY = "company"
    STAFF = "staff"
    INVITED = "invited"  # an invitation: whoever it is for is in no other record yet
    ASKED_IN = "asked_in"  # an invitation to join a company, at the address that it is for
    SIGNING_IN = "signing_in"  # whoever asked for a code, known or not, at the address that they gave
    NEW_EMAIL = "new_email"  # staff, at the address that is to be theirs once they confirm it
    FORMER_EMAIL = "former"  # an address that was a customer's or staff's, whatever their record says by now


class Status(StrEnum):
    """How far a notice has come."""

    WAITING = "waiting"
    SENDING = "sending"  # some process has it in hand
    SENT = "sent"
    SKIPPED = "skipped"  # not to be sent, and why
    FAILED = "failed"  # could not be sent, and why


class Skipped(StrEnum):
    """Why a notice is not sent."""

    NO_MAIL_CONFIGURED = "no_mail_configured"
    TEST_ORGANIZATION = "test_organization"  # its mails go to the mailbox page or nowhere
    NO_ADDRESS = "no_address"
    NOT_WRITTEN_TO = "not_written_to"  # banned, archived, merged, or no longer working here
    UNSUBSCRIBED = "unsubscribed"
    NO_LONGER_TRUE = "no_longer_true"  # things have changed since


@dataclass(frozen=True, slots=True)
class News:
    """Something that somebody is to be told.

    `fact` names what happened: one recipient gets one mail of a kind about one fact, however often it is told.
    `context` holds JSON values that the mail cannot read from the records: public ids and instants, nothing personal.
    """

    kind: Kind
    fact: str
    happened_at: datetime  # the organization's time
    event_sequence: int | None = None
    context: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail to be sent to somebody."""

    news: News
    to: To
    recipient_id: UUID
