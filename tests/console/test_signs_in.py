"""How a customer signs in, on their page: seen, signed out, unlinked."""

import pytest

from tessera.events.models import Event
from tessera.identity import signing_in
from tessera.identity.models import CustomerSession, SiteLink
from tessera.identity.types import Surface
from tessera.organizations.rights import Role
from tests import make
from tests.console.visitor import Visitor, ref, working_for
from tests.identity.visitors import Browser

pytestmark = pytest.mark.django_db


def test_who_never_signed_in_is_said_so(owner: Visitor) -> None:
    page = owner.get("customer_signs_in", make.customer(owner.club))
    assert "Has never signed in." in page.words
    assert "Sign out everywhere" not in page.words


def test_it_says_since_when_where_and_by_which_sites(owner: Visitor) -> None:
    begun = Browser(owner.club).sign_in()
    ada = begun.signed_in.customer
    make.site_link(ada)
    words = owner.get("customer_signs_in", ada).words
    for text in ("by e-mail code", "Firefox on Linux", "in the portal", "Website", "as the site says"):
        assert text in words, text


def test_it_comes_into_their_page_and_is_a_page_without_script(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    assert owner.address("customer_signs_in", ada) in owner.get("customer", ada).text
    assert "<html" in owner.get("customer_signs_in", ada).text
    assert "<html" not in owner.get("customer_signs_in", ada, htmx=True).text


def test_everywhere_is_signed_out_once_asked(owner: Visitor) -> None:
    browsers = [Browser(owner.club) for _ in range(2)]
    begun = [each.sign_in() for each in browsers]
    ada = begun[0].signed_in.customer
    assert "2 browsers are signed out at once." in owner.get("customer_sign_out", ada, htmx=True).words
    assert CustomerSession.objects.count() == 2
    owner.post("customer_sign_out", ada)
    owner.post("customer_sign_out", ada)
    assert signing_in.recognised(owner.club, begun[0].secret, Surface.PORTAL) is None
    line = Event.objects.get(type="customer.signed_out")
    assert line.actor.startswith("staff:")


def test_a_site_is_unlinked(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    link = make.site_link(ada)
    other = make.site_link(make.customer(owner.club))
    assert "Website" in owner.get("customer_unlink_site", ada, ref(link)).words
    assert owner.get("customer_unlink_site", ada, ref(other)).status == 404
    owner.post("customer_unlink_site", ada, ref(other))
    owner.post("customer_unlink_site", ada, ref(link))
    assert list(SiteLink.objects.all()) == [other]


def test_who_may_only_look_is_offered_nothing(owner: Visitor) -> None:
    ada = Browser(owner.club).sign_in().signed_in.customer
    make.site_link(ada)
    viewer = working_for(owner.club, Role.VIEWER)
    words = viewer.get("customer_signs_in", ada).words
    assert "Firefox on Linux" in words
    assert "Sign out everywhere" not in words
    assert "Unlink" not in words


def test_as_many_queries_for_many_sessions(owner: Visitor) -> None:
    ada = Browser(owner.club).sign_in().signed_in.customer
    make.site_link(ada)
    few = owner.get("customer_signs_in", ada).queries
    for _ in range(4):
        Browser(owner.club).sign_in()
        make.site_link(ada)
    assert owner.get("customer_signs_in", ada).queries == few
