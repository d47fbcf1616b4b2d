"""Who somebody is who proved an address: never a second record, never somebody else's."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from time_machine import TimeMachineFixture

from tessera import db, organizations
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.identity import codes, signing_in
from tessera.identity.errors import PersonAmbiguous
from tessera.identity.models import CustomerSession
from tessera.identity.types import How, Surface
from tessera.lifecycle.merge import merge_customer
from tessera.people import contacts
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus, Email
from tests import make
from tests.identity.visitors import Browser, mailed

pytestmark = pytest.mark.django_db


def events_of(customer: Customer) -> list[str]:
    return list(Event.objects.filter(customer_id=customer.pk).order_by("sequence").values_list("type", flat=True))


class TestWho:
    def test_a_stranger_becomes_a_customer_with_the_least_that_is_known(self) -> None:
        browser = Browser(make.organization())
        begun = browser.begin(browser.prove("New@member.example", locale="de"))
        customer = Customer.objects.get()
        assert begun.created
        assert begun.signed_in.customer == customer
        assert begun.signed_in.address == "New@member.example"
        assert (customer.first_name, customer.last_name, customer.source, customer.locale) == ("", "", "signup", "de")
        assert contacts.emails_of(customer) == [Email("New@member.example", verified=True)]
        assert events_of(customer) == ["customer.created", "customer.signed_in"]

    def test_the_second_time_it_is_the_same_customer(self) -> None:
        club = make.organization()
        first, second = Browser(club).sign_in(), Browser(club).sign_in("ADA@member.example")
        assert first.created
        assert not second.created
        assert first.signed_in.customer == second.signed_in.customer
        assert Customer.objects.count() == 1

    def test_who_has_the_address_verified_is_meant_even_if_others_have_it_too(self) -> None:
        club = make.organization()
        make.customer(club, emails=["ada@member.example"])
        ada = make.customer(club, verified_emails=["ada@member.example"])
        assert Browser(club).sign_in().signed_in.customer == ada

    def test_the_only_one_who_has_it_is_meant_and_it_is_verified(self) -> None:
        club = make.organization()
        ada = make.customer(club, emails=["first@member.example", "Ada@member.example"])
        begun = Browser(club).sign_in()
        assert begun.signed_in.customer == ada
        assert contacts.emails_of(ada) == [Email("first@member.example"), Email("Ada@member.example", verified=True)]
        assert events_of(ada) == ["customer.updated", "customer.other_email_proved", "customer.signed_in"]
        assert Event.objects.get(type="customer.updated").actor == str(Actor.customer(ada.pk))

    def test_where_several_have_it_they_are_asked_and_the_proof_stays_good(self) -> None:
        club = make.organization()
        mother = make.customer(club, first_name="Ada", last_name="Ashby", emails=["ada@member.example"])
        child = make.customer(club, first_name="Bo", last_name="Ashby", emails=["ada@member.example"])
        browser = Browser(club)
        asked = browser.ask()
        proven = browser.enter(asked, mailed(club, asked))
        for choice in (None, "", "cus_nobody", ids.to_text(Prefix.CUSTOMER, make.customer(club).pk)):
            with pytest.raises(PersonAmbiguous) as refusal:
                browser.begin(proven, choice=choice)
            assert [each.name for each in refusal.value.candidates] == ["Ada Ashby", "Bo Ashby"]
        again = codes.proven(organization=club, attempt=asked.attempt, browser=browser.secret)
        assert again == proven
        begun = browser.begin(again, choice=ids.to_text(Prefix.CUSTOMER, child.pk))
        assert begun.signed_in.customer == child
        assert contacts.emails_of(mother) == [Email("ada@member.example")]
        assert Browser(club).sign_in().signed_in.customer == child

    def test_a_merged_record_is_followed_to_who_it_is_now(self) -> None:
        club = make.organization()
        old = Browser(club).sign_in("old@member.example").signed_in.customer
        ada = make.customer(club, emails=["ada@member.example"])
        merge_customer(customer=old, into=ada, at=organizations.now(club), actor=Actor.system("tests"))
        assert Browser(club).sign_in("old@member.example").signed_in.customer == ada

    @pytest.mark.parametrize("status", [CustomerStatus.BANNED, CustomerStatus.ARCHIVED])
    def test_who_is_banned_or_archived_is_the_same_person_and_so_it_says(self, status: CustomerStatus) -> None:
        club = make.organization()
        ada = make.customer(club, emails=["ada@member.example"], status=status)
        signed_in = Browser(club).sign_in().signed_in
        assert signed_in.customer == ada
        assert (signed_in.banned, signed_in.archived) == (
            status is CustomerStatus.BANNED, status is CustomerStatus.ARCHIVED
        )  # fmt: skip

    def test_at_another_club_it_is_another_person(self) -> None:
        one, other = make.organization(), make.organization()
        ada = make.customer(one, verified_emails=["ada@member.example"])
        begun = Browser(other).sign_in()
        assert begun.created
        assert begun.signed_in.customer != ada

    def test_emoji_and_right_to_left_names_are_shown_as_they_are(self) -> None:
        club = make.organization()
        for name in ("שרה 🌊", "<b>Bo</b>"):
            make.customer(club, display_name=name, emails=["ada@member.example"])
        with pytest.raises(PersonAmbiguous) as refusal:
            Browser(club).sign_in()
        assert {each.name for each in refusal.value.candidates} == {"שרה 🌊", "<b>Bo</b>"}

    def test_nobody_is_signed_in_by_nothing(self) -> None:
        with pytest.raises(ValueError, match="nobody proved"):
            Browser(make.organization()).begin()


class TestSessions:
    def test_one_is_recognised_on_its_surface_in_its_organization_with_one_query(self) -> None:
        browser = Browser(make.organization())
        begun = browser.sign_in()
        with CaptureQueriesContext(connection) as statements:
            found = signing_in.recognised(browser.club, begun.secret, Surface.PORTAL)
            assert found is not None
            assert found.customer.name
            assert found.customer.organization.name
        assert len(statements) == 1
        assert (found.session_id, found.how, found.surface) == (begun.signed_in.session_id, How.CODE, Surface.PORTAL)
        assert signing_in.recognised(browser.club, begun.secret, Surface.EMBED) is None
        assert signing_in.recognised(browser.club, begun.secret, Surface.APP) is None
        assert signing_in.recognised(make.organization(), begun.secret, Surface.PORTAL) is None
        for wrong in ("", begun.secret[:-1], begun.secret + "x", "x" * 1_000_000, "\0", "\ud800", "é" * 43):
            assert signing_in.recognised(browser.club, wrong, Surface.PORTAL) is None

    def test_the_secret_is_not_kept(self) -> None:
        begun = Browser(make.organization()).sign_in()
        assert begun.secret not in str(CustomerSession.objects.values().get())

    @pytest.mark.parametrize(
        ("surface", "life"), [(Surface.EMBED, timedelta(hours=12)), (Surface.PORTAL, timedelta(days=30))]
    )
    def test_it_lasts_as_long_as_its_surface_says_in_real_time(
        self, surface: Surface, life: timedelta, time_machine: TimeMachineFixture
    ) -> None:
        browser = Browser(make.organization(test_now=make.JAN_10), surface)
        time_machine.move_to(make.FEB_10, tick=False)
        begun = browser.sign_in()
        time_machine.move_to(make.FEB_10 + life - timedelta(seconds=1), tick=False)
        assert signing_in.recognised(browser.club, begun.secret, surface) is not None
        time_machine.move_to(make.FEB_10 + life, tick=False)
        assert signing_in.recognised(browser.club, begun.secret, surface) is None
        assert signing_in.sessions_of(begun.signed_in.customer) == []

    def test_that_it_is_used_is_written_now_and_then(self, time_machine: TimeMachineFixture) -> None:
        time_machine.move_to(make.FEB_10, tick=False)
        browser = Browser(make.organization())
        begun = browser.sign_in()
        for minutes, seen in ((1, 0), (5, 0), (6, 6), (10, 6), (12, 12)):
            time_machine.move_to(make.FEB_10 + timedelta(minutes=minutes), tick=False)
            assert signing_in.recognised(browser.club, begun.secret, Surface.PORTAL)
            assert CustomerSession.objects.get().seen_at == make.FEB_10 + timedelta(minutes=seen)

    def test_one_sees_where_one_is_signed_in_and_ends_one_or_the_others(self) -> None:
        club = make.organization()
        here, there, elsewhere = (Browser(club).sign_in() for _ in range(3))
        ada = here.signed_in.customer
        listed = signing_in.sessions_of(ada, present=here.signed_in.session_id)
        assert [each.present for each in listed] == [True, False, False]
        assert {each.device for each in listed} == {"Firefox on Linux"}
        assert signing_in.end(customer=ada, session_id=there.signed_in.session_id)
        assert not signing_in.end(customer=ada, session_id=there.signed_in.session_id)
        assert signing_in.recognised(club, there.secret, Surface.PORTAL) is None
        assert signing_in.end_others(customer=ada, session_id=here.signed_in.session_id) == 1
        assert signing_in.end_others(customer=ada, session_id=here.signed_in.session_id) == 0
        assert signing_in.recognised(club, elsewhere.secret, Surface.PORTAL) is None
        assert signing_in.recognised(club, here.secret, Surface.PORTAL) is not None
        assert events_of(ada).count("customer.signed_out") == 2

    def test_nobody_ends_somebody_elses(self) -> None:
        club = make.organization()
        ada, bea = Browser(club).sign_in(), Browser(club).sign_in("bea@member.example")
        assert not signing_in.end(customer=bea.signed_in.customer, session_id=ada.signed_in.session_id)
        assert signing_in.recognised(club, ada.secret, Surface.PORTAL) is not None

    def test_staff_end_all_of_them(self) -> None:
        club = make.organization()
        Browser(club).sign_in()
        ada = Browser(club).sign_in().signed_in.customer
        staff = Actor.staff(make.staff(club).pk)
        assert signing_in.end_all(customer=ada, actor=staff) == 2
        line = Event.objects.get(type="customer.signed_out")
        assert (line.actor, line.data) == (str(staff), {"sessions": 2})

    def test_a_ban_ends_none_and_a_merge_ends_those_of_the_record_that_went(self) -> None:
        club = make.organization()
        ada, twin = Browser(club).sign_in(), Browser(club).sign_in("twin@member.example")
        merge_customer(
            customer=twin.signed_in.customer, into=ada.signed_in.customer, at=organizations.now(club),
            actor=Actor.system("tests"),
        )  # fmt: skip
        assert signing_in.recognised(club, twin.secret, Surface.PORTAL) is None
        Customer.objects.filter(pk=ada.signed_in.customer.pk).update(status=CustomerStatus.BANNED)
        found = signing_in.recognised(club, ada.secret, Surface.PORTAL)
        assert found is not None
        assert found.banned

    def test_nobody_has_more_than_fifty(self) -> None:
        club = make.organization()
        first = Browser(club).sign_in()
        ada = first.signed_in.customer
        with db.transaction():
            for _ in range(50):
                signing_in.open_session(
                    organization=club, customer=ada, surface=Surface.PORTAL, how=How.PASSKEY, address="", device=""
                )
        assert len(signing_in.sessions_of(ada)) == 50
        assert signing_in.recognised(club, first.secret, Surface.PORTAL) is None
