"""What the mails of each kind say, in the words of their templates; nothing where it is no longer true.

Called with the recipient's language active.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext, ngettext

from tessera.core import local_time
from tessera.identity import codes
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView
from tessera.notices import links, losses, ways_in
from tessera.notices.reading import Matter
from tessera.notices.types import Kind
from tessera.organizations.formatting import Formats, joined
from tessera.plans.formatting import price_text
from tessera.webhooks.errors import EndpointNotFound
from tessera.webhooks.queries import endpoint_by_id

Content = dict[str, object]
_ENDINGS: Final = (EndedReason.LAPSED, EndedReason.ABANDONED)


@dataclass(frozen=True, slots=True)
class Row:
    """One fact in a mail's list of facts."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class _About:
    """A mail about a membership: the matter, the membership, and how it is written."""

    matter: Matter
    view: MembershipView
    formats: Formats

    @property
    def at(self) -> datetime:
        return self.matter.at

    @property
    def company(self) -> str:
        return self.view.holder.name if self.view.holder.type == "company" else ""

    def instant(self, name: str) -> datetime | None:
        """The instant that the event told under this name."""
        told = self.matter.context.get(name)
        return datetime.fromisoformat(told) if isinstance(told, str) else None

    def start(self, instant: datetime) -> str:
        return self.formats.start(instant, near=self.at)

    def end(self, instant: datetime) -> str:
        return self.formats.end(instant, near=self.at)

    def rows(self) -> list[Row]:
        """What it is, from when until when, for how much."""
        view = self.view
        rows = [Row(gettext("Membership"), view.plan.name)]
        if self.company:
            rows.append(Row(gettext("Held by"), self.company))
            if view.seats is not None:
                rows.append(Row(gettext("Seats"), str(view.seats)))
        if view.status is Status.SCHEDULED and view.starts_at is not None:
            rows.append(Row(gettext("From"), self.start(view.starts_at)))
        if view.ends_at is not None:
            rows.append(Row(gettext("Until"), self.end(view.ends_at)))
        rows.append(Row(gettext("Price"), price_text(view.price, self.formats)))
        return rows

    def future(self) -> str:
        """What becomes of it if nobody does anything."""
        view = self.view
        if view.ends_at is None:
            return gettext("It goes on until it is canceled.")
        if view.renews:
            return gettext("It then renews by itself, unless it is canceled before.")
        return gettext("It does not renew by itself.")

    def words(self, **words: object) -> Content:
        """What every mail about a membership can say, and `words`."""
        told = {"plan": self.view.plan.name, "company": self.company, "on_behalf_of": self.company}
        own, of_company = gettext("Your %(plan)s membership"), gettext("The %(plan)s membership of %(company)s")
        return {**told, "membership": (of_company if self.company else own) % told, **words}


def content(matter: Matter, formats: Formats) -> Content | None:
    """Return what the templates of the matter's kind say; None if it is not so any more, and not to be said."""
    if matter.kind in _OF_OTHERS:
        return _OF_OTHERS[matter.kind](matter, formats)
    if matter.membership is None:
        return None
    return _OF_MEMBERSHIPS[matter.kind](_About(matter, matter.membership, formats))


def _welcome(about: _About) -> Content | None:
    view = about.view
    if view.status in (Status.PENDING, Status.EXPIRED) or view.starts_at is None:
        return None
    names = about.matter.permission_names
    return about.words(
        called=about.matter.addressee.called,
        begins=about.start(view.starts_at) if view.status is Status.SCHEDULED else "",
        rows=about.rows(),
        grants=joined([names[key] for key in view.permissions if key in names]),
        future=about.future(),
    )


def _application_received(about: _About) -> Content | None:
    waits = about.view.status is Status.PENDING and "approval" in about.view.awaiting
    return about.words() if waits else None


def _application_approved(about: _About) -> Content | None:
    view = about.view
    if view.status is Status.EXPIRED or "approval" in view.awaiting:
        return None
    if view.status is Status.PENDING:
        pay_by = about.formats.moment(view.pending_until, near=about.at) if view.pending_until else ""
        return about.words(pay_by=pay_by, price=price_text(view.price, about.formats))
    begins = about.start(view.starts_at) if view.status is Status.SCHEDULED and view.starts_at else ""
    return about.words(begun=True, begins=begins, rows=about.rows(), future=about.future())


def _application_rejected(about: _About) -> Content | None:
    return about.words() if about.view.ended_reason is EndedReason.REJECTED else None


def _renewal_coming(about: _About) -> Content | None:
    view, ends_at = about.view, about.instant("ends_at")
    if not view.renews or not _is_near(about, ends_at):
        return None
    assert ends_at is not None
    next_plan = view.next_plan.name if view.next_plan else ""
    return about.words(
        renews_on=about.start(ends_at),
        until=about.end(ends_at),
        when=_in_days((about.formats.local(ends_at).date() - about.formats.local(about.at).date()).days),
        price="" if next_plan else price_text(view.price, about.formats),
        next_plan=next_plan,
    )


def _expiring(about: _About) -> Content | None:
    view, ends_at = about.view, about.instant("ends_at")
    if view.renews or not _is_near(about, ends_at):
        return None
    assert ends_at is not None
    last_day = local_time.last_day(ends_at, about.formats.zone)
    return about.words(
        until=about.end(ends_at),
        when=_in_days((last_day - about.formats.local(about.at).date()).days),
        canceled=view.cancel_at is not None,
    )


def _is_near(about: _About, ends_at: datetime | None) -> bool:
    """Whether the end that was told of is still the membership's, and still to come."""
    view = about.view
    return view.status is not Status.EXPIRED and ends_at is not None and view.ends_at == ends_at and about.at < ends_at


def _in_days(days: int) -> str:
    if days <= 0:
        return gettext("today")
    return gettext("tomorrow") if days == 1 else ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}


def _expired(about: _About) -> Content | None:
    view, expired_at = about.view, about.instant("expired_at")
    if view.status is not Status.EXPIRED or view.ended_reason not in _ENDINGS or expired_at is None:
        return None
    if view.ended_reason is EndedReason.ABANDONED or view.ends_at is None:
        return about.words(pay_by=about.formats.moment(expired_at, near=about.at))
    unpaid = expired_at > view.ends_at
    return about.words(until=about.end(view.ends_at), unpaid_until=about.end(expired_at) if unpaid else "")


def _canceled(about: _About) -> Content | None:
    view = about.view
    if view.ended_reason is not EndedReason.CANCELED or view.ended_at is None:
        return None
    began = view.starts_at is not None and view.starts_at < view.ended_at
    return about.words(ended=about.formats.moment(view.ended_at, near=about.at), began=began)


def _cancel_booked(about: _About) -> Content | None:
    return about.words(until=about.end(about.view.cancel_at)) if about.view.cancel_at else None


def _cancel_undone(about: _About) -> Content | None:
    view = about.view
    if view.cancel_at is not None or view.status is Status.EXPIRED:
        return None
    return about.words(rows=about.rows(), future=about.future())


def _paused(about: _About) -> Content | None:
    pause, starts_at = about.view.pause, about.instant("starts_at")
    if pause is None or pause.starts_at != starts_at or about.view.status is Status.EXPIRED:
        return None
    return about.words(
        ahead=pause.starts_at > about.at,
        since=about.start(pause.starts_at)
        if pause.starts_at > about.at
        else about.formats.day(about.formats.local(pause.starts_at).date(), near=about.at),
        until=about.end(pause.ends_at) if pause.ends_at else "",
        rows=about.rows(),
    )


def _resumed(about: _About) -> Content | None:
    view, paused_from = about.view, about.instant("paused_from")
    if view.status in (Status.PAUSED, Status.EXPIRED) or paused_from is None:
        return None
    never = paused_from >= about.matter.happened_at
    return about.words(planned=about.start(paused_from) if never else "", rows=about.rows(), future=about.future())


def _revoked(about: _About) -> Content | None:
    view = about.view
    if view.ended_reason is not EndedReason.REVOKED or view.ended_at is None:
        return None
    return about.words(ended=about.formats.moment(view.ended_at, near=about.at))


_OF_MEMBERSHIPS: Final[Mapping[Kind, Callable[[_About], Content | None]]] = {
    Kind.WELCOME: _welcome,
    Kind.APPLICATION_RECEIVED: _application_received,
    Kind.APPLICATION_APPROVED: _application_approved,
    Kind.APPLICATION_REJECTED: _application_rejected,
    Kind.RENEWAL_COMING: _renewal_coming,
    Kind.EXPIRING: _expiring,
    Kind.EXPIRED: _expired,
    Kind.CANCELED: _canceled,
    Kind.CANCEL_BOOKED: _cancel_booked,
    Kind.CANCEL_UNDONE: _cancel_undone,
    Kind.PAUSED: _paused,
    Kind.RESUMED: _resumed,
    Kind.REVOKED: _revoked,
}


def _seat_lost(matter: Matter, formats: Formats) -> Content | None:
    loss = losses.loss(matter)
    if loss is None:
        return None
    names = matter.permission_names
    return {
        "company": loss.company,
        "left": loss.left,
        "ended": formats.moment(matter.happened_at, near=matter.at),
        "lost": joined([names[key] for key in loss.lost if key in names]),
        "kept": joined([names[key] for key in loss.kept if key in names]),
    }


def _sign_in_code(matter: Matter, formats: Formats) -> Content | None:
    """The code is made here, as its mail is written, and stands nowhere but in it."""
    made = codes.make(matter.organization, matter.recipient_id)
    if made is None:
        return None
    code, minutes = made
    return {"code": code, "minutes": minutes}


def _webhook_endpoint_disabled(matter: Matter, formats: Formats) -> Content | None:
    try:
        endpoint = endpoint_by_id(matter.organization, str(matter.context.get("endpoint")))
    except EndpointNotFound:
        return None
    if endpoint.disabled_at is None:
        return None
    # What stands behind "?" may be a secret of the receiver's.
    return {"url": endpoint.url.partition("?")[0], "reason": matter.context.get("reason")}


_OF_OTHERS: Final[Mapping[Kind, Callable[[Matter, Formats], Content | None]]] = {
    Kind.SEAT_LOST: _seat_lost,
    Kind.WEBHOOK_ENDPOINT_DISABLED: _webhook_endpoint_disabled,
    Kind.SIGN_IN_CODE: _sign_in_code,
    **links.WITH_LINK,
    **ways_in.WAYS_IN,
}
