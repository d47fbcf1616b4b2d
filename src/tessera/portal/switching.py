"""Going over to another plan or price: which there are, when each begins, and what changes."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext

from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.memberships import capacity
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import joined, sentence
from tessera.plans.formatting import price_text
from tessera.plans.models import Price
from tessera.portal import words
from tessera.portal.access import Member, member_may
from tessera.portal.membership import doing, join_url, one_of, own_views
from tessera.portal.pages import done, page, refusal_of
from tessera.signup import switching
from tessera.signup.pages import plans
from tessera.signup.pages.plans import Found
from tessera.signup.switching import When


@dataclass(frozen=True, slots=True)
class Choice:
    """A plan on a price. `when` says when it begins; `says` what is gained and lost; `join_url`: only joined anew."""

    ref: str
    plan: str
    price: str
    when: str
    says: list[str]
    join_url: str
    full: bool


@member_may
def change(member: Member, ref: str) -> HttpResponse:
    """Choose another plan or price, and go over to it."""
    own = own_views(member)
    view = one_of(own, ref)
    if not doing(view, member).change:
        return done(member, member.address("membership", ref))
    found = _targets(member, view, own)
    chosen = member.request.POST.get("price", "")
    problem = ""
    if member.request.method == "POST":
        target = next((each for each in found if ids.to_text(Prefix.PRICE, each[1].pk) == chosen), None)
        if target is None:
            problem = gettext("Choose what you want instead.")
        else:
            plan, price = target[0].row, target[1]
            refusal = refusal_of(
                lambda: switching.switch(
                    organization=member.organization,
                    customer=member.customer,
                    membership_id=view.id,
                    plan=plan,
                    price=price,
                    at=member.at,
                    actor=member.actor,
                )
            )
            if refusal is None or refusal.code == "nothing_to_change":
                booked = switching.when(view, plan, price) is When.RENEWAL
                word = "change-booked" if booked else "changed"
                return done(member, member.address("membership", ref, done=word))
            problem = _refused(refusal)
    full = capacity.full_plans({each.row for each, _price in found}, member.at)
    choices = [_choice(member, view, each, price, full=each.row.pk in full) for each, price in found]
    return page(
        member,
        "portal/change.html",
        place="home",
        status=422 if problem else 200,
        membership=words.shown(view, member.formats, member.at),
        choices=[each for each in choices if each.when],
        others=[each for each in choices if not each.when],
        chosen=chosen,
        problem=problem,
        action=member.address("change", ref),
        back=member.address("membership", ref),
    )


def _targets(member: Member, view: MembershipView, own: list[MembershipView]) -> list[tuple[Found, Price]]:
    """Plans of the public catalogue with each price, but what the member has already. Three queries."""
    taken = {each.plan.id for each in own if each.id != view.id and each.status is not Status.EXPIRED}
    return [
        (found, price)
        for found in plans.public(member.organization)
        for price in found.prices
        if found.row.pk not in taken and price.pk != view.price.id
    ]


def _choice(member: Member, view: MembershipView, found: Found, price: Price, *, full: bool) -> Choice:
    plan = found.row
    begins = switching.when(view, plan, price)
    when = ""
    if begins is When.NOW:
        when = gettext("at once")
    elif begins is When.RENEWAL and view.ends_at is not None:
        when = gettext("after %(day)s") % {"day": member.formats.end(view.ends_at, near=member.at)}
    elsewhere = "" if plan.pk == view.plan.id else join_url(member, plan.pk)
    return Choice(
        ref=ids.to_text(Prefix.PRICE, price.pk),
        plan=plan.name,
        price=price_text(price, member.formats),
        when="" if full else when,
        says=_gains_and_losses(list(view.permission_names), found.grants),
        join_url=elsewhere,
        full=full,
    )


def _refused(refusal: TesseraError) -> str:
    return {
        "plan_full": gettext("The last place has just been taken."),
        "price_inactive": gettext("This price is not offered any more. Choose again."),
        "already_held": gettext("You have this plan already."),
        "signup_details_missing": gettext("Something is asked for this plan that is not known yet: ask at the desk."),
    }.get(refusal.code, sentence(refusal.detail))


def _gains_and_losses(before: list[str], after: list[str]) -> list[str]:
    """Return what is gained and lost between two lists of benefits, as sentences."""
    says = []
    if gained := [each for each in after if each not in before]:
        says.append(gettext("You gain %(names)s.") % {"names": joined(gained)})
    if lost := [each for each in before if each not in after]:
        says.append(gettext("You lose %(names)s.") % {"names": joined(lost)})
    return says
