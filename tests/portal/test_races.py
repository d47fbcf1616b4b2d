"""Two clicks at once, two people at once: each thing is done once, on a real database."""

from collections import Counter

import pytest

from tessera.core import clock, ids
from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.identity.types import How, SignedIn, Surface
from tessera.organizations.models import Organization
from tessera.people import company_joining as entries
from tessera.people import own_data
from tessera.people.company_joining import Entry
from tessera.people.models import Affiliation, CompanyInvitation, Customer, DeletionRequest
from tessera.signup import company_joining, switching
from tests import make
from tests.people.racing import at_once, meanwhile
from tests.portal.member import mem, signed_in
from tests.scale import scaled

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
NOON = make.JAN_10
ROUNDS = scaled(8)


def at_the_portal(customer: Customer, address: str = "ada@acme.example") -> SignedIn:
    at = clock.now()
    return SignedIn(customer.pk, customer.organization, customer, Surface.PORTAL, How.CODE, address, at, at)


def joining(entry: Entry, customer: Customer, address: str = "ada@acme.example") -> bool:
    return company_joining.join(
        entry=entry,
        signed_in=at_the_portal(customer, address),
        at=NOON,
        real_at=clock.now(),
        actor=Actor.customer(customer.pk),
    ).new


def told(club: Organization, event: str) -> int:
    return Event.objects.filter(organization=club, type=event).count()


def test_two_clicks_at_leaving_book_it_once_and_both_see_it() -> None:
    club = make.organization("Strand House", test_now=NOON)
    plan = make.plan(club, amount=0)
    for number in range(1, ROUNDS + 1):
        ada = make.customer(club)
        path = f"{mem(make.membership(plan, customer=ada, renews=True))}/leave"
        browsers = [signed_in(ada) for _ in range(3)]
        answers = at_once([lambda each=each: each.post(path, how="end").status for each in browsers])  # type: ignore[misc]  # noqa: B023

        assert answers == [303, 303, 303]
        assert told(club, "membership.cancel_booked") == number


def test_joining_a_company_twice_at_once_is_one_affiliation() -> None:
    club = make.organization()
    acme = make.company(club)
    acme.email_domains = ["acme.example"]
    for _ in range(ROUNDS):
        ada = make.customer(club)
        found = at_once([lambda: joining(Entry(acme), ada)] * 4)  # noqa: B023
        assert Counter(found) == {True: 1, False: 3}
    assert Affiliation.objects.count() == ROUNDS


def test_an_invitation_lets_one_person_in() -> None:
    club = make.organization()
    acme, actor = make.company(club), Actor.system("tests")
    for number in range(ROUNDS):
        address = f"ada{number}@home.example"
        row = entries.invite(company=acme, address=address, at=NOON, sent_at=clock.now(), actor=actor)
        entry = Entry(acme, invitation=CompanyInvitation.objects.get(pk=row.pk))
        people = [make.customer(club) for _ in range(3)]
        found = at_once([lambda who=who: joining(entry, who, address) for who in people])  # type: ignore[misc]  # noqa: B023

        codes = Counter(each.code if isinstance(each, TesseraError) else each for each in found)
        assert codes == {True: 1, "company_invitation_unknown": 2}
    assert Affiliation.objects.count() == ROUNDS


def test_an_invitation_that_is_withdrawn_while_it_is_sent_again_opens_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acme, actor = make.company(make.organization()), Actor.system("tests")
    row = entries.invite(company=acme, address="ada@home.example", at=NOON, sent_at=clock.now(), actor=actor)
    ref = ids.to_text(ids.Prefix.COMPANY_INVITATION, row.pk)

    def withdraw() -> bool:
        entries.withdraw_invitation(company=acme, ref=ref, at=NOON, actor=actor)
        return True

    with meanwhile(monkeypatch, CompanyInvitation, "save", withdraw) as withdrawn:
        entries.invite(company=acme, address="ada@home.example", at=NOON, sent_at=clock.now(), actor=actor)

    assert withdrawn == [True]
    assert CompanyInvitation.objects.get(pk=row.pk).withdrawn_at is not None


def test_an_invitation_that_is_answered_while_it_is_sent_again_waits_for_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    club = make.organization()
    acme, ada, actor = make.company(club), make.customer(club), Actor.system("tests")
    row = entries.invite(company=acme, address="ada@home.example", at=NOON, sent_at=clock.now(), actor=actor)
    entry = Entry(acme, invitation=CompanyInvitation.objects.get(pk=row.pk))

    with meanwhile(monkeypatch, CompanyInvitation, "save", lambda: joining(entry, ada, "ada@home.example")) as joined:
        entries.invite(company=acme, address="ada@home.example", at=NOON, sent_at=clock.now(), actor=actor)

    assert [getattr(each, "code", each) for each in joined] == ["company_invitation_unknown"]
    assert not Affiliation.objects.exists()


def test_wishes_and_addresses_made_at_once_are_one() -> None:
    club = make.organization()
    ada, acme, actor = make.customer(club), make.company(club), Actor.system("tests")

    def asking() -> bool:
        own_data.ask_deletion(customer=ada, at=NOON, actor=actor)
        return True

    assert at_once([asking] * 4) == [True] * 4
    assert DeletionRequest.objects.count() == 1
    at_once([lambda: entries.make_link(company=acme, for_anyone=False, at=NOON, actor=actor)] * 4)
    assert entries.link_of(acme) is not None
    assert told(club, "customer.deletion_asked") == 1


def test_the_last_place_of_a_plan_is_gone_over_to_once() -> None:
    club = make.organization()
    for _ in range(ROUNDS):
        silver, gold = make.plan(club, amount=0), make.plan(club, amount=0, capacity=1)
        held = [make.membership(silver, customer=make.customer(club), renews=True) for _ in range(3)]

        def change(row: object) -> str:
            membership = held[held.index(row)]  # type: ignore[arg-type]  # noqa: B023
            who = Customer.objects.get(pk=str(membership.customer_id))
            return switching.switch(
                organization=club, customer=who, membership_id=membership.pk, plan=gold, price=gold.prices.get(),  # noqa: B023
                at=NOON, actor=Actor.customer(who.pk),
            )  # fmt: skip

        found = at_once([lambda row=row: change(row) for row in held])  # type: ignore[misc]
        codes = Counter(each.code if isinstance(each, TesseraError) else str(each) for each in found)
        assert codes == {"now": 1, "plan_full": 2}
