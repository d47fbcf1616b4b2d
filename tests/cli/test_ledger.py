"""The demo writes its common memberships as rows. They are those that the services write, to the last column."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.forms.models import model_to_dict

from tessera import db
from tessera.cli.demo.ledger import Ledger
from tessera.core.periods import Interval
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.memberships import announcing
from tessera.memberships.granting import grant
from tessera.memberships.models import Membership, Term
from tessera.memberships.renewing import renew
from tessera.organizations.models import Organization
from tessera.people.types import Source
from tessera.plans.models import Plan
from tessera.plans.types import Rule
from tests import make

pytestmark = pytest.mark.django_db

DESK = Actor.system("desk")


def written(membership: Membership) -> tuple[Any, ...]:
    """A membership, its terms and its events, without what tells two alike ones apart."""
    row = model_to_dict(membership, exclude=["id", "customer"])
    terms = [
        {**model_to_dict(term, exclude=["id", "membership"]), "created_at": term.created_at}
        for term in Term.objects.filter(membership=membership).order_by("starts_at")
    ]
    lines = list(
        Event.objects.filter(membership_id=membership.pk)
        .order_by("sequence")
        .values_list("type", "at", "actor", "plan_id", "data")
    )
    return {**row, "created_at": membership.created_at}, terms, lines


def by_the_services(
    club: Organization, plan: Plan, at: datetime, renewals: list[datetime], renews: bool | None
) -> Membership:
    held = grant(
        organization=club,
        plan=plan,
        holder=make.customer(club),
        at=at,
        actor=DESK,
        source=Source.STAFF,
        renews=renews,
        trial=False,
    )
    for renewed_at in renewals:
        announced(club, at, until=renewed_at)
        held = renew(organization=club, membership_id=held.pk, at=renewed_at, actor=DESK)
    announced(club, at, until=make.JAN_10 + timedelta(days=2_000))
    return Membership.objects.get(pk=held.pk)


def announced(club: Organization, at: datetime, *, until: datetime) -> None:
    while (due := announcing.next_due(organization=club, after=at, until=until)) is not None:
        announcing.announce(organization=club, at=due)
        at = due


def by_the_ledger(
    club: Organization, plan: Plan, at: datetime, renewals: list[datetime], renews: bool | None
) -> Membership:
    ledger = Ledger(club)
    with db.transaction():
        account = ledger.grant(
            plan=plan,
            price=plan.prices.get(),
            holder=make.customer(club),
            at=at,
            actor=DESK,
            source=Source.STAFF,
            renews=renews,
        )
        for renewed_at in renewals:
            while account.membership.announce_at is not None and account.membership.announce_at <= renewed_at:
                ledger.announce(account)
            ledger.renew(account, at=renewed_at, actor=DESK)
        while account.membership.announce_at is not None:
            ledger.announce(account)
        ledger.write()
    return Membership.objects.get(pk=account.membership.pk)


@pytest.mark.parametrize(
    ("offer", "renewals", "renews"),
    [
        ({"interval": Interval.MONTH}, [20, 57, 80], None),
        ({"interval": Interval.MONTH}, [], True),
        ({"interval": Interval.YEAR}, [360], False),
        ({"interval": Interval.YEAR, "amount": 0}, [], None),
        ({"interval": Interval.YEAR, "rule": Rule.FIXED, "cycle_start": "04-01"}, [10], None),
    ],
)
def test_the_ledger_writes_what_the_services_write(
    offer: dict[str, Any], renewals: list[int], renews: bool | None
) -> None:
    club = make.organization()
    plan = make.plan(club, trial_days=14 if offer.get("amount") != 0 else 0, **offer)
    instants = [make.JAN_10 + timedelta(days=days) for days in renewals]

    expected = written(by_the_services(club, plan, make.JAN_10, instants, renews))

    assert written(by_the_ledger(club, plan, make.JAN_10, instants, renews)) == expected
