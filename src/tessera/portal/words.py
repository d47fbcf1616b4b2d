"""What the portal says of a membership to whoever holds it, in their words and dates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import Formats
from tessera.plans.formatting import price_text
from tessera.plans.types import Billing

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A membership as a member sees it. `shape` is its mark, `word` the status, `until` until when it is so.

    `company` is whose it is, if it is inherited; `url` its page, for own ones.
    """

    ref: str
    plan: str
    shape: str
    word: str
    until: str
    company: str
    url: str
    view: MembershipView


def shown(view: MembershipView, formats: Formats, at: datetime, *, url: str = "") -> Shown:
    """Return a membership in words."""
    without = view.seated is False and view.status is not Status.EXPIRED
    return Shown(
        ref=ids.to_text(Prefix.MEMBERSHIP, view.id),
        plan=view.plan.name,
        shape="unseated" if without else "grace" if view.in_grace else str(view.status),
        word=gettext("No seat") if without else word(view),
        until=gettext("The seats of %(company)s are taken. You have it as soon as one is free.")
        % {"company": view.inherited_from.name if view.inherited_from else ""}
        if without
        else until(view, formats, at),
        company=view.inherited_from.name if view.inherited_from else "",
        url=url,
        view=view,
    )


def word(view: MembershipView) -> str:
    """Return the status as a word."""
    if view.in_grace:
        return gettext("Active, unpaid")
    if view.status is Status.EXPIRED:
        return str(_ENDED[view.ended_reason or EndedReason.LAPSED])
    return str(_WORDS[view.status])


def until(view: MembershipView, formats: Formats, at: datetime) -> str:
    """Return until when a membership is what it is, and what comes then."""
    if view.status is Status.EXPIRED:
        return _ended(view, formats, at)
    if view.status is Status.PENDING:
        return _waits(view, formats, at)
    if view.status is Status.PAUSED and view.pause is not None:
        if view.pause.ends_at is None:
            return gettext("Paused until it is resumed. It grants nothing meanwhile.")
        day = formats.end(view.pause.ends_at, near=at)
        return gettext("Paused until %(day)s. It grants nothing meanwhile.") % {"day": day}
    if view.status is Status.SCHEDULED and view.starts_at is not None:
        # Between two terms the first start is over: then the next one is meant, and its day is not known here.
        if view.starts_at > at:
            return gettext("Begins on %(day)s.") % {"day": formats.start(view.starts_at, near=at)}
        return gettext("Begins again soon.")
    return _runs(view, formats, at)


def rows(view: MembershipView, formats: Formats, at: datetime) -> list[Row]:
    """Return the facts of a membership, row by row."""
    found: list[Row] = []
    if view.inherited_from is None and view.holder.type == "customer":
        found.append((gettext("Price"), price_text(view.price, formats)))
    if view.starts_at is not None:
        if view.starts_at > at:
            found.append((gettext("Begins"), formats.start(view.starts_at)))
        else:
            found.append((gettext("Since"), formats.day(formats.local(view.starts_at).date())))
    found += _end_rows(view, formats)
    if view.inherited_from is None:
        found.append((gettext("Next payment"), next_payment(view, formats, at)))
    if view.next_plan is not None:
        found.append((gettext("Then"), view.next_plan.name))
    if view.pause is not None and view.status is not Status.PAUSED and view.status is not Status.EXPIRED:
        found.append((gettext("Pause"), _pause(view, formats)))
    return found


def next_payment(view: MembershipView, formats: Formats, at: datetime) -> str:
    """Return what is paid next and when, as far as that is known; "Nothing" if nothing is."""
    price = view.price
    money = formats.money(price.amount_minor, price.currency)
    ends = view.status is Status.EXPIRED or view.cancel_at is not None
    if ends or not price.amount_minor:
        return gettext("Nothing")
    if "payment" in view.awaiting:
        return gettext("%(money)s, at the desk") % {"money": money}
    if price.billing != Billing.RECURRING or view.ends_at is None:
        return gettext("Nothing")
    if view.in_grace:
        return gettext("%(money)s, due since %(day)s") % {"money": money, "day": _day(view.ends_at, formats, at)}
    return gettext("%(money)s on %(day)s, at the desk") % {"money": money, "day": _day(view.ends_at, formats, at)}


def _runs(view: MembershipView, formats: Formats, at: datetime) -> str:
    if view.in_grace and view.grace_until is not None:
        day = formats.end(view.grace_until, near=at)
        return gettext("A payment is missing. It stays until %(day)s.") % {"day": day}
    if view.ends_at is None:
        return gettext("It goes on until you leave.") if view.renews else gettext("It has no end.")
    day = formats.end(view.ends_at, near=at)
    if view.cancel_at is not None:
        return gettext("Canceled: it ends with %(day)s.") % {"day": day}
    if view.renews:
        return gettext("Until %(day)s, and then on.") % {"day": day}
    if view.price.billing == Billing.RECURRING and view.price.amount_minor and view.inherited_from is None:
        return gettext("Until %(day)s, unless it is paid on.") % {"day": day}
    return gettext("Until %(day)s.") % {"day": day}


def _waits(view: MembershipView, formats: Formats, at: datetime) -> str:
    if "approval" in view.awaiting:
        return gettext("You have applied. You get a mail as soon as it is decided.")
    if view.pending_until is not None:
        until = formats.moment(view.pending_until, near=at)
        return gettext("It begins when you have paid at the desk, and is kept for you until %(until)s.") % {
            "until": until
        }
    return gettext("It begins when you have paid at the desk.")


def _ended(view: MembershipView, formats: Formats, at: datetime) -> str:
    instant = view.ended_at or view.ends_at
    reason = view.ended_reason or EndedReason.LAPSED
    if reason is EndedReason.ABANDONED or instant is None:
        return gettext("It never began.")
    if reason is EndedReason.LAPSED:
        return gettext("Until %(day)s.") % {"day": formats.end(instant, near=at)}
    return gettext("Since %(day)s.") % {"day": _day(instant, formats, at)}


def _end_rows(view: MembershipView, formats: Formats) -> list[Row]:
    if view.status is Status.EXPIRED:
        instant = view.ended_at or view.ends_at
        return [(gettext("Ended"), formats.end(instant))] if instant is not None else []
    if view.status is Status.PENDING:
        return []
    if view.ends_at is not None:
        return [(gettext("Until"), formats.end(view.ends_at))]
    goes_on = gettext("It goes on by itself until you leave.") if view.renews else gettext("It has no end.")
    return [(gettext("Until"), goes_on)]


def _pause(view: MembershipView, formats: Formats) -> str:
    assert view.pause is not None
    start = formats.start(view.pause.starts_at)
    if view.pause.ends_at is None:
        return gettext("From %(start)s on") % {"start": start}
    return gettext("From %(start)s until %(end)s") % {"start": start, "end": formats.end(view.pause.ends_at)}


def _day(instant: datetime, formats: Formats, at: datetime) -> str:
    return formats.day(formats.local(instant).date(), near=at)


_WORDS: Final = {
    Status.ACTIVE: _("Active"),
    Status.PENDING: _("Pending"),
    Status.PAUSED: _("Paused"),
    Status.SCHEDULED: _("To come"),
}
_ENDED: Final = {
    EndedReason.LAPSED: _("Ended"),
    EndedReason.CANCELED: _("Canceled"),
    EndedReason.REFUNDED: _("Refunded"),
    EndedReason.REVOKED: _("Taken away"),
    EndedReason.REJECTED: _("Turned down"),
    EndedReason.ABANDONED: _("Never begun"),
}
