"""Every type of event, and who can cause one. Documented with an example payload in docs/events.md."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tessera.core import ids


class EventType(StrEnum):
    """What can happen: `noun.past_tense`."""

    ORGANIZATION_CREATED = "organization.created"
    ORGANIZATION_UPDATED = "organization.updated"
    ORGANIZATION_CLOCK_MOVED = "organization.clock_moved"
    ORGANIZATION_RESTORED = "organization.restored"
    ORGANIZATION_ADDRESS_CHANGED = "organization.address_changed"
    ORGANIZATION_STAFF_SIGNED_OUT = "organization.staff_signed_out"
    ORGANIZATION_DELETION_STARTED = "organization.deletion_started"
    TRUSTED_ISSUER_CREATED = "trusted_issuer.created"
    TRUSTED_ISSUER_UPDATED = "trusted_issuer.updated"
    TRUSTED_ISSUER_DELETED = "trusted_issuer.deleted"
    STAFF_ADDED = "staff.added"
    STAFF_ROLE_CHANGED = "staff.role_changed"
    STAFF_DISABLED = "staff.disabled"
    STAFF_ENABLED = "staff.enabled"
    STAFF_INVITED = "staff.invited"
    STAFF_INVITATION_WITHDRAWN = "staff.invitation_withdrawn"
    STAFF_UPDATED = "staff.updated"
    STAFF_SIGNED_IN = "staff.signed_in"
    STAFF_SIGNED_OUT = "staff.signed_out"
    STAFF_SECOND_FACTOR_FAILED = "staff.second_factor_failed"
    STAFF_SECOND_FACTOR_ADDED = "staff.second_factor_added"
    STAFF_SECOND_FACTOR_RENAMED = "staff.second_factor_renamed"
    STAFF_SECOND_FACTOR_REMOVED = "staff.second_factor_removed"
    STAFF_RECOVERY_CODES_MADE = "staff.recovery_codes_made"
    STAFF_PASSWORD_SET = "staff.password_set"  # noqa: S105  (what happened, not the password)
    STAFF_PASSWORD_RESET_ASKED = "staff.password_reset_asked"  # noqa: S105
    STAFF_EMAIL_CHANGE_ASKED = "staff.email_change_asked"
    STAFF_EMAIL_CHANGED = "staff.email_changed"
    API_KEY_CREATED = "api_key.created"
    API_KEY_REVOKED = "api_key.revoked"
    CUSTOMER_PASSKEY_ADDED = "customer.passkey_added"
    CUSTOMER_PASSKEY_RENAMED = "customer.passkey_renamed"
    CUSTOMER_PASSKEY_REMOVED = "customer.passkey_removed"
    CUSTOMER_PASSKEY_DOUBTED = "customer.passkey_doubted"
    CUSTOMER_APP_TOKEN_REUSED = "customer.app_token_reused"  # noqa: S105  (what happened, not the token)
    SIGNING_KEY_PUBLISHED = "signing_key.published"
    SIGNING_KEY_REVOKED = "signing_key.revoked"
    JOB_RUN_AGAIN = "job.run_again"
    JOB_DROPPED = "job.dropped"
    SAVED_VIEW_CREATED = "saved_view.created"
    SAVED_VIEW_UPDATED = "saved_view.updated"
    SAVED_VIEW_DELETED = "saved_view.deleted"
    BULK_RUN_STARTED = "bulk_run.started"
    CUSTOMER_CREATED = "customer.created"
    CUSTOMER_UPDATED = "customer.updated"
    CUSTOMER_ARCHIVED = "customer.archived"
    CUSTOMER_RESTORED = "customer.restored"
    CUSTOMER_BANNED = "customer.banned"
    CUSTOMER_BAN_LIFTED = "customer.ban_lifted"
    CUSTOMER_MERGED = "customer.merged"
    CUSTOMER_EMAIL_CHANGED = "customer.email_changed"
    CUSTOMER_OTHER_EMAIL_PROVED = "customer.other_email_proved"
    CUSTOMER_CODE_ASKED = "customer.code_asked"
    CUSTOMER_SIGNED_IN = "customer.signed_in"
    CUSTOMER_SIGNED_OUT = "customer.signed_out"
    CUSTOMER_SITE_LINKED = "customer.site_linked"
    CUSTOMER_SITE_UNLINKED = "customer.site_unlinked"
    CUSTOMER_UNSUBSCRIBED = "customer.unsubscribed"
    CUSTOMER_RESUBSCRIBED = "customer.resubscribed"
    CUSTOMER_DATA_DOWNLOADED = "customer.data_downloaded"
    CUSTOMER_DELETION_ASKED = "customer.deletion_asked"
    CUSTOMER_DELETION_WITHDRAWN = "customer.deletion_withdrawn"
    CUSTOMER_ERASED = "customer.erased"
    COMPANY_CREATED = "company.created"
    COMPANY_UPDATED = "company.updated"
    COMPANY_ARCHIVED = "company.archived"
    COMPANY_RESTORED = "company.restored"
    COMPANY_LINK_MADE = "company.link_made"
    COMPANY_LINK_REVOKED = "company.link_revoked"
    COMPANY_INVITED = "company.invited"
    COMPANY_INVITATION_WITHDRAWN = "company.invitation_withdrawn"
    COMPANY_INVITATION_ACCEPTED = "company.invitation_accepted"
    NOTE_WRITTEN = "note.written"
    NOTE_EDITED = "note.edited"
    NOTE_PINNED = "note.pinned"
    NOTE_UNPINNED = "note.unpinned"
    NOTE_DELETED = "note.deleted"
    NOTE_PUT_BACK = "note.put_back"
    AFFILIATION_STARTED = "affiliation.started"
    AFFILIATION_UPDATED = "affiliation.updated"
    AFFILIATION_ENDED = "affiliation.ended"
    PERMISSION_CREATED = "permission.created"
    PERMISSION_UPDATED = "permission.updated"
    PERMISSION_DELETED = "permission.deleted"
    PLAN_CREATED = "plan.created"
    PLAN_UPDATED = "plan.updated"
    PLAN_ARCHIVED = "plan.archived"
    PLAN_RESTORED = "plan.restored"
    PRICE_CREATED = "price.created"
    PRICE_UPDATED = "price.updated"
    MEMBERSHIP_GRANTED = "membership.granted"
    MEMBERSHIP_APPROVED = "membership.approved"
    MEMBERSHIP_REJECTED = "membership.rejected"
    MEMBERSHIP_PAID = "membership.paid"
    MEMBERSHIP_RENEWED = "membership.renewed"
    MEMBERSHIP_EXTENDED = "membership.extended"
    MEMBERSHIP_CANCEL_BOOKED = "membership.cancel_booked"
    MEMBERSHIP_CANCEL_UNDONE = "membership.cancel_undone"
    MEMBERSHIP_CANCELED = "membership.canceled"
    MEMBERSHIP_PAUSED = "membership.paused"
    MEMBERSHIP_RESUMED = "membership.resumed"
    MEMBERSHIP_PLAN_CHANGED = "membership.plan_changed"
    MEMBERSHIP_PLAN_CHANGE_BOOKED = "membership.plan_change_booked"
    MEMBERSHIP_SEATS_CHANGED = "membership.seats_changed"
    MEMBERSHIP_REVOKED = "membership.revoked"
    MEMBERSHIP_STARTED = "membership.started"
    MEMBERSHIP_PAUSE_STARTED = "membership.pause_started"
    MEMBERSHIP_PAUSE_ENDED = "membership.pause_ended"
    MEMBERSHIP_RENEWAL_DUE = "membership.renewal_due"
    MEMBERSHIP_EXPIRY_DUE = "membership.expiry_due"
    MEMBERSHIP_EXPIRED = "membership.expired"
    WEBHOOK_ENDPOINT_CREATED = "webhook_endpoint.created"
    WEBHOOK_ENDPOINT_UPDATED = "webhook_endpoint.updated"
    WEBHOOK_ENDPOINT_DELETED = "webhook_endpoint.deleted"
    WEBHOOK_ENDPOINT_SECRET_ROTATED = "webhook_endpoint.secret_rotated"  # noqa: S105  (what happened, not the secret)
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled"
    WEBHOOK_ENDPOINT_ENABLED = "webhook_endpoint.enabled"
    WEBHOOK_ENDPOINT_TESTED = "webhook_endpoint.tested"
    WEBHOOK_ENDPOINT_REPLAYED = "webhook_endpoint.replayed"
    IMPORT_UPLOADED = "import.uploaded"
    IMPORT_PREPARED = "import.prepared"
    IMPORT_CHECKED = "import.checked"
    IMPORT_STARTED = "import.started"
    IMPORT_FINISHED = "import.finished"
    IMPORT_CANCELED = "import.canceled"
    IMPORT_REMOVED = "import.removed"
    EXPORT_REQUESTED = "export.requested"
    EXPORT_FINISHED = "export.finished"
    EXPORT_DOWNLOADED = "export.downloaded"
    EXPORT_REMOVED = "export.removed"
    SIGNUP_SETTINGS_UPDATED = "signup_settings.updated"
    QUESTION_CREATED = "question.created"
    QUESTION_UPDATED = "question.updated"
    QUESTION_ARCHIVED = "question.archived"
    QUESTION_RESTORED = "question.restored"
    QUESTIONS_ANSWERED = "questions.answered"
    TERMS_ACCEPTED = "terms.accepted"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. `str(actor)` is what is stored: `staff:stf_…`, `key:key_…`, `customer:cus_…`, `system:<command>`."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Actor":
        """Return the actor that `str(actor)` stands for."""
        kind, _, key = text.partition(":")
        return cls(kind, key)

    @classmethod
    def staff(cls, key: UUID) -> "Actor":
        return cls("staff", ids.to_text(ids.Prefix.STAFF, key))

    @classmethod
    def api_key(cls, key: UUID) -> "Actor":
        return cls("key", ids.to_text(ids.Prefix.API_KEY, key))

    @classmethod
    def customer(cls, key: UUID) -> "Actor":
        return cls("customer", ids.to_text(ids.Prefix.CUSTOMER, key))

    @classmethod
    def system(cls, command: str) -> "Actor":
        return cls("system", command)
