"""What can be joined, for how much and from when, as the pages say it; and what cannot, and why."""

from datetime import timedelta
from typing import Any

import pytest

from tessera.core.ids import Prefix
from tessera.core.periods import Interval
from tessera.events.types import Actor
from tessera.memberships import granting
from tessera.memberships.models import Membership, Term
from tessera.memberships.types import EndedReason
from tessera.organizations.models import Organization
from tessera.people.types import CustomerStatus
from tessera.plans.types import Audience, Billing, Visibility
from tests import make
from tests.signup.joiner import DOORS, Joiner, public

pytestmark = pytest.mark.django_db
NOON = make.JAN_10


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"archived_at": NOON}, "is not offered any more"),
        ({"visibility": Visibility.PRIVATE}, "is given by the desk"),
        ({"audience": Audience.COMPANIES}, "is for companies"),
    ],
)
@pytest.mark.parametrize("framed", [False, True])
def test_what_cannot_be_joined_says_why(club: Organization, plan: dict[str, Any], says: str, framed: bool) -> None:
    page = Joiner(club, make.plan(club, "Gold", amount=0, **plan), framed=framed).open()

    assert (page.status, page.step) == (200, "refused")
    assert f"Gold {says}" in page.words


def test_where_it_is_closed_the_club_says_so_in_its_own_words(club: Organization) -> None:
    make.signup_settings(club, closed=True, closed_sentence="We take new members in March.")

    for plan in (None, make.plan(club)):
        assert "We take new members in March." in Joiner(club, plan).open().words


def test_a_full_plan_says_so_and_the_last_place_may_go_while_somebody_looks(club: Organization) -> None:
    plan = make.plan(club, "Gold", amount=0, capacity=1)
    ada = Joiner(club, plan)
    ada.sign_in()
    ada.send("details", first_name="Ada", last_name="Okonkwo")
    make.membership(plan, customer=make.customer(club))

    page = ada.send("join")
    assert (page.status, page.step, page.told("error")) == (422, "refused", "plan_full")
    assert "Gold is full" in page.words
    assert "Full for now" in Joiner(club).open().words


@pytest.mark.parametrize("status", [CustomerStatus.BANNED, CustomerStatus.ARCHIVED])
def test_who_is_not_welcome_is_told_to_ask_at_the_desk_and_not_why(club: Organization, status: CustomerStatus) -> None:
    make.customer(club, verified_emails=["ada@member.example"], status=status, ban_reason="Pushed Bea")
    page = Joiner(club, make.plan(club, amount=0)).sign_in()

    assert page.step == "refused"
    assert "Ask at the desk" in page.words
    assert "Bea" not in page.words


def test_an_organization_that_goes_or_is_not_there_has_no_page(club: Organization) -> None:
    plan = make.plan(club)
    page = Joiner(make.organization(), plan).open()
    assert page.status == 404  # another club's plan

    club.deleting_since = NOON
    club.save()
    for framed in (False, True):
        page = Joiner(club, plan, framed=framed).open()
        assert page.status == 404
        assert "There is no such page." in page.words


def test_a_price_is_chosen_among_several_and_dates_are_told(club: Organization) -> None:
    plan = make.plan(club, "Gold", amount=3500, joining_fee=1000)
    yearly = make.price(plan, amount=35000, interval=Interval.YEAR)
    ada = Joiner(club, plan)
    ada.sign_in()
    page = ada.send("details", first_name="Ada", last_name="Okonkwo")
    assert "First payment: £45.00, at the desk (joining fee of £10.00 included)" in page.words
    assert "Next payment: £35.00 on Tue 10 Feb" in page.words
    assert "Next payment: £350.00 on Sun 10 Jan 2027" in page.words

    page = ada.send("join", price=public(Prefix.PRICE, yearly))
    assert page.told("status") == "pending"
    assert "is kept for you until" in page.words
    assert Membership.objects.get().next_price_id == yearly.pk


@pytest.mark.parametrize("door", DOORS)
def test_a_price_that_was_chosen_on_the_website_is_still_chosen_at_the_end(
    club: Organization, door: dict[str, Any]
) -> None:
    plan = make.plan(club, amount=3500)
    yearly = public(Prefix.PRICE, make.price(plan, amount=35000, interval=Interval.YEAR))
    ada = Joiner(club, plan, query={"price": yearly}, **door)
    ada.open()
    ada.query.clear()  # no step needs the address to say it once more
    ada.send("address", address=ada.address)
    ada.send("code", code=ada.code())
    page = ada.send("details", first_name="Ada", last_name="Okonkwo")

    assert page.form(do="join")["price"] == yearly


def test_a_trial_says_what_is_paid_when(club: Organization) -> None:
    ada = Joiner(club, make.plan(club, amount=3500, trial_days=14))
    ada.sign_in()
    page = ada.send("details", first_name="Ada", last_name="Okonkwo")

    assert "Free until Fri 23 Jan" in page.words
    assert "First payment £35.00 on Sat 24 Jan, at the desk" in page.words
    assert "Next payment £35.00 on Tue 24 Feb" in page.words
    assert ada.send("join").told("status") == "active"


def test_an_application_waits_and_says_so(club: Organization) -> None:
    page = Joiner(club, make.plan(club, "Gold", amount=0, needs_approval=True)).join()

    assert "Your application is in" in page.words
    assert page.told("status") == "pending"


def test_who_has_it_already_is_told_how_it_stands(club: Organization) -> None:
    ada = make.customer(club, first_name="Ada", verified_emails=["ada@member.example"])
    plan = make.plan(club, "Gold", permissions=["pool"])
    make.membership(plan, customer=ada, ends_at=make.FEB_10)
    page = Joiner(club, plan).sign_in()

    assert page.step == "done"
    assert "You are a member already" in page.words
    assert f'href="/portal/{club.slug}"' in page.text
    assert "Next payment £35.00 on Tue 10 Feb 2026" in page.words


def test_who_lapsed_renews_what_is_free_and_joins_anew_what_is_not(club: Organization) -> None:
    ada = make.customer(club, first_name="Ada", verified_emails=["ada@member.example"])
    free, priced = make.plan(club, amount=0, billing=Billing.ONCE), make.plan(club, amount=100)
    for plan in (free, priced):
        make.membership(plan, customer=ada, starts_at=NOON - timedelta(days=90), ends_at=NOON - timedelta(days=60))
    who = Joiner(club, free)
    page = who.sign_in()
    assert "Welcome back" in page.words
    assert who.send("renew").told("status") == "active"
    assert Term.objects.filter(membership__customer=ada).count() == 3

    other = Joiner(club, priced, client=who.client)
    assert other.open().step == "review"
    assert other.send("join").told("status") == "pending"
    assert Membership.objects.filter(customer=ada).count() == 3


def test_a_membership_that_was_taken_away_is_not_offered_for_renewal(club: Organization) -> None:
    ada = make.customer(club, first_name="Ada", verified_emails=["ada@member.example"])
    plan = make.plan(club, amount=0)
    make.membership(plan, customer=ada, ended_at=NOON, ended_reason=EndedReason.REVOKED)
    page = Joiner(club, plan).sign_in()

    assert page.step == "review"
    with pytest.raises(AssertionError):
        page.form(do="renew")


def test_staff_confirm_the_payment_and_the_page_knows(club: Organization) -> None:
    ada = Joiner(club, make.plan(club, "Gold"))
    assert ada.join().told("status") == "pending"
    granting.confirm_payment(
        organization=club,
        membership_id=Membership.objects.get().pk,
        at=NOON,
        actor=Actor.system("tests"),
        paid_by="manual",
    )
    assert ada.open().told("status") == "active"
