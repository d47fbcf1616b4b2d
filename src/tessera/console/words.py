"""What happened, what is refused and until when, as sentences of the product's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tessera.access.types import Decision, Source
from tessera.events.queries import EventLine
from tessera.events.types import EventType
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import Formats
from tessera.organizations.rights import Role
from tessera.people.types import Source as CameBy


@dataclass(frozen=True, slots=True)
class Said:
    """A text about an instant, if it is about one."""

    text: str
    instant: datetime | None = None


def until(view: MembershipView, formats: Formats, at: datetime) -> Said:
    """Return until when a membership is what it is: "until Tue 31 Mar", "from …", "pay by …", "ended …"."""
    if view.status is Status.EXPIRED:
        return _ended(view, formats, at)
    if view.status is Status.PENDING:
        return _waiting(view, formats, at)
    if view.status is Status.SCHEDULED and view.starts_at is not None and view.starts_at > at:
        return Said(gettext("from %(day)s") % {"day": formats.start(view.starts_at, near=at)}, view.starts_at)
    if view.status is Status.PAUSED and view.pause is not None:
        if view.pause.ends_at is None:
            return Said(gettext("paused until somebody resumes it"))
        day = formats.end(view.pause.ends_at, near=at)
        return Said(gettext("paused until %(day)s") % {"day": day}, view.pause.ends_at)
    if view.in_grace and view.grace_until is not None:
        return Said(
            gettext("unpaid, until %(day)s") % {"day": formats.end(view.grace_until, near=at)}, view.grace_until
        )
    if view.ends_at is None:
        return Said(gettext("no end"))
    return Said(gettext("until %(day)s") % {"day": formats.end(view.ends_at, near=at)}, view.ends_at)


def _ended(view: MembershipView, formats: Formats, at: datetime) -> Said:
    reason = view.ended_reason or EndedReason.LAPSED
    if reason is EndedReason.ABANDONED:
        return Said(gettext("never begun"), view.pending_until)
    instant = view.ended_at or view.ends_at
    if instant is None:
        return Said(str(ENDED[reason]))
    if reason is EndedReason.LAPSED:
        return Said(gettext("ended %(day)s") % {"day": formats.end(instant, near=at)}, instant)
    day = formats.day(formats.local(instant).date(), near=at)
    return Said(f"{ENDED[reason]} {day}", instant)


def _waiting(view: MembershipView, formats: Formats, at: datetime) -> Said:
    if "approval" in view.awaiting:
        return Said(gettext("waits for approval"))
    if view.pending_until is not None:
        day = formats.moment(view.pending_until, near=at)
        return Said(gettext("to be paid by %(day)s") % {"day": day}, view.pending_until)
    return Said(gettext("waits for its payment"))


ENDED: Final[Mapping[EndedReason, object]] = {
    EndedReason.CANCELED: _("canceled"),
    EndedReason.REFUNDED: _("refunded"),
    EndedReason.REVOKED: _("revoked"),
    EndedReason.REJECTED: _("turned down"),
    EndedReason.ABANDONED: _("never begun"),
    EndedReason.LAPSED: _("ended"),
}

CAME_BY: Final[Mapping[CameBy, object]] = {
    CameBy.STAFF: _("Staff"),
    CameBy.SIGNUP: _("Sign-up"),
    CameBy.API: _("Another program"),
    CameBy.IMPORT: _("Import"),
}

_PAID_BY: Final[Mapping[str, object]] = {"manual": _("At the desk or by transfer"), "sandbox": _("Sandbox")}

_HAPPENED: Final[Mapping[EventType, tuple[object, str]]] = {
    EventType.ORGANIZATION_CREATED: (_("Organization founded"), "good"),
    EventType.ORGANIZATION_UPDATED: (_("Settings changed"), ""),
    EventType.ORGANIZATION_CLOCK_MOVED: (_("Test clock moved"), ""),
    EventType.ORGANIZATION_RESTORED: (_("Restored from a backup"), "care"),
    EventType.ORGANIZATION_ADDRESS_CHANGED: (_("Address of the organization changed"), "care"),
    EventType.ORGANIZATION_STAFF_SIGNED_OUT: (_("All staff signed out"), "care"),
    EventType.ORGANIZATION_DELETION_STARTED: (_("Deletion of the organization begun"), "stop"),
    EventType.TRUSTED_ISSUER_CREATED: (_("Trusted issuer added"), "care"),
    EventType.TRUSTED_ISSUER_UPDATED: (_("Trusted issuer changed"), "care"),
    EventType.TRUSTED_ISSUER_DELETED: (_("Trusted issuer removed"), "care"),
    EventType.STAFF_ADDED: (_("Staff member added"), "good"),
    EventType.STAFF_ROLE_CHANGED: (_("Role of a staff member changed"), "care"),
    EventType.STAFF_DISABLED: (_("Staff member disabled"), "stop"),
    EventType.STAFF_ENABLED: (_("Staff member enabled again"), "good"),
    EventType.STAFF_INVITED: (_("Staff member invited"), "good"),
    EventType.STAFF_INVITATION_WITHDRAWN: (_("Invitation of a staff member withdrawn"), "care"),
    EventType.STAFF_UPDATED: (_("Account of a staff member changed"), ""),
    EventType.STAFF_SIGNED_IN: (_("Signed in"), ""),
    EventType.STAFF_SIGNED_OUT: (_("Signed out of other browsers"), "care"),
    EventType.STAFF_SECOND_FACTOR_FAILED: (_("Second factor failed"), "stop"),
    EventType.STAFF_SECOND_FACTOR_ADDED: (_("Second factor set up"), "good"),
    EventType.STAFF_SECOND_FACTOR_RENAMED: (_("Second factor renamed"), ""),
    EventType.STAFF_SECOND_FACTOR_REMOVED: (_("Second factor removed"), "care"),
    EventType.STAFF_RECOVERY_CODES_MADE: (_("Recovery codes made"), "care"),
    EventType.STAFF_PASSWORD_SET: (_("Password of a staff member set"), "care"),
    EventType.STAFF_PASSWORD_RESET_ASKED: (_("Link to set a password asked for"), ""),
    EventType.STAFF_EMAIL_CHANGE_ASKED: (_("Another e-mail address asked for"), ""),
    EventType.STAFF_EMAIL_CHANGED: (_("E-mail address of a staff member changed"), "care"),
    EventType.CUSTOMER_PASSKEY_ADDED: (_("Passkey added"), ""),
    EventType.CUSTOMER_PASSKEY_RENAMED: (_("Passkey renamed"), ""),
    EventType.CUSTOMER_PASSKEY_REMOVED: (_("Passkey removed"), ""),
    EventType.CUSTOMER_PASSKEY_DOUBTED: (_("Passkey refused: it may have been copied"), "care"),
    EventType.CUSTOMER_APP_TOKEN_REUSED: (_("An app's used token was shown again; signed out there"), "care"),
    EventType.SIGNING_KEY_PUBLISHED: (_("New key to sign tokens published"), ""),
    EventType.SIGNING_KEY_REVOKED: (_("Key that signed tokens revoked"), "care"),
    EventType.API_KEY_CREATED: (_("API key made"), "care"),
    EventType.API_KEY_REVOKED: (_("API key revoked"), "stop"),
    EventType.JOB_RUN_AGAIN: (_("Given-up job run again"), ""),
    EventType.JOB_DROPPED: (_("Given-up job dropped"), "care"),
    EventType.PERMISSION_CREATED: (_("Permission made"), "good"),
    EventType.PERMISSION_UPDATED: (_("Permission changed"), ""),
    EventType.PERMISSION_DELETED: (_("Permission deleted"), "care"),
    EventType.WEBHOOK_ENDPOINT_CREATED: (_("Webhook endpoint added"), "good"),
    EventType.WEBHOOK_ENDPOINT_UPDATED: (_("Webhook endpoint changed"), ""),
    EventType.WEBHOOK_ENDPOINT_DELETED: (_("Webhook endpoint deleted"), "care"),
    EventType.WEBHOOK_ENDPOINT_SECRET_ROTATED: (_("Webhook secret replaced"), "care"),
    EventType.WEBHOOK_ENDPOINT_DISABLED: (_("Webhook endpoint switched off"), "stop"),
    EventType.WEBHOOK_ENDPOINT_ENABLED: (_("Webhook endpoint switched on"), "good"),
    EventType.WEBHOOK_ENDPOINT_TESTED: (_("Webhook endpoint tested"), ""),
    EventType.WEBHOOK_ENDPOINT_REPLAYED: (_("Webhook events sent again"), ""),
    EventType.SAVED_VIEW_CREATED: (_("View of a list saved"), ""),
    EventType.SAVED_VIEW_UPDATED: (_("View of a list changed"), ""),
    EventType.SAVED_VIEW_DELETED: (_("View of a list removed"), ""),
    EventType.BULK_RUN_STARTED: (_("Begun with many customers at once"), ""),
    EventType.CUSTOMER_CREATED: (_("Added as a customer"), "good"),
    EventType.CUSTOMER_UPDATED: (_("Details changed"), ""),
    EventType.CUSTOMER_ARCHIVED: (_("Archived"), ""),
    EventType.CUSTOMER_RESTORED: (_("Restored from the archive"), "good"),
    EventType.CUSTOMER_BANNED: (_("Banned"), "stop"),
    EventType.CUSTOMER_BAN_LIFTED: (_("Ban lifted"), "good"),
    EventType.CUSTOMER_MERGED: (_("Merged with another record"), ""),
    EventType.CUSTOMER_EMAIL_CHANGED: (_("Changed their e-mail address; the former one is told"), "care"),
    EventType.CUSTOMER_OTHER_EMAIL_PROVED: (
        _("Signed in by another e-mail address of theirs; the first is told"),
        "care",
    ),
    EventType.CUSTOMER_CODE_ASKED: (_("Code asked for by e-mail"), ""),
    EventType.CUSTOMER_SIGNED_IN: (_("Signed in"), ""),
    EventType.CUSTOMER_SIGNED_OUT: (_("Signed out of other browsers"), "care"),
    EventType.CUSTOMER_DATA_DOWNLOADED: (_("Took a copy of their data"), ""),
    EventType.CUSTOMER_DELETION_ASKED: (_("Asked to be deleted"), "care"),
    EventType.CUSTOMER_ERASED: (_("Personal data erased"), "stop"),
    EventType.CUSTOMER_DELETION_WITHDRAWN: (_("Wish to be deleted taken back"), ""),
    EventType.CUSTOMER_SITE_LINKED: (_("Linked to a website"), ""),
    EventType.CUSTOMER_SITE_UNLINKED: (_("No longer linked to a website"), "care"),
    EventType.CUSTOMER_UNSUBSCRIBED: (_("Reminders turned off"), ""),
    EventType.CUSTOMER_RESUBSCRIBED: (_("Reminders turned on again"), ""),
    EventType.COMPANY_CREATED: (_("Added as a company"), "good"),
    EventType.COMPANY_UPDATED: (_("Details changed"), ""),
    EventType.COMPANY_LINK_MADE: (_("Address to join at made"), ""),
    EventType.COMPANY_LINK_REVOKED: (_("Address to join at revoked"), ""),
    EventType.COMPANY_INVITED: (_("Somebody invited to join"), ""),
    EventType.COMPANY_INVITATION_WITHDRAWN: (_("Invitation to join withdrawn"), ""),
    EventType.COMPANY_INVITATION_ACCEPTED: (_("Invitation to join accepted"), "good"),
    EventType.COMPANY_ARCHIVED: (_("Archived"), ""),
    EventType.COMPANY_RESTORED: (_("Restored from the archive"), "good"),
    EventType.NOTE_WRITTEN: (_("Note written"), ""),
    EventType.NOTE_EDITED: (_("Note changed"), ""),
    EventType.NOTE_PINNED: (_("Note put on top"), ""),
    EventType.NOTE_UNPINNED: (_("Note no longer on top"), ""),
    EventType.NOTE_DELETED: (_("Note deleted"), "care"),
    EventType.NOTE_PUT_BACK: (_("Note put back"), ""),
    EventType.AFFILIATION_STARTED: (_("Linked to %(other)s"), "good"),
    EventType.AFFILIATION_UPDATED: (_("Position at %(other)s changed"), ""),
    EventType.AFFILIATION_ENDED: (_("Unlinked from %(other)s"), "care"),
    EventType.PLAN_CREATED: (_("Plan made"), "good"),
    EventType.PLAN_UPDATED: (_("Plan changed"), ""),
    EventType.PLAN_ARCHIVED: (_("Plan archived"), "care"),
    EventType.PLAN_RESTORED: (_("Plan restored from the archive"), "good"),
    EventType.PRICE_CREATED: (_("Price added"), ""),
    EventType.PRICE_UPDATED: (_("Price changed"), ""),
    EventType.MEMBERSHIP_GRANTED: (_("%(plan)s assigned"), "good"),
    EventType.MEMBERSHIP_APPROVED: (_("%(plan)s approved"), "good"),
    EventType.MEMBERSHIP_REJECTED: (_("%(plan)s turned down"), "stop"),
    EventType.MEMBERSHIP_PAID: (_("First payment of %(plan)s confirmed"), "good"),
    EventType.MEMBERSHIP_RENEWED: (_("%(plan)s renewed"), "good"),
    EventType.MEMBERSHIP_EXTENDED: (_("%(plan)s extended"), "good"),
    EventType.MEMBERSHIP_CANCEL_BOOKED: (_("%(plan)s: will end with its period"), "care"),
    EventType.MEMBERSHIP_CANCEL_UNDONE: (_("%(plan)s: goes on after all"), "good"),
    EventType.MEMBERSHIP_CANCELED: (_("%(plan)s canceled"), "stop"),
    EventType.MEMBERSHIP_PAUSED: (_("%(plan)s paused"), "care"),
    EventType.MEMBERSHIP_RESUMED: (_("%(plan)s resumed"), "good"),
    EventType.MEMBERSHIP_PLAN_CHANGED: (_("Changed to %(plan)s"), ""),
    EventType.MEMBERSHIP_PLAN_CHANGE_BOOKED: (_("%(plan)s: change booked for the renewal"), ""),
    EventType.MEMBERSHIP_SEATS_CHANGED: (_("Seats of %(plan)s changed"), ""),
    EventType.MEMBERSHIP_REVOKED: (_("%(plan)s revoked"), "stop"),
    EventType.MEMBERSHIP_STARTED: (_("%(plan)s has begun"), "good"),
    EventType.MEMBERSHIP_PAUSE_STARTED: (_("%(plan)s: its pause has begun"), "care"),
    EventType.MEMBERSHIP_PAUSE_ENDED: (_("%(plan)s: its pause is over"), "good"),
    EventType.MEMBERSHIP_RENEWAL_DUE: (_("%(plan)s: to be paid again soon"), "care"),
    EventType.MEMBERSHIP_EXPIRY_DUE: (_("%(plan)s: ends soon"), "care"),
    EventType.MEMBERSHIP_EXPIRED: (_("%(plan)s expired"), "care"),
    EventType.SIGNUP_SETTINGS_UPDATED: (_("Signing up changed"), "care"),
    EventType.QUESTION_CREATED: (_("Question of signing up added"), ""),
    EventType.QUESTION_UPDATED: (_("Question of signing up changed"), ""),
    EventType.QUESTION_ARCHIVED: (_("Question of signing up archived"), "care"),
    EventType.QUESTION_RESTORED: (_("Question of signing up asked again"), ""),
    EventType.QUESTIONS_ANSWERED: (_("Answered what is asked of whoever joins"), ""),
    EventType.TERMS_ACCEPTED: (_("Accepted the terms"), ""),
    EventType.IMPORT_UPLOADED: (_("File brought for an import"), ""),
    EventType.IMPORT_PREPARED: (_("Columns of an import named"), ""),
    EventType.IMPORT_CHECKED: (_("Import checked"), ""),
    EventType.IMPORT_STARTED: (_("Import started"), "care"),
    EventType.IMPORT_FINISHED: (_("Import finished"), "good"),
    EventType.IMPORT_CANCELED: (_("Import canceled"), "stop"),
    EventType.IMPORT_REMOVED: (_("File of an import removed"), ""),
    EventType.EXPORT_REQUESTED: (_("Export asked for"), "care"),
    EventType.EXPORT_FINISHED: (_("Export written"), ""),
    EventType.EXPORT_DOWNLOADED: (_("Export downloaded"), "care"),
    EventType.EXPORT_REMOVED: (_("File of an export removed"), ""),
}


def paid_by(provider: str) -> str:
    """Return what took the money, by the provider's name; empty if nothing did."""
    return str(_PAID_BY.get(provider, provider.capitalize()))


def happened(event: EventType, *, plan: str, other: str) -> tuple[str, str]:
    """Return an event as a sentence, and its tone. `other` is who was linked to or unlinked from."""
    text, tone = _HAPPENED.get(event, (event.value.replace(".", " ").replace("_", " ").capitalize(), ""))
    return str(text) % {"plan": plan or gettext("Membership"), "other": other or gettext("a company")}, tone


def particulars(line: EventLine, formats: Formats) -> str:
    """Return what is said beside what happened to a membership: "until Tue 31 Mar", "from 20 to 25"; often nothing."""
    told = {name: _instant(line.data.get(name)) for name in ("starts_at", "ends_at", "from_end", "until", "cancel_at")}
    ends = {name: formats.end(instant, near=line.at) for name, instant in told.items() if instant is not None}
    if line.type in _SAYS_END and "ends_at" in ends:
        return gettext("until %(day)s") % {"day": ends["ends_at"]}
    if line.type is EventType.MEMBERSHIP_EXTENDED and ends.keys() >= {"from_end", "ends_at"}:
        return gettext("from %(start)s to %(end)s") % {"start": ends["from_end"], "end": ends["ends_at"]}
    if line.type is EventType.MEMBERSHIP_CANCEL_BOOKED and "cancel_at" in ends:
        return gettext("on %(day)s") % {"day": ends["cancel_at"]}
    if line.type is EventType.MEMBERSHIP_PAUSED and told["starts_at"] is not None:
        start = formats.start(told["starts_at"], near=line.at)
        if "until" not in ends:
            return gettext("from %(start)s") % {"start": start}
        return gettext("from %(start)s to %(end)s") % {"start": start, "end": ends["until"]}
    if line.type is EventType.MEMBERSHIP_SEATS_CHANGED:
        before, after = (line.data.get(name) for name in ("from_seats", "seats"))
        no_limit = gettext("no limit")
        start, end = (no_limit if many is None else str(many) for many in (before, after))
        return gettext("from %(start)s to %(end)s") % {"start": start, "end": end}
    if line.type in _SAYS_FIELDS:
        fields = line.data.get("fields")
        return ", ".join(str(_FIELDS[name]) for name in fields if name in _FIELDS) if isinstance(fields, list) else ""
    if line.type is EventType.STAFF_ROLE_CHANGED:
        return next((role.called for role in Role if role == line.data.get("role")), "")
    return ""


_SAYS_FIELDS: Final = frozenset({EventType.ORGANIZATION_UPDATED, EventType.PLAN_UPDATED, EventType.PERMISSION_UPDATED})
_FIELDS: Final[Mapping[str, object]] = {
    "name": _("Name"),
    "description": _("Description"),
    "time_zone": _("Time zone"),
    "locale": _("Language and region"),
    "contact_email": _("Contact e-mail"),
    "accent": _("Accent colour"),
    "logo": _("Logo"),
    "allowed_origins": _("Allowed origins"),
    "grace_days": _("Days of grace"),
    "reminder_days": _("Days of notice"),
    "second_factor_roles": _("Roles that need a second factor"),
    "audience": _("For"),
    "visibility": _("Seen by"),
    "rule": _("Terms"),
    "cycle_start": _("Cycle begins"),
    "cycle_rollover": _("Next cycle from"),
    "seats": _("Seats"),
    "capacity": _("Places"),
    "revival_days": _("Revival"),
    "needs_approval": _("Approval needed"),
    "pauses_allowed": _("Can be paused"),
    "pauses_extend": _("A pause moves the end"),
    "colour": _("Colour"),
    "permissions": _("Permissions"),
    "position": _("Order"),
    "targets": _("Also means"),
}
"""What can be changed of an organization, a plan and a permission, as their pages call it."""

_SAYS_END: Final = frozenset(
    {
        EventType.MEMBERSHIP_GRANTED,
        EventType.MEMBERSHIP_APPROVED,
        EventType.MEMBERSHIP_PAID,
        EventType.MEMBERSHIP_RENEWED,
        EventType.MEMBERSHIP_PLAN_CHANGED,
    }
)


def _instant(told: object) -> datetime | None:
    return datetime.fromisoformat(told) if isinstance(told, str) else None


def source_of(decision: Decision) -> str:
    """Return through what a decision came about: "own membership", "via Acme Ltd"; empty if through nothing."""
    if decision.source is None:
        return ""
    if decision.source is Source.COMPANY:
        return gettext("via %(company)s") % {"company": decision.company_name}
    return gettext("own membership")
