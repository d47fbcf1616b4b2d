"""One's own account: name, language, address, where one is signed in; and the links in mails."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from tessera.core import clock, ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.http import limits
from tessera.organizations import accounts, tokens
from tessera.organizations.models import Organization, Staff, User
from tests import make
from tests.console.visitor import Visitor, prove

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18 Safari/605.1.15"


@pytest.fixture(autouse=True)
def nobody_has_tried_yet() -> None:
    limits.forget_everyone()


@pytest.fixture
def staff(club: Organization) -> Staff:
    return make.staff(club, password=make.PASSWORD, email="sam@club.example")


def sign_in(email: str = "sam@club.example", *, agent: str = BROWSER) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post("/console/signin", {"username": email, "password": make.PASSWORD})
    return client


def types(club: Organization) -> list[str]:
    return list(Event.objects.filter(organization=club).order_by("sequence").values_list("type", flat=True))


def test_a_name_and_a_language_are_the_persons_own_in_all_organizations(club: Organization, staff: Staff) -> None:
    other = make.organization("Elsewhere")
    Staff.objects.create(organization=other, user=staff.user, role="viewer", created_at=make.JAN_10)
    client = sign_in()
    answer = client.post("/console/account", {"name": " Sam Other ", "locale": "de-DE"})
    assert answer.status_code == 302
    user = User.objects.get(pk=staff.user.pk)
    assert (user.name, user.locale) == ("Sam Other", "de-DE")
    for each in (club, other):
        line = Event.objects.filter(organization=each, type="staff.updated").get()
        assert line.data["fields"] == ["locale", "name"] and "Sam" not in str(line.data)
    client.post("/console/account", {"name": "Sam Other", "locale": "de-DE"})
    assert types(club).count("staff.updated") == 1
    assert client.post("/console/account", {"name": "", "locale": "xx"}).status_code == 422


def test_sessions_are_listed_with_device_address_and_which_is_this_one(staff: Staff) -> None:
    sign_in(agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    client = sign_in()
    page = client.get("/console/account/sessions").content.decode()
    assert page.index("Safari on Mac") < page.index("this one") < page.index("Firefox on Linux")
    assert page.count("127.0.0.1") == 2


def test_signing_out_one_browser_and_all_others(club: Organization, staff: Staff) -> None:
    here, lost, forgotten = sign_in(), sign_in(), sign_in()
    page = here.get("/console/account/sessions").content.decode()
    numbers = re.findall(r"/console/account/sessions/(\d+)/end", page)
    assert len(numbers) == 2
    here.post(f"/console/account/sessions/{numbers[0]}/end")
    assert sorted(each.get("/console/account").status_code for each in (lost, forgotten)) == [200, 302]
    here.post("/console/account/sessions/end-others")
    assert {each.get("/console/account").status_code for each in (lost, forgotten)} == {302}
    assert here.get("/console/account").status_code == 200
    assert types(club).count("staff.signed_out") == 2


def test_nobody_signs_somebody_else_out(club: Organization, staff: Staff) -> None:
    make.staff(club, email="eve@club.example", password=make.PASSWORD)
    sam, eve = sign_in(), sign_in("eve@club.example")
    for number in staff.user.usersession_set.values_list("pk", flat=True):
        eve.post(f"/console/account/sessions/{number}/end")
    eve.post("/console/account/sessions/end-others")
    assert sam.get("/console/account").status_code == 200


def test_a_link_sets_another_password_once(club: Organization, staff: Staff) -> None:
    client = sign_in()
    token = tokens.for_password_reset(User.objects.get(pk=staff.user.pk))
    address = f"/console/reset-password/{ids.to_text(Prefix.USER, staff.user.pk)}/{token}"
    visitor = Client()
    assert visitor.get(address).status_code == 200
    assert visitor.post(address, {"password": "short"}).status_code == 422
    assert visitor.post(address, {"password": "quite another sentence"}).status_code == 200
    assert User.objects.get(pk=staff.user.pk).check_password("quite another sentence")
    assert client.get("/console/account").status_code == 302  # signed out everywhere
    assert visitor.post(address, {"password": "and once more, please"}).status_code == 410
    assert "staff.password_set" in types(club)


def test_a_link_is_good_for_a_day_and_for_nobody_else(staff: Staff) -> None:
    other = make.staff(staff.organization)
    token = tokens.for_password_reset(staff.user)
    assert tokens.resets_password_of(other.user.pk, token) is None
    with time_machine.travel(_now() + timedelta(hours=23)):
        assert tokens.resets_password_of(staff.user.pk, token) is not None
    with time_machine.travel(_now() + timedelta(hours=25)):
        assert tokens.resets_password_of(staff.user.pk, token) is None
    sign_in()
    assert tokens.resets_password_of(staff.user.pk, token) is None  # they remembered


def test_a_second_factor_is_asked_for_after_a_reset_too(staff: Staff) -> None:
    make.authenticator_app(staff.user)
    token = tokens.for_password_reset(staff.user)
    client = Client()
    client.post(
        f"/console/reset-password/{ids.to_text(Prefix.USER, staff.user.pk)}/{token}",
        {"password": "quite another sentence"},
    )
    client.post("/console/signin", {"username": "sam@club.example", "password": "quite another sentence"})
    assert "_auth_user_id" not in client.session


def test_asking_for_a_link_tells_nobody_who_has_an_account(club: Organization, staff: Staff, settings: object) -> None:
    _mail_is_sent(settings)
    answers = [
        Client().post("/console/reset-password", {"email": email}).content.decode().replace(email, "…")
        for email in ("sam@club.example", "nobody@club.example")
    ]
    assert answers[0] == answers[1] and "Look into your mail" in answers[0]
    assert types(club).count("staff.password_reset_asked") == 1


def test_links_are_asked_for_three_times_an_hour(staff: Staff, settings: object) -> None:
    _mail_is_sent(settings)
    told = [Client().post("/console/reset-password", {"email": "SAM@club.example"}).status_code for _ in range(4)]
    assert told == [200, 200, 200, 429]


def test_an_address_is_ones_own_once_the_link_sent_there_is_followed(club: Organization, staff: Staff) -> None:
    accounts.ask_email_change(user=staff.user, email="Sam.New@club.example")
    user = User.objects.get(pk=staff.user.pk)
    assert (user.email, user.pending_email) == ("sam@club.example", "sam.new@club.example")
    address = f"/console/confirm-email/{ids.to_text(Prefix.USER, user.pk)}/{tokens.for_email_change(user)}"
    assert Client().get(address).status_code == 200
    user.refresh_from_db()
    assert user.email == "sam@club.example"  # looking changes nothing: mail is read by machines
    assert Client().post(address).status_code == 200
    user.refresh_from_db()
    assert (user.email, user.pending_email) == ("sam.new@club.example", "")
    assert Client().post(address).status_code == 410
    assert types(club) == ["staff.email_change_asked", "staff.email_changed"]
    assert "club.example" not in str(list(Event.objects.values_list("data", flat=True)))


def test_an_address_that_is_somebody_elses_is_refused_also_at_the_last_moment(club: Organization, staff: Staff) -> None:
    visitor = Visitor(club, staff)
    visitor.client.force_login(staff.user)
    prove(visitor.client)
    make.staff(club, email="taken@club.example")
    page = visitor.client.post("/console/account/email", {"email": "Taken@club.example"})
    assert page.status_code == 422 and b"Somebody else" in page.content
    accounts.ask_email_change(user=staff.user, email="soon@club.example")
    user = User.objects.get(pk=staff.user.pk)
    token = tokens.for_email_change(user)
    make.staff(club, email="soon@club.example")
    page = Client().post(f"/console/confirm-email/{ids.to_text(Prefix.USER, user.pk)}/{token}")
    assert page.status_code == 422
    user.refresh_from_db()
    assert user.email == "sam@club.example"


def test_a_change_of_address_can_be_called_off(staff: Staff) -> None:
    accounts.ask_email_change(user=staff.user, email="soon@club.example")
    user = User.objects.get(pk=staff.user.pk)
    token = tokens.for_email_change(user)
    client = sign_in()
    assert b"soon@club.example" in client.get("/console/account").content
    client.post("/console/account/email/keep")
    assert tokens.changes_email_of(user.pk, token) is None


def _mail_is_sent(settings: object) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"  # type: ignore[attr-defined]


def _now() -> datetime:
    return clock.now()
