"""How a membership goes on after its term, in words: by itself or by hand, and on which day."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from babel import Locale
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tessera.core.periods import Anchor, FixedCycle, Interval
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import Formats
from tessera.plans.types import Billing

_A_LEAP_YEAR: Final = 2024
_ENGLISH: Final = Locale("en")
_ORDINALS: Final = {
    "one": _("the %(day)dst"),
    "two": _("the %(day)dnd"),
    "few": _("the %(day)drd"),
    "other": _("the %(day)dth"),
}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How it goes on, or while pending begins, and what is to be known beside it; `next_at` is when, if it is known."""

    text: str
    note: str
    next_at: datetime | None


def rhythm(view: MembershipView, cycle: FixedCycle | None, formats: Formats, at: datetime) -> Rhythm:
    """Return how the membership goes on. `cycle` is its plan's, if the plan's terms are fixed."""
    if view.status is Status.EXPIRED:
        again = view.ended_reason in (EndedReason.LAPSED, EndedReason.CANCELED)
        return Rhythm(gettext("Only by hand: it is over") if again else gettext("Not any more"), "", None)
    if view.status is Status.PENDING:
        return Rhythm(_pending(view), "", None)
    if view.price.billing == Billing.OPEN:
        return Rhythm(gettext("Never: it has no end"), "", None)
    if view.cancel_at is not None:
        return Rhythm(gettext("No longer: its end is booked"), "", None)
    on, note = _on(view, cycle, formats)
    next_at = view.ends_at if view.ends_at is not None and view.ends_at > at else None
    how = _how(view)
    return Rhythm(gettext("%(how)s, %(on)s") % {"how": how, "on": on} if on else how, note, next_at)


def _pending(view: MembershipView) -> str:
    if len(view.awaiting) > 1:
        return gettext("When it is approved and paid")
    return gettext("When it is approved") if "approval" in view.awaiting else gettext("When it is paid")


def _how(view: MembershipView) -> str:
    if not view.renews:
        return gettext("By hand")
    return gettext("By itself when paid") if view.price.amount_minor else gettext("By itself, nothing to pay")


def _on(view: MembershipView, cycle: FixedCycle | None, formats: Formats) -> tuple[str, str]:
    """Return on which days terms begin, empty if on any, and what is so in months and years without such a day."""
    if cycle is not None:
        day = formats.of_the_year(date(_A_LEAP_YEAR, cycle.start_month, cycle.start_day))
        return gettext("with the yearly cycle, on %(day)s") % {"day": day}, ""
    anchor = view.anchor
    if anchor is None:
        return "", ""
    text, note = _anchored(anchor, view.price.interval, formats)
    if text and anchor.time != time.min:
        clock = formats.wall_clock(anchor.time)
        text = gettext("%(day)s at %(time)s") % {"day": text, "time": clock}
    return text, note


def _anchored(anchor: Anchor, interval: str, formats: Formats) -> tuple[str, str]:
    if interval == Interval.MONTH:
        ordinal = str(_ORDINALS[_ENGLISH.ordinal_form(anchor.day)]) % {"day": anchor.day}
        note = gettext("In a shorter month on its last day.") if anchor.day > 28 else ""
        return gettext("on %(day)s") % {"day": ordinal}, note
    if interval == Interval.YEAR:
        last = calendar.monthrange(_A_LEAP_YEAR, anchor.month)[1]
        day = formats.of_the_year(date(_A_LEAP_YEAR, anchor.month, min(anchor.day, last)))
        leap = anchor.month == 2 and anchor.day > 28
        shorter = formats.of_the_year(date(_A_LEAP_YEAR, 2, 28))
        note = gettext("In most years on %(day)s.") % {"day": shorter} if leap else ""
        return gettext("on %(day)s") % {"day": day}, note
    if interval == Interval.WEEK:
        return gettext("on a %(weekday)s") % {"weekday": formats.weekday(anchor.wall.date())}, ""
    return "", ""
