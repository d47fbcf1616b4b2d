"""What somebody sends whose session has ended meanwhile."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from tessera.people.models import Customer
from tests import make
from tests.console.visitor import Visitor

pytestmark = pytest.mark.django_db


def test_what_was_sent_is_kept_and_nothing_is_changed(owner: Visitor) -> None:
    owner.client.logout()
    for htmx in (False, True):
        page = owner.post("customer_new", htmx=htmx, first_name='Ada "A"', last_name="<Okonkwo>", emails="a@x.example")
        assert page.status == 422
        assert "You have been signed out" in page.words
        assert page.value("first_name") == "Ada &quot;A&quot;" or page.value("first_name") == 'Ada "A"'
        assert "<Okonkwo>" not in page.text
        assert owner.address("customer_new") in page.text
        assert page.headers.get("HX-Retarget", "") == ("#drawer" if htmx else "")
    assert not Customer.objects.exists()


def test_passwords_are_not_written_into_the_page(owner: Visitor) -> None:
    owner.client.logout()
    answer = owner.client.post(reverse("console:account_password"), {"password": "horse-staple-7", "note": "kept-note"})
    assert answer.status_code == 422
    assert b"horse-staple-7" not in answer.content
    assert b"kept-note" in answer.content


def test_once_signed_in_again_it_is_done(owner: Visitor) -> None:
    owner.client.logout()
    owner.post("customer_new", first_name="Ada", last_name="Okonkwo")
    assert owner.staff is not None
    owner.client.force_login(owner.staff.user)
    owner.post("customer_new", first_name="Ada", last_name="Okonkwo")
    assert Customer.objects.get().last_name == "Okonkwo"


def test_the_token_is_that_of_the_session_there_is(owner: Visitor) -> None:
    strict = Client(enforce_csrf_checks=True)
    token = strict.get(reverse("console:token")).json()["token"]
    assert owner.staff is not None
    make.staff(owner.club, email="kim@club.example", password=make.PASSWORD)
    sent = {"username": "kim@club.example", "password": make.PASSWORD, "csrfmiddlewaretoken": token}
    assert strict.post(reverse("console:signin"), sent).status_code == 302


def test_a_page_that_is_only_looked_at_leads_to_signing_in_and_back(owner: Visitor) -> None:
    owner.client.logout()
    assert owner.get("customers").location.startswith("/console/signin?next=")


def test_a_list_is_come_back_to_as_it_was_narrowed_down(owner: Visitor) -> None:
    owner.client.logout()
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{owner.address('customers')}?tag=press"}
    answer = owner.client.get(owner.address("customers"), {"tag": "press", "q": "a"}, headers=headers)
    assert parse_qs(urlsplit(answer.headers["HX-Redirect"]).query)["next"] == [
        owner.address("customers") + "?tag=press"
    ]


def test_what_a_page_of_an_earlier_session_sends_is_kept_to_be_sent_again(owner: Visitor) -> None:
    assert owner.staff is not None
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(owner.staff.user)
    told = {"first_name": "Ada", "last_name": "Okonkwo", "csrfmiddlewaretoken": "of-another-session"}
    kept = strict.post(owner.address("customer_new"), told, headers={"HX-Request": "true"})
    assert kept.status_code == 422 and not Customer.objects.exists()
    text = kept.content.decode()
    assert "Send it again" in text and "Sign in in a new window" not in text
    token = text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert strict.post(owner.address("customer_new"), {**told, "csrfmiddlewaretoken": token}).status_code == 302
    # A page of anybody's cannot say that it is ours: it gets nothing to be sent again.
    assert strict.post(owner.address("customer_new"), {**told, "first_name": "Eve"}).status_code == 403


def test_a_form_that_is_being_filled_in_stays_and_says_so(owner: Visitor) -> None:
    ada = make.customer(owner.club)
    owner.client.logout()
    headers = {"HX-Request": "true", "HX-Target": "outlook"}
    answer = owner.client.get(owner.address("customer_assign", ada), {"first_day": "2026-02-01"}, headers=headers)
    text = answer.content.decode()
    assert answer.status_code == 200 and "HX-Redirect" not in answer.headers
    assert "You have been signed out" in text and 'id="outlook"' in text
    assert f'hx-get="{owner.address("customer_assign", ada)}"' in text  # asks anew
