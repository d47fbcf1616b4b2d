"""Joining a company by its link or an invitation, and what its admins see to."""

from datetime import timedelta
from typing import Any

import pytest

from tessera.core import clock
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.http import limits
from tessera.organizations.models import Organization
from tessera.people import company_codes, company_joining
from tessera.people.errors import TooManyInvitations
from tessera.people.models import Affiliation, Company, CompanyInvitation, CompanyLink, Customer
from tessera.people.types import CompanyStatus, CustomerStatus
from tests import make
from tests.pages import Page
from tests.portal.member import Browser, com, signed_in

pytestmark = pytest.mark.django_db
NOON = make.JAN_10
ADMIN = Actor.system("tests")


@pytest.fixture(autouse=True)
def nobody_counted() -> None:
    limits.forget_everyone()


@pytest.fixture
def acme(club: Organization) -> Company:
    """A company with one domain that holds a plan with a pool."""
    row = make.company(club)
    row.email_domains = ["acme.example"]
    row.save()
    make.membership(make.plan(club, "Corporate", permissions=["pool"], seats=2), company=row)
    return row


def link(acme: Company, *, for_anyone: bool = False) -> str:
    row = company_joining.make_link(company=acme, for_anyone=for_anyone, at=NOON, actor=ADMIN)
    return f"/join/{acme.organization.slug}/company/{company_codes.of_link(row)}"


def invitation(acme: Company, address: str = "ada@home.example", *, sent: timedelta = timedelta()) -> str:
    row = company_joining.invite(company=acme, address=address, at=NOON, sent_at=clock.now() - sent, actor=ADMIN)
    return f"/join/{acme.organization.slug}/company/{company_codes.of_invitation(row)}"


def by_code(browser: Browser, path: str, address: str) -> Page:
    page = browser.get(path)
    browser.post(path, **{**page.form(do="address"), "address": address})
    page = browser.get(path)
    browser.post(path, **{**page.form(do="code"), "code": browser.code(address)})
    return browser.get(path)


def belonging(acme: Company) -> list[Affiliation]:
    return list(Affiliation.objects.filter(company=acme, ends_at=None).select_related("customer"))


def happened(club: Organization) -> list[str]:
    return list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", flat=True))


def test_who_reads_mail_at_the_companys_domain_joins_by_its_link(club: Organization, acme: Company) -> None:
    path, browser = link(acme), Browser(club, strict=True)
    page = by_code(browser, path, "Ada@ACME.example")
    assert f"Join {acme.name}" in page.words
    refused = browser.post(path, **{**page.form(do="company"), "first_name": " "})
    assert (refused.status, "Your first name is needed." in refused.words) == (422, True)
    sent = {**page.form(do="company"), "first_name": "Ada", "last_name": "Okonkwo"}
    for _ in range(2):
        assert browser.post(path, **sent).location == path
    page = browser.get(path)
    assert f"You belong to {acme.name}" in page.words and "You have it now." in page.words
    (row,) = belonging(acme)
    assert (row.customer.name, row.via, row.company_admin) == ("Ada Okonkwo", "domain", False)
    assert happened(club).count("affiliation.started") == 1
    assert "pool" in browser.get(f"/portal/{club.slug}").words.casefold()


@pytest.mark.parametrize("address", ["eve@evil.example", "eve@notacme.example", "eve@acme.example.evil.example"])
def test_nobody_else_does(club: Organization, acme: Company, address: str) -> None:
    path, browser = link(acme), Browser(club)
    page = by_code(browser, path, address)
    assert "Sign in with your e-mail address at acme.example" in page.words
    answer = browser.post(path, do="company", first_name="Eve")
    assert answer.status == 422
    assert belonging(acme) == []


def test_an_address_that_staff_merely_wrote_down_proves_nothing(club: Organization, acme: Company) -> None:
    eve = make.customer(club, emails=["eve@acme.example"], verified_emails=["eve@evil.example"])
    path = link(acme)
    assert signed_in(eve, address="eve@evil.example").post(path, do="company").status == 422
    assert belonging(acme) == []


def test_whoever_has_the_link_joins_if_the_company_wants_it_so(club: Organization, acme: Company) -> None:
    path = link(acme, for_anyone=True)
    ada = make.customer(club, verified_emails=["ada@home.example"])
    browser = signed_in(ada, address="ada@home.example")
    browser.post(path, do="company")
    (row,) = belonging(acme)
    assert (row.customer_id, row.via) == (ada.pk, "invite")


def test_an_invitation_is_for_its_address_alone_and_for_one_use(club: Organization, acme: Company) -> None:
    path = invitation(acme)
    eve = signed_in(make.customer(club), address="eve@acme.example")
    assert "the address that was invited" in eve.get(path).words
    assert eve.post(path, do="company").status == 422

    ada = Browser(club)
    by_code(ada, path, "ada@home.example")
    for _ in range(2):
        assert ada.post(path, do="company", first_name="Ada").status == 303
    assert f"You belong to {acme.name}" in ada.get(path).words
    (row,) = belonging(acme)
    assert row.via == "invite"
    assert CompanyInvitation.objects.get().accepted_at is not None
    assert Browser(club).get(path).status == 404
    assert happened(club).count("company.invitation_accepted") == 1


def test_seats_keep_nobody_out_and_are_told_of(club: Organization, acme: Company) -> None:
    make.employee(acme)
    make.employee(acme)
    path = link(acme, for_anyone=True)
    ada = signed_in(make.customer(club))
    ada.post(path, do="company")
    page = ada.get(path)
    assert f"You belong to {acme.name}" in page.words
    assert "Its seats are taken" in page.words
    assert len(belonging(acme)) == 3


def test_who_has_left_comes_back_by_invitation_only(club: Organization, acme: Company) -> None:
    ada = make.customer(club, verified_emails=["ada@acme.example"])
    make.affiliation(ada, acme, starts_at=NOON - timedelta(days=9), ends_at=NOON - timedelta(days=1))
    browser = signed_in(ada, address="ada@acme.example")
    path = link(acme, for_anyone=True)
    assert f"You have left {acme.name}" in browser.get(path).words
    assert browser.post(path, do="company").status == 422
    assert belonging(acme) == []
    assert browser.post(invitation(acme, "ada@acme.example"), do="company").status == 303
    assert len(belonging(acme)) == 1


@pytest.mark.parametrize("status", [CustomerStatus.BANNED, CustomerStatus.ARCHIVED])
def test_the_banned_and_the_archived_join_nothing(club: Organization, acme: Company, status: CustomerStatus) -> None:
    path, browser = link(acme, for_anyone=True), signed_in(make.customer(club, status=status))
    assert "refusal" in browser.get(path).text
    assert browser.post(path, do="company").status == 422
    assert belonging(acme) == []


def test_an_archived_company_takes_nobody(club: Organization, acme: Company) -> None:
    path, browser = link(acme, for_anyone=True), signed_in(make.customer(club))
    Company.objects.filter(pk=acme.pk).update(status=CompanyStatus.ARCHIVED)
    assert "Nobody can join" in browser.get(path).words
    assert browser.post(path, do="company").status == 422
    assert belonging(acme) == []


def test_what_is_revoked_replaced_too_old_or_elsewhere_opens_nothing(club: Organization, acme: Company) -> None:
    first = link(acme)
    second = link(acme)
    old, again = invitation(acme, sent=timedelta(days=15)), invitation(acme)
    elsewhere = make.organization("Elsewhere", test_now=NOON)
    other = f"{second[:-1]}{'A' if second[-1] != 'A' else 'E'}"
    for path in (first, old, second.replace(club.slug, elsewhere.slug), other, f"{second}x", second[:-5]):
        assert Browser(club).get(path).status == 404, path
    for path in (second, again):
        assert Browser(club).get(path).status == 200
    company_joining.revoke_link(company=acme, at=NOON, actor=ADMIN)
    assert Browser(club).get(second).status == 404
    assert CompanyLink.objects.filter(revoked_at=None).count() == 0


def test_codes_cannot_be_guessed_at_for_long(club: Organization, acme: Company) -> None:
    path = link(acme)[:-43]
    answers = set[int]()
    for _ in range(500):  # sixty at once; on a slow machine some are given back meanwhile
        answers.add(Browser(club).get(f"{path}{'A' * 43}").status)
        if 429 in answers:
            break
    assert answers == {404, 429}


def test_an_admin_sees_people_and_seats_and_removes_somebody(club: Organization, acme: Company) -> None:
    boss = make.customer(club, first_name="Boss")
    make.affiliation(boss, acme, company_admin=True)
    ada, late = make.employee(acme), make.employee(acme)
    browser = signed_in(boss)
    page = browser.get(com(acme))
    assert "2 of 2 seats taken" in page.words
    assert "1 person has nothing of it" in page.words
    assert f"{late.name} no seat in Corporate" in page.words

    address = next(each for each in page.text.split('"') if each.endswith("/remove"))
    assert "The seat is free." in browser.get(address).words
    for _ in range(2):
        answer = browser.post(address)
        assert answer.status in (303, 404)
    assert {row.customer_id for row in belonging(acme)} == {boss.pk, late.pk}
    assert Customer.objects.get(pk=ada.pk).status == CustomerStatus.ACTIVE
    event = Event.objects.get(type="affiliation.ended")
    assert event.actor.startswith("customer:cus_")
    assert "no seat" not in browser.get(com(acme)).words


def test_an_admin_invites_withdraws_and_makes_an_address(club: Organization, acme: Company) -> None:
    boss = make.customer(club)
    make.affiliation(boss, acme, company_admin=True)
    browser = signed_in(boss)
    assert browser.post(f"{com(acme)}/invite", address="nobody").status == 422
    page = browser.follow(f"{com(acme)}/invite", address="ada@home.example")
    assert "ada@home.example" in page.words
    page = browser.follow(f"{com(acme)}/withdraw", invitation=page.form(invitation=_ref())["invitation"])
    assert "ada@home.example" not in page.words
    page = browser.follow(f"{com(acme)}/link", who="domain", do="make")
    assert f"/join/{club.slug}/company/" in page.text
    page = browser.follow(f"{com(acme)}/link", do="revoke")
    assert f"/join/{club.slug}/company/" not in page.text
    assert happened(club)[-4:] == [
        "company.invited",
        "company.invitation_withdrawn",
        "company.link_made",
        "company.link_revoked",
    ]


def _ref() -> str:
    row = CompanyInvitation.objects.get()
    return next(iter(company_joining.waiting_for(row.company, clock.now()))).ref


def test_an_admin_of_one_company_touches_no_other(club: Organization, acme: Company) -> None:
    other, boss = make.company(club), make.customer(club)
    make.affiliation(boss, acme, company_admin=True)
    stranger = make.employee(other)
    invitation(other)
    browser = signed_in(boss)
    ref = _ref()
    assert browser.post(f"{com(acme)}/withdraw", invitation=ref).status == 404
    from_other = f"{com(acme)}/people/cus_{'0' * 26}/remove"
    assert browser.post(from_other).status == 404
    assert {row.customer_id for row in belonging(other)} == {stranger.pk}


def test_invitations_are_few_and_nobody_is_sent_too_many(club: Organization, acme: Company) -> None:
    told: dict[str, Any] = {"company": acme, "address": "ada@home.example", "at": NOON, "actor": ADMIN}
    for _ in range(10):
        company_joining.invite(sent_at=clock.now(), **told)
    with pytest.raises(TooManyInvitations):
        company_joining.invite(sent_at=clock.now(), **told)
    assert CompanyInvitation.objects.get().round == 10
