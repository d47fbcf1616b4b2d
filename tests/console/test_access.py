"""Every address of the console names its right, and nobody without it gets any further."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest
from django.urls import URLPattern, URLResolver, reverse

from tessera.console import urls
from tessera.console.access import ANYONE, DEMO_ONLY, SIGNED_IN
from tessera.events.models import Event
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right, Role, may
from tests import make
from tests.console.visitor import Visitor, ref, working_for

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the console, and what it needs."""

    name: str
    route: str
    needs: str | None


def addresses() -> list[Address]:
    return list(_walk(urls.urlpatterns, ""))


def _walk(patterns: Iterable[object], before: str) -> Iterator[Address]:
    for each in patterns:
        assert isinstance(each, URLPattern | URLResolver)
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, route)
        else:
            yield Address(each.name or "", route, getattr(each.callback, "needs", None))


GUARDED = [each for each in addresses() if isinstance(each.needs, Right)]
OPEN = {
    "start": SIGNED_IN,
    "signin": ANYONE,
    "signout": ANYONE,
    "signout_anywhere": ANYONE,
    "components": DEMO_ONLY,
}


def filled(each: Address, club: Organization) -> str:
    """The address with records of the club in its gaps."""
    ada, acme = make.customer(club), make.company(club)
    plan = make.plan(club)
    membership = make.membership(plan, customer=ada)
    endpoint = make.webhook_endpoint(club)
    first = {
        "customers": ada, "companies": acme, "memberships": membership, "plans": plan, "webhooks": endpoint,
        "jobs": make.parked_job(club), "views": make.saved_view(club), "runs": make.bulk_run(club),
        "keys": make.key(club)[0], "embedding": make.trusted_issuer(club),
        "photos": make.photo(ada), "company-logos": make.logo(acme), "logo": make.logo(club),
        "imports": make.import_of(club), "exports": make.export_of(club),
    }  # fmt: skip
    kind = each.route.removeprefix("<slug:slug>/").removeprefix("settings/").split("/")[0]
    arguments = {"slug": club.slug}
    if "<str:ref>" in each.route:
        arguments["ref"] = ref(first[kind])
    if "<str:listed>" in each.route:
        arguments["listed"] = "customers"
    if "<int:size>" in each.route:
        arguments["size"] = "96"
    if "<str:colour>" in each.route:
        arguments["colour"] = "aabbcc"
    if "<str:customer_ref>" in each.route:
        arguments["customer_ref"] = ref(ada)
    if "<str:price_ref>" in each.route:
        arguments["price_ref"] = ref(plan.prices.get())
    if "<str:delivery_ref>" in each.route:
        arguments["delivery_ref"] = ref(make.delivery(endpoint))
    return reverse(f"console:{each.name}", kwargs=arguments)


def test_every_address_names_the_right_it_needs() -> None:
    for each in addresses():
        assert each.needs is not None, f"{each.name} names none"
        if each.name in OPEN:
            assert each.needs == OPEN[each.name]
        else:
            assert isinstance(each.needs, Right), each.name
            assert each.route.startswith("<slug:slug>"), f"{each.name} does not begin at the organization"


def test_the_console_is_part_of_the_installation() -> None:
    assert reverse("console:signin") == "/console/signin"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_it_has_the_right_to_and_nothing_else(club: Organization, role: Role) -> None:
    visitor = working_for(club, role)
    for each in GUARDED:
        assert each.needs is not None
        page = visitor.open(filled(each, club))
        if may(role, Right(each.needs)):
            assert page.status in (200, 302), each.name
        else:
            assert page.status == 403, each.name
            assert "Not for your role" in page.words


def test_to_a_stranger_from_another_organization_nothing_is_there(club: Organization) -> None:
    stranger = working_for(make.organization("Elsewhere", test_now=make.JAN_10))
    happened = Event.objects.count()
    for each in GUARDED:
        address = filled(each, club)
        assert stranger.open(address).status == 404, each.name
        assert stranger.client.post(address).status_code == 404, each.name
    assert Event.objects.count() == happened


def test_records_of_another_organization_are_not_there_either(club: Organization) -> None:
    stranger = working_for(make.organization("Elsewhere", test_now=make.JAN_10))
    for each in GUARDED:
        if "ref>" in each.route:
            address = filled(each, club).replace(club.slug, stranger.club.slug, 1)
            assert stranger.open(address).status == 404, each.name
            assert stranger.client.post(address).status_code in (404, 405), each.name


def test_who_has_not_signed_in_is_asked_to_and_comes_back(club: Organization) -> None:
    visitor = Visitor(club, None)
    for each in GUARDED:
        address = filled(each, club)
        assert visitor.open(address).location.startswith("/console/signin?next=%2Fconsole%2F"), each.name


def test_a_drawer_after_the_session_is_over_leads_to_the_sign_in_page(club: Organization) -> None:
    answer = Visitor(club, None).get("customer_new", htmx=True)
    assert answer.location.startswith("/console/signin")
    assert "Location" not in answer.headers


@pytest.mark.parametrize("shown", ["http://[", "http://[::1/console", "//[x]y", "%00", ""])
def test_a_browser_that_names_no_page_comes_back_to_the_start(club: Organization, shown: str) -> None:
    visitor = Visitor(club, None)
    answer = visitor.client.get(
        visitor.address("customer_new"), headers={"HX-Request": "true", "HX-Current-URL": shown}
    )
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"].startswith("/console/signin?next=")


def test_who_no_longer_works_there_finds_nothing(club: Organization) -> None:
    visitor = working_for(club)
    assert visitor.staff is not None
    visitor.staff.disabled_at = make.JAN_10
    visitor.staff.save()
    assert visitor.get("customers").status == 404


def test_looking_changes_nothing(owner: Visitor) -> None:
    happened = Event.objects.count()
    pages = [filled(each, owner.club) for each in GUARDED]
    versions = [row.version for row in owner.club.memberships.order_by("pk")]
    for address in pages:
        owner.open(address)
    assert Event.objects.count() == happened
    assert [row.version for row in owner.club.memberships.order_by("pk")] == versions


def test_the_living_page_of_components_is_in_demos_only(owner: Visitor, settings: object) -> None:
    assert owner.client.get(reverse("console:components")).status_code == 404
    setattr(settings, "DEMO", True)  # noqa: B010
    assert owner.client.get(reverse("console:components")).status_code == 200


def test_the_accent_is_the_organizations_own_colour(owner: Visitor) -> None:
    page = owner.get("accent")
    assert page.text == f":root {{ --accent: {owner.club.accent}; }}"
    assert page.headers["Content-Type"].startswith("text/css")


def test_pages_are_kept_by_nobody(owner: Visitor) -> None:
    assert "no-store" in owner.get("customers").headers["Cache-Control"]
