"""Every page of the portal names what it needs, and shows nobody what is another's."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.identity.types import Surface
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people.models import Company, Customer
from tessera.people.types import CustomerStatus
from tessera.portal import urls
from tessera.portal.access import Needs
from tests import make
from tests.portal.member import Browser, com, mem, signed_in

pytestmark = pytest.mark.django_db
OPEN = {"sign_in", "by_passkey"}


def pages() -> Iterator[tuple[str, str, Needs]]:
    for each in urls.urlpatterns:
        assert isinstance(each, URLPattern)
        needs = getattr(each.callback, "needs", None)
        assert isinstance(needs, Needs), f"{each.name} names nothing that it needs"
        assert str(each.pattern).startswith("<slug:slug>"), f"{each.name} does not begin at the organization"
        yield str(each.name), str(each.pattern), needs


def address(route: str, name: str, club: Organization, membership: Membership, company: Company) -> str:
    arguments = {"slug": club.slug}
    if "<str:ref>" in route:
        of_company = "companies/" in route
        arguments["ref"] = (
            ids.to_text(Prefix.COMPANY, company.pk) if of_company else ids.to_text(Prefix.MEMBERSHIP, membership.pk)
        )
    if "<str:person>" in route:
        arguments["person"] = ids.to_text(Prefix.CUSTOMER, membership.customer_id or make.JAN_10)  # type: ignore[arg-type]
    return reverse(f"portal:{name}", kwargs=arguments)


def world(club: Organization) -> tuple[Customer, Membership, Company]:
    ada, acme = make.customer(club), make.company(club)
    make.affiliation(ada, acme, company_admin=True)
    return ada, make.membership(make.plan(club, pauses_allowed=True), customer=ada), acme


def test_every_page_names_what_it_needs() -> None:
    needs = {name: needs for name, _route, needs in pages()}
    assert {name for name, each in needs.items() if each is Needs.NOBODY} == OPEN
    assert {name for name, each in needs.items() if each is Needs.COMPANY_ADMIN} == {
        name for name in needs if name.startswith("company")
    }


def test_whoever_is_not_signed_in_does_that_first_and_comes_back(club: Organization) -> None:
    _ada, membership, acme = world(club)
    happened = Event.objects.count()
    for name, route, needs in pages():
        if needs is Needs.NOBODY:
            continue
        path = address(route, name, club, membership, acme)
        for answer in (Browser(club).get(path), Browser(club).post(path)):
            assert answer.location.startswith(f"/portal/{club.slug}/sign-in?next=%2Fportal%2F"), name
            assert answer.headers["Cache-Control"].startswith("max-age=0"), name
    assert Event.objects.count() == happened


@pytest.mark.parametrize("surface", [Surface.EMBED, Surface.APP])
def test_a_session_of_another_surface_is_nothing_here(club: Organization, surface: Surface) -> None:
    ada, membership, _acme = world(club)
    browser = signed_in(ada, surface=surface)
    assert "/sign-in" in browser.get("").location
    assert "/sign-in" in browser.post(f"{mem(membership)}/leave", how="end").location


def test_what_is_another_persons_is_not_there(club: Organization) -> None:
    _ada, membership, acme = world(club)
    stranger = signed_in(make.customer(club))
    happened = Event.objects.count()
    for name, route, _needs in pages():
        if "<str:ref>" in route:
            path = address(route, name, club, membership, acme)
            assert (stranger.get(path).status, stranger.post(path).status) == (404, 404), name
    assert Event.objects.count() == happened


def test_what_is_another_organizations_is_not_there(club: Organization) -> None:
    _ada, membership, acme = world(club)
    elsewhere = make.organization("Elsewhere", test_now=make.JAN_10)
    stranger = signed_in(make.customer(elsewhere))
    for name, route, _needs in pages():
        if "<str:ref>" in route:
            path = address(route, name, elsewhere, membership, acme)
            assert (stranger.get(path).status, stranger.post(path).status) == (404, 404), name
    stranger.client.cookies[f"tessera-portal-session-{club.pk.hex}"] = stranger.client.cookies[
        f"tessera-portal-session-{elsewhere.pk.hex}"
    ].value
    assert "/sign-in" in stranger.get(f"/portal/{club.slug}").location


def test_only_admins_see_to_a_company(club: Organization) -> None:
    acme, other = make.company(club), make.company(club)
    admin, colleague, former = make.customer(club), make.employee(acme), make.customer(club)
    make.affiliation(admin, acme, company_admin=True)
    make.affiliation(admin, other)
    make.affiliation(former, acme, company_admin=True, starts_at=make.JAN_10.replace(year=2025), ends_at=make.JAN_10)

    assert signed_in(admin).get(com(acme)).status == 200
    assert signed_in(admin).get(com(other)).status == 404
    assert signed_in(colleague).get(com(acme)).status == 404
    assert signed_in(former).get(com(acme)).status == 404


@pytest.mark.parametrize("status", [CustomerStatus.BANNED, CustomerStatus.ARCHIVED])
def test_who_is_banned_or_archived_sees_what_is_theirs_and_begins_nothing(
    club: Organization, status: CustomerStatus
) -> None:
    acme = make.company(club)
    ada = make.customer(club, status=status)
    make.affiliation(ada, acme, company_admin=True)
    plan = make.plan(club, amount=0, permissions=["pool"])
    over = make.membership(plan, customer=ada, starts_at=make.JAN_10.replace(year=2025), ends_at=make.JAN_10)
    browser = signed_in(ada)

    home = browser.get("")
    assert home.status == 200
    assert ada.ban_reason == "" or ada.ban_reason not in home.text
    assert "Nothing now." in home.words
    assert browser.get(com(acme)).status == 404
    assert browser.post(f"{mem(over)}/renew").location.endswith(mem(over))
    assert Membership.objects.get(pk=over.pk).renews is False


def test_a_record_that_was_merged_is_signed_out(club: Organization) -> None:
    ada = make.customer(club)
    browser = signed_in(ada)
    ada.merged_into = make.customer(club)
    ada.save()
    assert "/sign-in" in browser.get("").location


def test_forms_need_their_token(club: Organization) -> None:
    ada, membership, _acme = world(club)
    browser = Browser(club, strict=True).sign_in_as(ada)
    answer = browser.post(f"{mem(membership)}/leave", how="end")
    assert answer.status == 403
    assert "Your browser sent no cookie along" in answer.words


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.example/",
        "//evil.example/",
        "/portal/other-club",
        "/console/",
        "javascript:alert(1)",
        "/portal/{slug}/../../console",
        "/portal/{slug}//evil.example",
        "/portal/{slug}\\evil",
        "/portal/{slug}x",
        "\x00",
    ],
)
def test_signing_in_leads_nowhere_but_to_this_portal(club: Organization, asked: str) -> None:
    browser = signed_in(make.customer(club))
    answer = browser.client.get(f"/portal/{club.slug}/sign-in", {"next": asked.replace("{slug}", club.slug)})
    assert answer.headers["Location"] == f"/portal/{club.slug}"


def test_nobody_can_frame_the_portal(club: Organization) -> None:
    club.allowed_origins = ["https://club.example"]
    club.save()
    for path in ("", "/sign-in"):
        answer = signed_in(make.customer(club)).get(path) if not path else Browser(club).get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_an_organization_that_there_is_not_has_no_portal() -> None:
    assert Client().get("/portal/nowhere").status_code == 404


def test_looking_at_pages_writes_nothing_and_reads_as_much_however_much_there_is(club: Organization) -> None:
    ada, membership, acme = world(club)
    plan = make.plan(club, permissions=["gym"], seats=2)
    gift = make.membership(make.plan(club, amount=0), customer=ada, renews=True)
    make.membership(plan, company=acme)
    browser = signed_in(ada)
    paths = ["", mem(membership), f"{mem(gift)}/change", "/details", "/details/email", "/sessions", "/data", com(acme)]
    few = [browser.get(path).queries for path in paths]
    for n in range(6):
        make.membership(make.plan(club, permissions=[f"p{n}"]), customer=ada)
        make.employee(acme)
        make.question(club)
    happened = Event.objects.count()
    many = [browser.get(path).queries for path in paths]
    assert Event.objects.count() == happened
    assert many == few
    assert max(many) <= 12, dict(zip(paths, many, strict=True))
