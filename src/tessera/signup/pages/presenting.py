"""What pages of signing up say of plans, prices, payments and memberships, in the words and dates of the visitor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext, ngettext, pgettext

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import Formats
from tessera.plans.formatting import price_text
from tessera.plans.models import Plan, Price
from tessera.plans.types import Billing
from tessera.signup.offers import Offer

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class PlanShown:
    """A plan as a visitor sees it. `grants` are names, `prices` texts; `full`: it takes nobody more for now."""

    ref: str
    name: str
    description: str
    colour: str
    grants: list[str]
    prices: list[str]
    trial: str
    needs_approval: bool
    full: bool
    url: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A price that can be taken: its text, and what it comes to, row by row."""

    ref: str
    text: str
    rows: list[Row]
    chosen: bool


@dataclass(frozen=True, slots=True)
class MembershipShown:
    """A membership as its holder sees it right after joining."""

    ref: str
    status: str
    title: str
    lede: str
    word: str
    rows: list[Row]
    grants: list[str]


def plan(
    row: Plan, prices: Sequence[Price], names: Mapping[UUID, list[str]], formats: Formats, *, full: bool, url: str
) -> PlanShown:
    """Return a plan with its active prices. `names` are those of what plans grant."""
    days = max((each.trial_days for each in prices), default=0)
    trial = ngettext("%(count)d day free to begin with", "%(count)d days free to begin with", days) % {"count": days}
    return PlanShown(
        ref=ids.to_text(Prefix.PLAN, row.pk),
        name=row.name,
        description=row.description,
        colour=row.colour,
        grants=names.get(row.pk, []),
        prices=[price_text(each, formats) for each in prices],
        trial=trial if days else "",
        needs_approval=row.needs_approval,
        full=full,
        url=url,
    )


def choice(row: Plan, price: Price, offer: Offer, formats: Formats, *, at: datetime, chosen: bool) -> Choice:
    """Return what taking this price comes to."""
    return Choice(
        ids.to_text(Prefix.PRICE, price.pk),
        price_text(price, formats),
        offer_rows(row, price, offer, formats, at=at),
        chosen,
    )


def offer_rows(row: Plan, price: Price, offer: Offer, formats: Formats, *, at: datetime) -> list[Row]:
    """Return begin, end and payments, as they are if it begins today."""
    rows = [(gettext("Begins"), _begins(row, offer))]
    first, following = offer.first_payment, offer.next_payment
    if offer.trial and offer.ends_at is not None:
        rows.append((gettext("Free until"), formats.end(offer.ends_at, near=at)))
    if first is not None:
        rows.append((gettext("First payment"), _first_payment(price, offer, formats, at)))
    if following is not None:
        money = formats.money(following.amount_minor, following.currency)
        day = formats.day(formats.local(following.at).date(), near=at)
        rows.append((gettext("Next payment"), gettext("%(money)s on %(day)s") % {"money": money, "day": day}))
    if first is None:
        rows.append((gettext("To pay"), gettext("Nothing")))
    rows.append((gettext("Ends"), _ends(price, offer, formats, at)))
    return rows


def membership(view: MembershipView, formats: Formats, *, name: str, new: bool, at: datetime) -> MembershipShown:
    """Return a membership as its holder sees it; `new`: they have just joined, so they are welcomed."""
    title, lede = _said(view, formats, name, new, at)
    rows: list[Row] = []
    if view.starts_at is not None and view.starts_at > at:
        rows.append((gettext("Begins"), formats.start(view.starts_at)))
    elif view.starts_at is not None:
        rows.append((gettext("Since"), formats.day(formats.local(view.starts_at).date())))
    if view.ends_at is not None:
        rows.append((gettext("Until"), formats.end(view.ends_at)))
    elif view.status is not Status.PENDING:
        goes_on = gettext("It goes on by itself until you leave.") if view.renews else gettext("It has no end.")
        rows.append((gettext("Until"), goes_on))
    if paid := _next_payment(view, formats):
        rows.append((gettext("Next payment"), paid))
    return MembershipShown(
        ref=ids.to_text(Prefix.MEMBERSHIP, view.id),
        status=str(view.status),
        title=title,
        lede=lede,
        word=str(_word(view)),
        rows=rows,
        grants=list(view.permission_names),
    )


def _begins(row: Plan, offer: Offer) -> str:
    if row.needs_approval and offer.pay_first:
        return gettext("When you have been accepted and have paid")
    if row.needs_approval:
        return gettext("When you have been accepted")
    return gettext("When you have paid") if offer.pay_first else gettext("Today")


def _first_payment(price: Price, offer: Offer, formats: Formats, at: datetime) -> str:
    first = offer.first_payment
    assert first is not None
    told = {
        "money": formats.money(first.amount_minor, first.currency),
        "day": formats.day(formats.local(first.at).date(), near=at),
        "fee": formats.money(price.joining_fee_minor, price.currency),
    }
    if offer.trial:
        text = gettext("%(money)s on %(day)s, at the desk") % told
    else:
        text = gettext("%(money)s, at the desk") % told
    return f"{text} ({gettext('joining fee of %(fee)s included') % told})" if price.joining_fee_minor else text


def _ends(price: Price, offer: Offer, formats: Formats, at: datetime) -> str:
    if offer.ends_at is None:
        return gettext("It goes on until you leave") if offer.renews else gettext("It has no end")
    day = formats.end(offer.ends_at, near=at)
    if offer.trial or offer.next_payment is not None:
        return gettext("After %(day)s, if nothing more is paid") % {"day": day}
    return gettext("After %(day)s") % {"day": day}


def _said(view: MembershipView, formats: Formats, name: str, new: bool, at: datetime) -> Row:
    told = {"plan": view.plan.name, "name": name}
    if view.status is Status.PENDING:
        return _waits(view, formats, told, at)
    if view.status is Status.EXPIRED:
        return gettext("Your membership has ended"), ""
    if view.status is Status.PAUSED:
        return gettext("Your membership is paused"), gettext("You have %(plan)s; it is paused for now.") % told
    if view.status is Status.SCHEDULED:
        day = formats.start(view.starts_at, near=at) if view.starts_at else ""
        return pgettext("joined", "You are in"), gettext("%(plan)s begins on %(day)s.") % {**told, "day": day}
    if new:
        title = gettext("Welcome, %(name)s") % told if name else gettext("Welcome")
        return title, gettext("You have %(plan)s now.") % told
    return gettext("You are a member already"), gettext("You have %(plan)s. There is nothing to do.") % told


def _waits(view: MembershipView, formats: Formats, told: dict[str, str], at: datetime) -> Row:
    if "approval" in view.awaiting:
        return gettext("Your application is in"), gettext(
            "You have applied for %(plan)s. You will get a mail as soon as it has been decided."
        ) % told
    if view.pending_until is None:
        return gettext("One step is left"), gettext("%(plan)s begins when you have paid at the desk.") % told
    until = formats.moment(view.pending_until, near=at)
    return gettext("One step is left"), gettext(
        "%(plan)s is kept for you until %(until)s. It begins when you have paid at the desk."
    ) % {**told, "until": until}


def _next_payment(view: MembershipView, formats: Formats) -> str:
    price = view.price
    if price.amount_minor == 0 or price.billing != Billing.RECURRING:
        return ""
    money = formats.money(price.amount_minor, price.currency)
    if "payment" in view.awaiting:
        return gettext("%(money)s, at the desk") % {"money": money}
    if view.ends_at is None:
        return ""
    day = formats.day(formats.local(view.ends_at).date())
    return gettext("%(money)s on %(day)s") % {"money": money, "day": day}


def _word(view: MembershipView) -> str:
    if view.in_grace:
        return gettext("Active, unpaid")
    if view.status is Status.EXPIRED and view.ended_reason is EndedReason.CANCELED:
        return gettext("Canceled")
    return {
        Status.ACTIVE: gettext("Active"),
        Status.PENDING: gettext("Pending"),
        Status.PAUSED: gettext("Paused"),
        Status.SCHEDULED: gettext("To come"),
        Status.EXPIRED: gettext("Ended"),
    }[view.status]


REFUSED: Final = ("closed", "archived", "private", "companies", "no_price", "full", "banned", "put_away")


def refusal(why: str, plan_name: str, closed_sentence: str) -> Row:
    """Return why somebody cannot join, as a heading and a sentence. `why` is one of REFUSED."""
    told = {"plan": plan_name}
    return {
        "closed": (
            gettext("Nobody can join here for now"),
            closed_sentence or gettext("New members are not taken on line at the moment. Ask at the desk."),
        ),
        "archived": (
            gettext("%(plan)s is not offered any more") % told,
            gettext("Who has it keeps it. Look at what else there is."),
        ),
        "private": (
            gettext("%(plan)s is given by the desk") % told,
            gettext("It cannot be joined on line. Ask at the desk."),
        ),
        "companies": (
            gettext("%(plan)s is for companies") % told,
            gettext("Companies do not join on line. Ask at the desk, and your people will have it."),
        ),
        "no_price": (
            gettext("%(plan)s cannot be joined for now") % told,
            gettext("It has no price on offer. Look at what else there is."),
        ),
        "full": (
            gettext("%(plan)s is full") % told,
            gettext("As many have it as there are places. When somebody leaves, there is one again."),
        ),
        "banned": (gettext("You cannot join here"), gettext("Ask at the desk: they know more.")),
        "put_away": (gettext("You cannot join here yet"), gettext("Your record has been put away. Ask at the desk.")),
    }[why]
