"""What staff can do with a membership: each verb's form, what it does, and what it says will happen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tessera.console import days
from tessera.console.access import Member
from tessera.console.choices import DayField, first_price, price_choices
from tessera.memberships import canceling, changing, granting, pausing, renewing
from tessera.memberships.models import Membership
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView, TermView
from tessera.organizations.formatting import Formats
from tessera.organizations.rights import Right
from tessera.plans import queries as catalogue
from tessera.plans.formatting import price_text
from tessera.plans.types import Audience, Billing


@dataclass(frozen=True, slots=True)
class Seen:
    """A membership as it is and as it would be, with its terms then."""

    before: MembershipView
    after: MembershipView
    terms: list[TermView]
    formats: Formats

    def end(self, view: MembershipView) -> str:
        """The last day of the membership in words; empty if it has no end."""
        return self.formats.end(view.ends_at, near=None) if view.ends_at else ""


class AskForm(forms.Form):
    """Nothing to fill in but the answer. `version` says which state of the membership was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)

    def __init__(self, *args: Any, member: Member, membership: MembershipView, **options: Any) -> None:
        super().__init__(*args, **options)
        self.member, self.membership = member, membership
        self.fields["version"].initial = membership.version
        self.prepare()

    def prepare(self) -> None:
        """Fill the form's choices and first values."""


class ExtendForm(AskForm):
    last_day = DayField(label=_("New last day"))


class PauseForm(AskForm):
    first_day = DayField(label=_("From"), required=False, help_text=_("Empty: from now on."))
    last_day = DayField(label=_("Last day"), required=False, help_text=_("Empty: until somebody resumes it."))
    reason = forms.CharField(label=_("Reason"), required=False, max_length=500)


class ChangeForm(AskForm):
    price = forms.ChoiceField(label=_("Plan and price"))
    when = forms.ChoiceField(
        label=_("When"),
        choices=[("now", _("Now")), ("renewal", _("With the next renewal"))],
        widget=forms.RadioSelect,
        initial="now",
    )

    def prepare(self) -> None:
        audience = Audience.CUSTOMERS if self.membership.holder.type == "customer" else Audience.COMPANIES
        choices = price_choices(self.member.organization, audience, self.member.formats)
        field = self.fields["price"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.initial = first_price(choices, without=[self.membership.plan.name])


class SeatsForm(AskForm):
    seats = forms.IntegerField(
        label=_("Seats"), required=False, min_value=0, max_value=1_000_000, help_text=_("Empty: as the plan says.")
    )

    def prepare(self) -> None:
        self.fields["seats"].initial = self.membership.seats


class PaidForm(AskForm):
    paid_by = forms.ChoiceField(
        label=_("Paid"), choices=[("manual", _("At the desk or by transfer"))], initial="manual"
    )


Run = Callable[[Member, MembershipView, dict[str, Any]], Membership]


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be done with a membership. `name` is in its address.

    `tell` says what will happen, beside what is gained and lost; `button` what the button does; `done` what was done.
    """

    name: str
    label: str | Promise
    right: Right
    run: Run
    offered: Callable[[MembershipView], bool]
    tell: Callable[[Seen], list[str]]
    button: Callable[[Seen], str]
    done: str | Promise
    form: type[AskForm] = AskForm
    hurts: bool = False


def _to(member: Member, view: MembershipView) -> dict[str, Any]:
    return {
        "organization": member.organization,
        "membership_id": view.id,
        "at": member.at,
        "actor": member.actor,
    }


def _extend(member: Member, view: MembershipView, told: dict[str, Any]) -> Membership:
    ends_at = days.end_of(member.organization, told["last_day"])
    assert ends_at is not None
    return renewing.extend(**_to(member, view), ends_at=ends_at)


def _pause(member: Member, view: MembershipView, told: dict[str, Any]) -> Membership:
    return pausing.pause(
        **_to(member, view),
        starts_at=days.first_instant(member.organization, told["first_day"], member.at),
        ends_at=days.end_of(member.organization, told["last_day"]),
        reason=told["reason"],
    )


def _change(member: Member, view: MembershipView, told: dict[str, Any]) -> Membership:
    price = catalogue.price_by_id(member.organization, told["price"])
    change = changing.change_plan_now if told["when"] == "now" else changing.change_plan_at_renewal
    return change(**_to(member, view), plan=price.plan, price=price)


def _seats(member: Member, view: MembershipView, told: dict[str, Any]) -> Membership:
    return changing.change_seats(**_to(member, view), seats=told["seats"])


def _paid(member: Member, view: MembershipView, told: dict[str, Any]) -> Membership:
    return granting.confirm_payment(**_to(member, view), paid_by=told["paid_by"])


def _says_term(seen: Seen) -> list[str]:
    last = seen.terms[-1]
    start = seen.formats.start(last.starts_at)
    price = price_text(last.price, seen.formats)
    if last.ends_at is None:
        return [gettext("It runs from %(start)s without an end: %(price)s.") % {"start": start, "price": price}]
    told = {"start": start, "end": seen.formats.end(last.ends_at), "price": price}
    return [gettext("The next term runs from %(start)s to %(end)s, at %(price)s.") % told]


def _says_start(seen: Seen) -> list[str]:
    after = seen.after
    if after.status is Status.PENDING:
        if "payment" in after.awaiting and after.pending_until:
            day = seen.formats.moment(after.pending_until)
            return [gettext("It then waits for its payment, until %(day)s.") % {"day": day}]
        return [gettext("It then waits for its approval.")]
    if after.ends_at is None:
        return [gettext("It starts now and has no end.")]
    return [gettext("It runs until %(end)s.") % {"end": seen.end(after)}]


def _says_end_moves(seen: Seen) -> list[str]:
    told = {"before": seen.end(seen.before), "after": seen.end(seen.after)}
    if told["before"] == told["after"]:
        return [gettext("Its end stays where it is, %(after)s.") % told] if told["after"] else []
    return [gettext("Its end moves from %(before)s to %(after)s.") % told]


def _holder(seen: Seen) -> dict[str, str]:
    return {"name": seen.before.holder.name}


def _says_unused(seen: Seen) -> list[str]:
    """What had been booked and is not used: the days from now to the end."""
    end = seen.end(seen.before)
    return [gettext("It was booked until %(end)s.") % {"end": end}] if end else []


def _says_seats(seen: Seen) -> list[str]:
    if seen.after.seats is None:
        return [gettext("Everybody who belongs to the company inherits it.")]
    told = {"seats": seen.after.seats}
    return [gettext("At most %(seats)d people inherit it, those who joined first.") % told]


def _says_change(seen: Seen) -> list[str]:
    after = seen.after
    if after.next_plan is not None:
        last = seen.terms[-1]
        if last.starts_at > (seen.before.ends_at or last.starts_at):
            return [gettext("Nothing changes before the next renewal, which then carries the new plan.")]
        told = {"plan": after.next_plan.name}
        return [gettext("The next term carries %(plan)s. Until then nothing changes.") % told]
    told = {"plan": after.plan.name, "price": price_text(after.price, seen.formats), "end": seen.end(after)}
    if not told["end"]:
        return [gettext("It is %(plan)s from now, at %(price)s, without an end.") % told]
    said = [gettext("It is %(plan)s from now, at %(price)s, until %(end)s.") % told]
    if after.ends_at == seen.before.ends_at and after.price.amount_minor != seen.before.price.amount_minor:
        said.append(gettext("What was paid for the present term is neither given back nor added to."))
    return said


def _says_extension(seen: Seen) -> list[str]:
    free = [gettext("No payment is recorded by this.")] if seen.after.price.amount_minor else []
    return [*_says_end_moves(seen), *free]


def _unended(view: MembershipView) -> bool:
    return view.status is not Status.EXPIRED


def _begun(view: MembershipView) -> bool:
    return view.status in (Status.ACTIVE, Status.PAUSED, Status.SCHEDULED)


def _renewable(view: MembershipView) -> bool:
    if view.status is Status.EXPIRED:
        return view.ended_reason in (EndedReason.LAPSED, EndedReason.CANCELED)
    return _begun(view) and not view.renews and view.ends_at is not None


def _cancelable(view: MembershipView) -> bool:
    return _begun(view) and view.renews and not view.in_grace and view.price.billing != Billing.OPEN


_WRITE: Final = Right.MEMBERSHIPS_WRITE

VERBS: Final[tuple[Verb, ...]] = (
    Verb(
        "approve", _("Approve"), _WRITE,
        lambda member, view, told: granting.approve(**_to(member, view)),
        lambda view: "approval" in view.awaiting and _unended(view),
        _says_start, lambda seen: gettext("Approve"), _("%(plan)s approved."),
    ),
    Verb(
        "paid", _("Confirm payment"), _WRITE, _paid,
        lambda view: "payment" in view.awaiting and _unended(view),
        _says_start, lambda seen: gettext("Confirm the payment"), _("Payment of %(plan)s confirmed."), PaidForm,
    ),
    Verb(
        "renew", _("Renew"), _WRITE,
        lambda member, view, told: renewing.renew(**_to(member, view)),
        _renewable, _says_term,
        lambda seen: gettext("Renew until %(end)s") % {"end": seen.end(seen.after)} if seen.end(seen.after)
        else gettext("Renew"),
        _("%(plan)s renewed."),
    ),
    Verb(
        "resume", _("Resume"), _WRITE,
        lambda member, view, told: pausing.resume(**_to(member, view)),
        lambda view: _unended(view) and view.pause is not None,
        _says_end_moves, lambda seen: gettext("Resume now"), _("%(plan)s resumed."),
    ),
    Verb(
        "undo-end", _("Let it go on"), _WRITE,
        lambda member, view, told: canceling.undo_cancel(**_to(member, view)),
        lambda view: _begun(view) and view.cancel_at is not None and not view.renews,
        lambda seen: [gettext("It renews again, as before the end was booked.")],
        lambda seen: gettext("Let it go on"), _("%(plan)s goes on."),
    ),
    Verb(
        "extend", _("Extend"), _WRITE, _extend,
        lambda view: _begun(view) and view.ends_at is not None,
        _says_extension,
        lambda seen: gettext("Extend until %(end)s") % {"end": seen.end(seen.after)},
        _("%(plan)s extended."), ExtendForm,
    ),
    Verb(
        "change", _("Change plan"), _WRITE, _change, _unended, _says_change,
        lambda seen: gettext("Change the plan"), _("The change of %(plan)s is done."), ChangeForm,
    ),
    Verb(
        "seats", _("Change seats"), _WRITE, _seats,
        lambda view: view.holder.type == "company" and _unended(view),
        _says_seats, lambda seen: gettext("Change the seats"), _("Seats of %(plan)s changed."), SeatsForm,
    ),
    Verb(
        "pause", _("Pause"), _WRITE, _pause,
        lambda view: view.status in (Status.ACTIVE, Status.SCHEDULED) and not view.in_grace and view.pause is None,
        _says_end_moves, lambda seen: gettext("Pause it"), _("%(plan)s paused."), PauseForm,
    ),
    Verb(
        "end-with-period", _("End with its period"), _WRITE,
        lambda member, view, told: canceling.cancel_at_period_end(**_to(member, view)),
        _cancelable,
        lambda seen: [
            gettext("It runs to the end of its period, %(end)s, and does not renew.") % {"end": seen.end(seen.after)},
            gettext("This can be undone until then."),
        ],
        lambda seen: gettext("End on %(end)s") % {"end": seen.end(seen.after)},
        _("%(plan)s ends with its period."), hurts=True,
    ),
    Verb(
        "reject", _("Turn down"), _WRITE,
        lambda member, view, told: granting.reject(**_to(member, view)),
        lambda view: "approval" in view.awaiting and _unended(view),
        lambda seen: [gettext("The application is over. Another one can be made later.")],
        lambda seen: gettext("Turn it down"), _("%(plan)s turned down."), hurts=True,
    ),
    Verb(
        "end-now", _("End now"), _WRITE,
        lambda member, view, told: canceling.cancel_now(**_to(member, view)),
        _unended,
        lambda seen: [
            gettext("%(name)s leaves: it ends at once, and can be renewed later.") % _holder(seen),
            *_says_unused(seen),
        ],
        lambda seen: gettext("End it now"), _("%(plan)s ended."), hurts=True,
    ),
    Verb(
        "revoke", _("Revoke"), Right.MEMBERSHIPS_REVOKE,
        lambda member, view, told: canceling.revoke(**_to(member, view)),
        _unended,
        lambda seen: [
            gettext("It is taken away from %(name)s at once and cannot be renewed.") % _holder(seen),
            gettext("Money is not given back by this."),
            *_says_unused(seen),
        ],
        lambda seen: gettext("Revoke it now"), _("%(plan)s revoked."), hurts=True,
    ),
)  # fmt: skip

FIRST: Final = ("approve", "paid", "resume", "undo-end", "renew", "extend")
"""Verbs that are the thing to do next where they are offered."""
