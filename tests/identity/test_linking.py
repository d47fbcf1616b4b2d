"""Whom a site's word leads to, and whom it must not: a careless site opens no record that somebody has used."""

import pytest

from tessera import organizations
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.identity import linking, signing_in
from tessera.identity.errors import InjectionRefused, PersonAmbiguous, ProofNeeded
from tessera.identity.models import CodeAttempt, CustomerSession, FirstSignIn, SiteLink
from tessera.identity.types import How, ProofReason, Surface
from tessera.lifecycle.erasing import erase_customer
from tessera.lifecycle.merge import merge_customer
from tessera.organizations import issuers
from tessera.people import contacts
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus, Email
from tests import make
from tests.identity.visitors import Browser, told

pytestmark = pytest.mark.django_db


def frame(club: object) -> Browser:
    return Browser(club, Surface.EMBED)  # type: ignore[arg-type]


class TestWhom:
    def test_a_new_visitor_becomes_a_customer_whose_address_is_not_proved_yet(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        begun = frame(club).begin(injected=told(site, locale="de", external_id="42"))
        customer = Customer.objects.get()
        assert begun.created
        assert (customer.first_name, customer.last_name, customer.locale) == ("Ada", "Okonkwo", "de")
        assert (customer.source, customer.external_id) == ("signup", "42")
        assert contacts.emails_of(customer) == [Email("ada@member.example")]
        assert (begun.signed_in.how, begun.signed_in.address) == (How.TOKEN, "ada@member.example")
        (link,) = linking.sites_of(customer)
        assert (link.issuer, link.by_code) == (site.issuer, False)
        types = Event.objects.filter(customer_id=customer.pk).order_by("sequence").values_list("type", flat=True)
        assert list(types) == ["customer.created", "customer.site_linked", "customer.signed_in"]

    def test_the_second_time_the_link_counts_whatever_else_the_site_says(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        make.customer(club, verified_emails=["bea@member.example"])
        first = frame(club).begin(injected=told(site))
        again = frame(club).begin(injected=told(site, address="bea@member.example", verified=False))
        assert again.signed_in.customer == first.signed_in.customer
        assert again.signed_in.address == ""
        assert not again.created

    @pytest.mark.parametrize("status", CustomerStatus)
    def test_a_record_that_nobody_has_signed_in_to_is_theirs(self, status: CustomerStatus) -> None:
        club = make.organization()
        ada = make.customer(club, emails=["Ada@member.example"], status=status)
        begun = frame(club).begin(injected=told(make.trusted_issuer(club)))
        assert begun.signed_in.customer == ada
        assert contacts.emails_of(ada) == [Email("Ada@member.example")]

    def test_one_that_the_club_verified_is_meant_before_those_that_have_it_too(self) -> None:
        club = make.organization()
        make.customer(club, emails=["ada@member.example"])
        ada = make.customer(club, verified_emails=["ada@member.example"])
        assert frame(club).begin(injected=told(make.trusted_issuer(club))).signed_in.customer == ada

    def test_names_alone_are_enough_for_somebody_new(self) -> None:
        club = make.organization()
        begun = frame(club).begin(injected=told(make.trusted_issuer(club), address="", verified=False))
        assert begun.signed_in.customer.name == "Ada Okonkwo"
        assert begun.signed_in.address == ""

    def test_an_external_id_that_somebody_has_is_not_taken_from_them(self) -> None:
        club = make.organization()
        make.customer(club, external_id="42")
        begun = frame(club).begin(injected=told(make.trusted_issuer(club), external_id="42"))
        assert begun.signed_in.customer.external_id is None

    def test_a_merged_record_is_followed(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        old = frame(club).begin(injected=told(site)).signed_in.customer
        ada = make.customer(club)
        merge_customer(customer=old, into=ada, at=organizations.now(club), actor=Actor.system("tests"))
        assert frame(club).begin(injected=told(site)).signed_in.customer == ada

    def test_another_clubs_site_opens_no_door(self) -> None:
        club = make.organization()
        with pytest.raises(InjectionRefused) as refusal:
            frame(club).begin(injected=told(make.trusted_issuer(make.organization())))
        assert refusal.value.code == "issuer_off"
        assert not Customer.objects.exists()

    def test_nor_does_one_that_is_switched_off_or_forgotten(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club, active=False)
        with pytest.raises(InjectionRefused):
            frame(club).begin(injected=told(site))


class TestTakingOver:
    def refused(self, browser: Browser, injected: object) -> ProofNeeded:
        before = Customer.objects.count(), SiteLink.objects.count()
        with pytest.raises(ProofNeeded) as refusal:
            browser.begin(injected=injected)  # type: ignore[arg-type]
        assert (Customer.objects.count(), SiteLink.objects.count()) == before
        return refusal.value

    def test_who_signed_in_by_code_is_not_reached_by_a_sites_word(self) -> None:
        club = make.organization()
        Browser(club).sign_in()
        refusal = self.refused(frame(club), told(make.trusted_issuer(club)))
        assert (refusal.reason, refusal.address) == (ProofReason.CLAIMED, "ada@member.example")

    def test_nor_who_came_by_another_site_or_as_another_visitor_of_this_one(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        frame(club).begin(injected=told(site))
        assert self.refused(frame(club), told(site, "u-2")).reason is ProofReason.CLAIMED
        assert self.refused(frame(club), told(make.trusted_issuer(club))).reason is ProofReason.CLAIMED

    def test_what_the_site_does_not_vouch_for_is_proved_by_a_code(self) -> None:
        club = make.organization()
        make.customer(club, emails=["ada@member.example"])
        refusal = self.refused(frame(club), told(make.trusted_issuer(club), verified=False))
        assert refusal.reason is ProofReason.UNVERIFIED

    def test_so_is_which_of_several_it_is(self) -> None:
        club = make.organization()
        for _ in range(2):
            make.customer(club, emails=["ada@member.example"])
        assert self.refused(frame(club), told(make.trusted_issuer(club))).reason is ProofReason.AMBIGUOUS

    def test_too_little_is_not_made_up(self) -> None:
        club = make.organization()
        refusal = self.refused(frame(club), told(make.trusted_issuer(club), address="", last_name=""))
        assert (refusal.reason, refusal.address) == (ProofReason.INCOMPLETE, "")

    def test_a_code_and_the_sites_word_together_link_for_good(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        ada = Browser(club).sign_in().signed_in.customer
        browser = frame(club)
        begun = browser.begin(browser.prove(), told(site))
        assert (begun.signed_in.customer, begun.signed_in.how) == (ada, How.CODE)
        assert frame(club).begin(injected=told(site)).signed_in.customer == ada
        assert [each.by_code for each in linking.sites_of(ada)] == [True]

    def test_and_make_a_stranger_known_by_the_names_that_the_site_knows(self) -> None:
        club = make.organization()
        browser = frame(club)
        begun = browser.begin(browser.prove(), told(make.trusted_issuer(club), verified=False))
        customer = begun.signed_in.customer
        assert (customer.name, begun.created) == ("Ada Okonkwo", True)
        assert contacts.emails_of(customer) == [Email("ada@member.example", verified=True)]

    def test_but_not_when_another_address_was_proved(self) -> None:
        club = make.organization()
        browser = frame(club)
        begun = browser.begin(browser.prove("bea@member.example"), told(make.trusted_issuer(club)))
        assert begun.signed_in.customer.first_name == ""

    def test_several_who_have_the_address_choose_and_are_linked(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        people = [make.customer(club, emails=["ada@member.example"]) for _ in range(2)]
        browser = frame(club)
        proven = browser.prove()
        with pytest.raises(PersonAmbiguous):
            browser.begin(proven, told(site))
        browser.begin(proven, told(site), choice=ids.to_text(Prefix.CUSTOMER, people[1].pk))
        assert frame(club).begin(injected=told(site)).signed_in.customer == people[1]

    def test_who_was_let_in_with_somebody_elses_address_is_out_once_its_owner_comes(self) -> None:
        """A site that does not check addresses: its visitor says the victim's, before the victim ever comes."""
        club = make.organization()
        site = make.trusted_issuer(club)
        attacker = frame(club).begin(injected=told(site, "attacker"))
        assert signing_in.recognised(club, attacker.secret, Surface.EMBED)
        victim = Browser(club).sign_in()
        assert victim.signed_in.customer == attacker.signed_in.customer
        assert signing_in.recognised(club, attacker.secret, Surface.EMBED) is None
        assert linking.sites_of(victim.signed_in.customer) == []
        assert self.refused(frame(club), told(site, "attacker")).reason is ProofReason.CLAIMED
        assert Event.objects.filter(type="customer.site_unlinked").count() == 1

    def test_the_rightful_visitor_enters_a_code_once_and_is_linked_for_good(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        frame(club).begin(injected=told(site))
        Browser(club).sign_in()
        browser = frame(club)
        assert self.refused(browser, told(site)).reason is ProofReason.CLAIMED
        ada = browser.begin(browser.prove(), told(site)).signed_in.customer
        Browser(club).sign_in()
        assert frame(club).begin(injected=told(site)).signed_in.customer == ada

    def test_a_link_that_a_code_made_is_not_moved_by_another_code(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        browser = frame(club)
        ada = browser.begin(browser.prove(), told(site)).signed_in.customer
        other = frame(club)
        other.begin(other.prove("bea@member.example"), told(site))
        assert frame(club).begin(injected=told(site)).signed_in.customer == ada

    def test_a_site_that_is_off_by_now_has_no_say_and_the_code_counts(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club, active=False)
        browser = frame(club)
        begun = browser.begin(browser.prove(), told(site))
        assert linking.sites_of(begun.signed_in.customer) == []


class TestLeaving:
    def test_a_site_that_is_forgotten_takes_its_links_and_sessions_along(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        begun = frame(club).begin(injected=told(site))
        issuers.forget_issuer(issuer=site, at=organizations.now(club), actor=Actor.system("tests"))
        assert signing_in.recognised(club, begun.secret, Surface.EMBED) is None
        assert not SiteLink.objects.exists()

    def test_while_a_site_is_off_whom_it_signed_in_is_signed_out(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        begun = frame(club).begin(injected=told(site))
        how = {"issuer": site, "at": organizations.now(club), "actor": Actor.system("tests")}
        issuers.switch_issuer(active=False, **how)  # type: ignore[arg-type]
        assert signing_in.recognised(club, begun.secret, Surface.EMBED) is None
        assert signing_in.sessions_of(begun.signed_in.customer) == []
        issuers.switch_issuer(active=True, **how)  # type: ignore[arg-type]
        assert signing_in.recognised(club, begun.secret, Surface.EMBED) is not None

    def test_a_link_is_undone_by_hand_with_what_it_began(self) -> None:
        club = make.organization()
        begun = frame(club).begin(injected=told(make.trusted_issuer(club)))
        ada = begun.signed_in.customer
        (link,) = linking.sites_of(ada)
        stranger = make.customer(club)
        at, actor = organizations.now(club), Actor.customer(ada.pk)
        assert not linking.unlink(customer=stranger, link_id=link.id, at=at, actor=actor)
        assert linking.unlink(customer=ada, link_id=link.id, at=at, actor=actor)
        assert not linking.unlink(customer=ada, link_id=link.id, at=at, actor=actor)
        assert signing_in.recognised(club, begun.secret, Surface.EMBED) is None

    def test_an_erasure_leaves_nothing_of_how_somebody_signed_in(self) -> None:
        club = make.organization()
        site = make.trusted_issuer(club)
        browser = frame(club)
        ada = browser.begin(browser.prove(), told(site)).signed_in.customer
        bea = Browser(club).sign_in("bea@member.example")
        erase_customer(customer=ada, at=organizations.now(club), actor=Actor.system("tests"))
        assert not CustomerSession.objects.filter(customer=ada).exists()
        assert not SiteLink.objects.exists()
        assert list(FirstSignIn.objects.values_list("customer", flat=True)) == [bea.signed_in.customer.pk]
        assert list(CodeAttempt.objects.values_list("key", flat=True)) == ["bea@member.example"]

    def test_of_two_merged_records_one_that_was_used_makes_the_other_so(self) -> None:
        club = make.organization()
        used = Browser(club).sign_in("used@member.example").signed_in.customer
        ada = make.customer(club, emails=["ada@member.example"])
        merge_customer(customer=used, into=ada, at=organizations.now(club), actor=Actor.system("tests"))
        with pytest.raises(ProofNeeded):
            frame(club).begin(injected=told(make.trusted_issuer(club)))
