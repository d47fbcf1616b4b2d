"""Every address of the console names its right, and nobody without it gets any further."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pytest
from django.urls import URLPattern, URLResolver, reverse

from tessera.console import urls
from tessera.console.access import ANYONE, DEMO_ONLY, SIGNED_IN
from tessera.console.models import SavedView
from tessera.console.verbs import VERBS
from tessera.events.models import Event
from tessera.files.models import Picture
from tessera.http.scopes import Scope
from tessera.jobs.models import Job
from tessera.memberships.models import BulkRun, Membership
from tessera.organizations.models import ApiKey, Invitation, Organization, Staff, TrustedIssuer
from tessera.organizations.rights import Right, Role, may, scopes_of
from tessera.people.models import Company, Customer
from tessera.plans.models import Plan
from tessera.signup.models import Question
from tessera.transfer.models import Export, Import
from tessera.webhooks.models import WebhookEndpoint
from tests import make
from tests.console.visitor import Visitor, ref, working_for

pytestmark = pytest.mark.django_db

# Rights whose pages stand on another branch of the settings.
BUILT_LATER: set[Right] = set()
MOST_QUERIES = 12  # of a page, whoever looks at it
# Drawers that say what will happen by doing it and taking it back: as many as the change itself takes.
FORETELLING = {"unlink", *(f"membership_{verb.name}" for verb in VERBS)}


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
# Whatever is not of an organization is named here, so that nothing is open by oversight.
OPEN = {
    "start": SIGNED_IN,
    "signin": ANYONE,
    "signin_passkey": ANYONE,
    "signin_second": ANYONE,
    "signout": ANYONE,
    "signout_anywhere": ANYONE,
    "reset_password": ANYONE,
    "reset_password_link": ANYONE,
    "confirm_email": ANYONE,
    "invitation": ANYONE,
    "components": DEMO_ONLY,
    "token": ANYONE,
    "signed_in": SIGNED_IN,
}


class Records:
    """Records of the club to be put into the gaps of addresses, made as they are asked for and then kept.

    A new kind of page is told here what its `<str:ref>` is: by the part of the address before it.
    """

    def __init__(self, club: Organization) -> None:
        self.club = club

    @cached_property
    def customers(self) -> Customer:
        return make.customer(self.club)

    @cached_property
    def companies(self) -> Company:
        return make.company(self.club)

    @cached_property
    def employee(self) -> Customer:
        return make.employee(self.companies)

    @cached_property
    def plans(self) -> Plan:
        return make.plan(self.club)

    @cached_property
    def memberships(self) -> Membership:
        return make.membership(self.plans, customer=self.customers)

    @cached_property
    def webhooks(self) -> WebhookEndpoint:
        return make.webhook_endpoint(self.club)

    @cached_property
    def jobs(self) -> Job:
        return make.parked_job(self.club)

    @cached_property
    def staff(self) -> Staff:
        return make.staff(self.club, Role.VIEWER)

    @cached_property
    def views(self) -> SavedView:
        return make.saved_view(self.club)

    @cached_property
    def runs(self) -> BulkRun:
        return make.bulk_run(self.club)

    @cached_property
    def invitations(self) -> Invitation:
        return make.invitation(self.club)

    @cached_property
    def keys(self) -> ApiKey:
        return make.key(self.club)[0]

    @cached_property
    def embedding(self) -> TrustedIssuer:
        return make.trusted_issuer(self.club)

    @cached_property
    def photos(self) -> Picture:
        return make.photo(self.customers)

    @cached_property
    def company_logos(self) -> Picture:
        return make.logo(self.companies)

    @cached_property
    def logo(self) -> Picture:
        return make.logo(self.club)

    @cached_property
    def questions(self) -> Question:
        return make.question(self.club)

    @cached_property
    def imports(self) -> Import:
        return make.import_of(self.club)

    @cached_property
    def exports(self) -> Export:
        return make.export_of(self.club)


def filled(each: Address, records: Organization | Records) -> str:
    """The address with records of the club in its gaps."""
    if not isinstance(records, Records):
        records = Records(records)
    arguments = {"slug": records.club.slug}
    if "<str:ref>" in each.route:
        kind = each.route.partition("/<str:ref>")[0].rpartition("/")[2]
        arguments["ref"] = ref(getattr(records, kind.replace("-", "_")))
    if "<str:listed>" in each.route:
        arguments["listed"] = "customers"
    if "<int:size>" in each.route:
        arguments["size"] = "96"
    if "<str:colour>" in each.route:
        arguments["colour"] = "aabbcc"
    if "<str:key>" in each.route:
        arguments["key"] = make.permission(records.club).key
    if "<str:note_ref>" in each.route:
        of_company = "/companies/" in each.route
        arguments["note_ref"] = ref(make.note(records.companies if of_company else records.customers))
    if "<str:customer_ref>" in each.route:
        arguments["customer_ref"] = ref(records.employee)
    if "<str:price_ref>" in each.route:
        arguments["price_ref"] = ref(records.plans.prices.get())
    if "<str:link_ref>" in each.route:
        arguments["link_ref"] = ref(make.site_link(records.customers))
    if "<str:delivery_ref>" in each.route:
        arguments["delivery_ref"] = ref(make.delivery(records.webhooks))
    return reverse(f"console:{each.name}", kwargs=arguments)


def test_every_address_names_the_right_it_needs() -> None:
    for each in addresses():
        assert each.needs is not None, f"{each.name} names none"
        if each.name in OPEN:
            assert each.needs == OPEN[each.name]
        elif each.route.startswith("account"):
            assert each.needs == SIGNED_IN, each.name
        else:
            assert isinstance(each.needs, Right), each.name
            assert each.route.startswith("<slug:slug>"), f"{each.name} does not begin at the organization"


def test_the_console_is_part_of_the_installation() -> None:
    assert reverse("console:signin") == "/console/signin"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_it_has_the_right_to_and_nothing_else(club: Organization, role: Role) -> None:
    visitor, records = working_for(club, role), Records(club)
    for each in GUARDED:
        page = visitor.open(filled(each, records))
        if may(role, Right(str(each.needs))):
            assert page.status in (200, 302, 405, 409), (each.name, page.status)
            assert "Not for your role" not in page.words
            assert page.queries <= MOST_QUERIES or each.name in FORETELLING, (each.name, page.queries)
        else:
            assert page.status == 403, each.name
            assert "Not for your role" in page.words


@pytest.mark.parametrize("role", list(Role))
def test_a_role_does_what_it_has_the_right_to_and_nothing_else(club: Organization, role: Role) -> None:
    """Sent empty, a form of one's right is refused as a form, or does what needs no telling; others are forbidden."""
    visitor, records = working_for(club, role), Records(club)
    happened = Event.objects.count()
    for each in GUARDED:
        address = filled(each, records)
        if not may(role, Right(str(each.needs))):
            assert visitor.client.post(address).status_code == 403, each.name
    assert Event.objects.count() == happened
    for each in GUARDED:
        if may(role, Right(str(each.needs))):
            answer = visitor.client.post(filled(each, club))
            # 403 is also said of what is somebody else's, such as another's saved view.
            assert answer.status_code in (200, 302, 403, 405, 409, 422), (each.name, answer.status_code)
            assert b"Not for your role" not in answer.getvalue(), each.name


@pytest.mark.parametrize("role", list(Role))
def test_keys_and_pages_agree_on_what_a_role_may(role: Role) -> None:
    assert scopes_of(role) == {scope for scope in Scope if may(role, Right(scope.value))}


def test_every_right_is_asked_for_by_a_page_or_the_api() -> None:
    asked = {each.needs for each in GUARDED} | {Right(scope.value) for scope in Scope}
    assert asked >= set(Right) - BUILT_LATER


def test_who_lacks_the_second_factor_their_role_needs_reaches_nothing_before_setting_one_up(club: Organization) -> None:
    """An owner nowhere, for each page and form; a viewer, who is stopped at the same place, at a few of them."""
    for role, some in ((Role.OWNER, GUARDED), (Role.VIEWER, GUARDED[::20])):
        club.second_factor_roles = [str(role)]
        club.save()
        visitor, records = working_for(club, role), Records(club)
        happened = Event.objects.count()
        for each in some:
            address = filled(each, records)
            assert visitor.open(address).location.startswith("/console/account/security?next="), each.name
            assert visitor.client.post(address).headers["Location"].startswith("/console/account/security"), each.name
            drawer = visitor.open(address, htmx=True)
            assert drawer.headers["HX-Redirect"].startswith("/console/account/security"), each.name
        assert Event.objects.count() == happened
        assert visitor.staff is not None
        make.authenticator_app(visitor.staff.user)
        assert visitor.get("customers").status == 200


def test_other_roles_and_other_organizations_are_not_concerned(club: Organization) -> None:
    club.second_factor_roles = [str(Role.OWNER)]
    club.save()
    visitor = working_for(club, Role.VIEWER)
    assert visitor.get("customers").status == 200
    elsewhere = working_for(make.organization("Elsewhere", test_now=make.JAN_10))
    assert elsewhere.get("customers").status == 200


def test_your_own_account_is_for_whoever_has_signed_in(club: Organization) -> None:
    for each in addresses():
        if each.route.startswith("account"):
            address = reverse(f"console:{each.name}", kwargs={"number": 1} if "<int:number>" in each.route else {})
            assert Visitor(club, None).open(address).location.startswith("/console/signin?next="), each.name
            assert b"You have been signed out" in Visitor(club, None).client.post(address).content, each.name


def test_to_a_stranger_from_another_organization_nothing_is_there(club: Organization) -> None:
    stranger = working_for(make.organization("Elsewhere", test_now=make.JAN_10))
    happened, records = Event.objects.count(), Records(club)
    for each in GUARDED:
        address = filled(each, records)
        assert stranger.open(address).status == 404, each.name
        assert stranger.client.post(address).status_code == 404, each.name
    assert Event.objects.count() == happened


def test_records_of_another_organization_are_not_there_either(club: Organization) -> None:
    stranger = working_for(make.organization("Elsewhere", test_now=make.JAN_10))
    records = Records(club)
    for each in GUARDED:
        if "ref>" in each.route:
            address = filled(each, records).replace(club.slug, stranger.club.slug, 1)
            told = {stranger.open(address).status, stranger.client.post(address).status_code}
            assert 404 in told and told <= {404, 405}, each.name


def test_who_has_not_signed_in_is_asked_to_and_comes_back(club: Organization) -> None:
    visitor, records = Visitor(club, None), Records(club)
    for each in GUARDED:
        address = filled(each, records)
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
    happened, records = Event.objects.count(), Records(club)
    for each in GUARDED:
        address = filled(each, records)
        assert visitor.open(address).status == 404, each.name
        assert visitor.client.post(address).status_code == 404, each.name
    assert Event.objects.count() == happened


def test_looking_changes_nothing(owner: Visitor) -> None:
    happened = Event.objects.count()
    records = Records(owner.club)
    pages = [filled(each, records) for each in GUARDED]
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
