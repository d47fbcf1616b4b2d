"""Doing things with memberships: what is said before, what happens, and what is refused."""

from datetime import datetime

import pytest

from tessera.console.verbs import VERBS
from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.memberships import queries
from tessera.memberships.models import Membership
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import MembershipView
from tessera.organizations.rights import Role
from tessera.people.models import Customer
from tessera.plans.types import Billing
from tests import make
from tests.console.visitor import Visitor, ref, working_for
from tests.memberships.desk import london

pytestmark = pytest.mark.django_db

FEB_1 = london("2026-02-01")


@pytest.fixture
def ada(owner: Visitor) -> Customer:
    return make.customer(owner.club, first_name="Ada", last_name="Okonkwo")


def seen(owner: Visitor, membership: Membership) -> MembershipView:
    return queries.membership(organization=owner.club, membership_id=membership.pk, at=make.JAN_10)


def gold(ada: Customer, *, ends_at: datetime | None = FEB_1, renews: bool = False, **plan: object) -> Membership:
    """Ada's membership of Gold, which grants the pool, since 1 January."""
    row = make.plan(ada.organization, "Gold", permissions=["pool"], **plan)  # type: ignore[arg-type]
    return make.membership(row, customer=ada, starts_at=london("2026-01-01"), ends_at=ends_at, renews=renews)


def test_a_plan_is_assigned_after_saying_until_when_and_what_is_gained(owner: Visitor, ada: Customer) -> None:
    plan = make.plan(owner.club, "Gold", permissions=["pool"])
    asked = owner.get("customer_assign", ada, htmx=True)
    assert "Ada Okonkwo has Gold from today until Mon 9 Feb 2026: £35.00 a month, to be renewed then." in asked.words
    assert "Ada Okonkwo gains Pool at once." in asked.words
    assert not owner.club.memberships.exists()

    price = ref(plan.prices.get())
    answer = owner.post("customer_assign", ada, htmx=True, price=price, once=asked.value("once"))
    assert answer.location == owner.address("customer", ada)
    assert "Gold Active until Mon 9 Feb" in owner.get("customer", ada).words


def test_assigning_twice_by_a_double_click_assigns_once(owner: Visitor, ada: Customer) -> None:
    price = ref(make.plan(owner.club, "Gold").prices.get())
    once = owner.get("customer_assign", ada).value("once")
    for _ in range(2):
        assert owner.post("customer_assign", ada, price=price, once=once).status == 302
    assert owner.club.memberships.count() == 1


def test_a_plan_that_is_held_already_is_refused_and_the_form_kept(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada)
    price = ref(Membership.objects.get(pk=membership.pk).terms.get().price)
    page = owner.post("customer_assign", ada, price=price, last_day="2026-12-31", once="other")
    assert page.status == 422
    assert "There is a membership of Gold already." in page.words
    assert page.value("last_day") == "2026-12-31"


def test_a_first_and_a_last_day_are_whole_local_days(owner: Visitor, ada: Customer) -> None:
    plan = make.plan(owner.club, "Gold")
    told = {"price": ref(plan.prices.get()), "first_day": "2026-04-01", "last_day": "2026-06-30"}
    assert "from Wed 1 Apr 2026 until Tue 30 Jun 2026" in owner.get("customer_assign", ada, **told).words
    owner.post("customer_assign", ada, **told)
    term = owner.club.memberships.get().terms.get()
    assert (term.starts_at, term.ends_at) == (london("2026-04-01"), london("2026-07-01"))


def test_an_application_is_approved_paid_and_begins(owner: Visitor, ada: Customer) -> None:
    plan = make.plan(owner.club, "Patron")
    told = {"price": ref(plan.prices.get()), "await_approval": "on", "await_payment": "on"}
    owner.post("customer_assign", ada, **told)
    membership = owner.club.memberships.get()
    assert "Patron Pending waits for approval" in owner.get("customer", ada).words

    assert "It then waits for its payment" in owner.get("membership_approve", membership).words
    owner.post("membership_approve", membership, version=1)
    owner.post("membership_paid", membership, version=2, paid_by="manual")
    assert seen(owner, membership).status is Status.ACTIVE
    assert owner.post("membership_approve", membership).status == 422


def test_an_application_is_turned_down(owner: Visitor, ada: Customer) -> None:
    membership = make.membership(make.plan(owner.club), customer=ada, starts_at=None, needs_approval=True)
    owner.post("membership_reject", membership, version=1)
    assert seen(owner, membership).ended_reason is EndedReason.REJECTED
    assert owner.post("membership_reject", membership).status == 422


def test_renewing_says_the_next_dates_and_books_them_once(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada)
    asked = owner.get("membership_renew", membership)
    assert "The next term runs from Sun 1 Feb 2026 to Sat 28 Feb 2026, at £35.00 a month." in asked.words
    assert "Renew until Sat 28 Feb 2026" in asked.words
    version = asked.value("version")
    assert owner.post("membership_renew", membership, version=version).status == 302
    again = owner.post("membership_renew", membership, version=version)
    assert again.status == 422
    assert "Somebody has changed this meanwhile" in again.words
    assert Membership.objects.get(pk=membership.pk).terms.count() == 2


def test_a_membership_that_renews_by_itself_is_not_renewed_by_hand(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada, renews=True)
    assert owner.address("membership_renew", membership) not in owner.get("customer", ada).text
    assert "It renews by itself." in owner.get("membership_renew", membership).words
    assert owner.post("membership_renew", membership).status == 422


def test_extending_moves_the_end_to_the_day_that_was_typed(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada)
    said = owner.get("membership_extend", membership, last_day="2026-03-15").words
    assert "Its end moves from Sat 31 Jan 2026 to Sun 15 Mar 2026." in said
    owner.post("membership_extend", membership, last_day="2026-03-15", version=1)
    assert seen(owner, membership).ends_at == london("2026-03-16")
    earlier = owner.post("membership_extend", membership, last_day="2026-01-20")
    assert earlier.status == 422
    assert "The end must be later" in earlier.words
    assert earlier.value("last_day") == "2026-01-20"


def test_ending_with_the_period_can_be_undone(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada, renews=True)
    asked = owner.get("membership_end-with-period", membership).words
    assert "It runs to the end of its period, Sat 31 Jan 2026, and does not renew." in asked
    assert "End on Sat 31 Jan 2026" in asked
    owner.post("membership_end-with-period", membership, version=1)
    assert "Does not renew: its end is booked." in owner.get("customer", ada).words
    assert owner.post("membership_end-with-period", membership).status == 422
    owner.post("membership_undo-end", membership)
    assert seen(owner, membership).renews
    assert owner.post("membership_undo-end", membership).status == 422


def test_ending_now_says_what_is_lost_and_what_stays(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada)
    acme = make.company(owner.club)
    make.affiliation(ada, acme)
    make.membership(make.plan(owner.club, "Corporate", permissions=["lounge"]), company=acme)
    asked = owner.get("membership_end-now", membership).words
    assert "Ada Okonkwo loses Pool at once." in asked
    assert "What stays: Lounge." in asked
    owner.post("membership_end-now", membership, version=1)
    assert seen(owner, membership).ended_reason is EndedReason.CANCELED
    assert owner.post("membership_end-now", membership).status == 422


def test_only_some_may_revoke(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada)
    desk = working_for(owner.club, Role.FRONT_DESK)
    assert desk.address("membership_revoke", membership) not in desk.get("customer", ada).text
    assert desk.post("membership_revoke", membership, version=1).status == 403
    owner.post("membership_revoke", membership, version=1)
    assert seen(owner, membership).ended_reason is EndedReason.REVOKED
    assert owner.post("membership_revoke", membership).status == 422


def test_a_pause_is_planned_and_taken_back(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada, pauses_allowed=True, pauses_extend=True)
    told = {"first_day": "2026-01-20", "last_day": "2026-01-26"}
    said = owner.get("membership_pause", membership, **told).words
    assert "Its end moves from Sat 31 Jan 2026 to Sat 7 Feb 2026." in said
    owner.post("membership_pause", membership, version=1, **told)
    assert "A pause is planned from Tue 20 Jan to Mon 26 Jan" in owner.get("customer", ada).words
    assert owner.post("membership_pause", membership, **told).status == 422
    owner.post("membership_resume", membership)
    assert seen(owner, membership).ends_at == FEB_1
    assert owner.post("membership_resume", membership).status == 422


def test_a_plan_without_pauses_offers_none(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada)
    assert owner.address("membership_pause", membership) not in owner.get("customer", ada).text
    assert "Gold has no pauses." in owner.get("membership_pause", membership).words


def test_a_plan_is_changed_now_or_with_the_renewal(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada)
    silver = make.plan(owner.club, "Silver", amount=2000)
    told = {"price": ref(silver.prices.get()), "when": "now"}
    said = owner.get("membership_change", membership, **told).words
    assert "It is Silver from now, at £20.00 a month, until Sat 31 Jan 2026." in said
    assert "Ada Okonkwo loses Pool at once." in said
    later = owner.get("membership_change", membership, **{**told, "when": "renewal"}).words
    assert "Silver. Until then nothing changes." in later
    owner.post("membership_change", membership, version=1, **told)
    assert seen(owner, membership).plan.name == "Silver"
    page = owner.post("membership_change", membership, **told)
    assert page.status == 422
    assert "It already is of Silver at this price." in page.words


def test_somebody_elses_membership_is_not_touched(owner: Visitor, ada: Customer) -> None:
    membership, other = gold(ada), gold(make.customer(owner.club))
    owner.post("membership_end-now", membership, version=1)
    assert seen(owner, other).status is Status.ACTIVE


def test_asking_leaves_nothing_behind(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada, pauses_allowed=True)
    happened, view = Event.objects.count(), seen(owner, membership)
    for verb in VERBS:
        assert owner.get(f"membership_{verb.name}", membership).status == 200
        assert owner.get(f"membership_{verb.name}", membership, htmx=True).status == 200
    assert Event.objects.count() == happened
    assert seen(owner, membership) == view


def test_what_was_done_is_in_the_log_with_who_did_it(owner: Visitor, ada: Customer) -> None:
    owner.post("membership_end-now", gold(ada), version=1)
    event = Event.objects.get(type=EventType.MEMBERSHIP_CANCELED)
    assert owner.staff is not None
    assert event.actor.startswith("staff:stf_")
    assert "Gold canceled 12:00 · Sam Steward" in owner.get("customer_timeline", ada).words


def test_an_open_ended_membership_has_no_end_to_extend(owner: Visitor, ada: Customer) -> None:
    membership = gold(ada, ends_at=None, billing=Billing.OPEN)
    page = owner.get("customer", ada)
    assert "Gold Active no end" in page.words
    assert owner.address("membership_extend", membership) not in page.text
    assert owner.post("membership_extend", membership, last_day="2027-01-01").status == 422
