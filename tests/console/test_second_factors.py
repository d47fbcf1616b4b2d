"""Signing in with more than a password: an app's codes, recovery codes; setting them up and taking them away."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tessera.events.models import Event, EventOrigin
from tessera.http import limits
from tessera.organizations import factors
from tessera.organizations.models import Organization, Staff, User
from tests import make
from tests.console.visitor import Visitor, prove

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_has_tried_yet() -> None:
    limits.forget_everyone()


@pytest.fixture
def staff(club: Organization) -> Staff:
    return make.staff(club, password=make.PASSWORD)


def with_password(staff: Staff, onwards: str = "") -> tuple[Client, str]:
    """A browser whose password was right, and where it was led."""
    client = Client()
    answer = client.post("/console/signin", {"username": staff.user.email, "password": make.PASSWORD, "next": onwards})
    assert answer.status_code == 302
    return client, answer.headers["Location"]


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def happened(club: Organization, what: str) -> list[Event]:
    return list(Event.objects.filter(organization=club, type=what).order_by("sequence"))


def test_without_a_second_factor_the_password_is_enough(staff: Staff) -> None:
    client, onwards = with_password(staff)
    assert signed_in(client) and onwards == "/console/"


def test_with_an_app_the_password_is_half_the_way(staff: Staff) -> None:
    secret = make.authenticator_app(staff.user)
    client, onwards = with_password(staff, "/console/somewhere")
    assert onwards == "/console/second-factor?next=%2Fconsole%2Fsomewhere"
    assert not signed_in(client)

    answer = client.post("/console/second-factor", {"proof_code": make.totp(secret), "next": "/console/somewhere"})
    assert answer.headers["Location"] == "/console/somewhere"
    assert signed_in(client)


def test_signing_in_is_recorded_with_how_and_from_where(club: Organization, staff: Staff) -> None:
    secret = make.authenticator_app(staff.user)
    client, _ = with_password(staff)
    client.post(
        "/console/second-factor",
        {"proof_code": make.totp(secret)},
        REMOTE_ADDR="203.0.113.7",
        headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
    )
    (line,) = happened(club, "staff.signed_in")
    assert line.data["by"] == ["password", "app"]
    origin = EventOrigin.objects.get(event_id=line.pk)
    assert (origin.address, origin.device) == ("203.0.113.7", "Firefox on Linux")
    assert "203.0.113.7" not in str(line.data)


def test_a_code_is_typed_as_the_app_shows_it(staff: Staff) -> None:
    secret = make.authenticator_app(staff.user)
    client, _ = with_password(staff)
    code = make.totp(secret)
    client.post("/console/second-factor", {"proof_code": f" {code[:3]} {code[3:]} "})
    assert signed_in(client)


def test_the_codes_of_half_a_minute_ago_and_ahead_count_and_no_others(staff: Staff) -> None:
    secret = make.authenticator_app(staff.user)
    with time_machine.travel(make.JAN_10, tick=False):
        for steps, counts in ((-2, False), (2, False), (-1, True), (0, True), (1, True)):
            client, _ = with_password(staff)
            client.post("/console/second-factor", {"proof_code": make.totp(secret, steps=steps)})
            assert signed_in(client) is counts, steps


def test_a_code_counts_once(staff: Staff) -> None:
    secret = make.authenticator_app(staff.user)
    with time_machine.travel(make.JAN_10, tick=False):
        code = make.totp(secret)
        first, _ = with_password(staff)
        first.post("/console/second-factor", {"proof_code": code})
        second, _ = with_password(staff)
        answer = second.post("/console/second-factor", {"proof_code": code})
        assert signed_in(first) and not signed_in(second) and answer.status_code == 422
        second.post("/console/second-factor", {"proof_code": make.totp(secret, steps=-1)})  # nor an older one
        assert not signed_in(second)


def test_a_wrong_code_is_recorded_and_after_eight_not_even_the_right_one_counts(
    club: Organization, staff: Staff
) -> None:
    secret = make.authenticator_app(staff.user)
    with time_machine.travel(make.JAN_10, tick=False) as traveller:
        client, _ = with_password(staff)
        for _n in range(8):
            answer = client.post("/console/second-factor", {"proof_code": "000000"})
            assert answer.status_code == 422 and b"not right now" in answer.content
        answer = client.post("/console/second-factor", {"proof_code": make.totp(secret)})
        assert answer.status_code == 429 and b"Wait 15 min" in answer.content
        assert not signed_in(client)
        assert len(happened(club, "staff.second_factor_failed")) == 8

        traveller.shift(timedelta(minutes=15))
        client, _ = with_password(staff)
        client.post("/console/second-factor", {"proof_code": make.totp(secret)})
        assert signed_in(client)


def test_the_second_step_is_for_ten_minutes_and_for_the_same_password(staff: Staff) -> None:
    secret = make.authenticator_app(staff.user)
    with time_machine.travel(make.JAN_10, tick=False) as traveller:
        slow, _ = with_password(staff)
        traveller.shift(timedelta(minutes=11))
        answer = slow.post("/console/second-factor", {"proof_code": make.totp(secret)})
        assert answer.headers["Location"] == "/console/signin" and not signed_in(slow)

        overtaken, _ = with_password(staff)
        staff.user.set_password("quite another sentence")
        staff.user.save()
        overtaken.post("/console/second-factor", {"proof_code": make.totp(secret)})
        assert not signed_in(overtaken)


def test_nobody_skips_the_first_step(staff: Staff) -> None:
    secret = make.authenticator_app(staff.user)
    client = Client()
    answer = client.post("/console/second-factor", {"proof_code": make.totp(secret)})
    assert answer.headers["Location"] == "/console/signin" and not signed_in(client)


def test_a_recovery_code_counts_once(club: Organization, staff: Staff) -> None:
    make.authenticator_app(staff.user)
    codes = factors.make_recovery_codes(user=staff.user)
    assert len(codes) == len(set(codes)) == 10
    client, _ = with_password(staff)
    client.post("/console/second-factor", {"proof_code": f"{codes[3][:5]} {codes[3][5:]}"})
    assert signed_in(client)
    assert happened(club, "staff.signed_in")[0].data["by"] == ["password", "recovery_code"]
    assert factors.factors_of(staff.user).codes_left == 9

    again, _ = with_password(staff)
    again.post("/console/second-factor", {"proof_code": codes[3]})
    assert not signed_in(again)


def at_home(club: Organization, staff: Staff) -> Visitor:
    visitor = Visitor(club, staff)
    visitor.client.force_login(staff.user)
    prove(visitor.client)
    return visitor


def test_setting_an_app_up_ends_with_recovery_codes_shown_once(club: Organization, staff: Staff) -> None:
    visitor = at_home(club, staff)
    page = visitor.open("/console/account/security/app")
    secret = re.search(r'class="key"><code>([A-Z2-7 ]+)</code>', page.text)
    assert secret is not None and '<svg class="qr"' in page.text and "style=" not in page.text
    plain = secret[1].replace(" ", "")

    wrong = visitor.client.post("/console/account/security/app", {"code": "000000"})
    assert wrong.status_code == 422 and not factors.has_second_factor(staff.user)
    assert secret[1].encode() in wrong.content  # the same secret is still to be scanned

    shown = visitor.client.post("/console/account/security/app", {"code": make.totp(plain)})
    codes = re.findall(r"<li><code>(\d{5} \d{5})</code>", shown.content.decode())
    assert len(codes) == 10
    assert factors.has_second_factor(staff.user)
    assert codes[0] not in visitor.open("/console/account/security").text
    assert [line.data["factor"] for line in happened(club, "staff.second_factor_added")] == ["app"]

    client, _ = with_password(staff)
    client.post("/console/second-factor", {"proof_code": make.totp(plain, steps=1)})
    assert signed_in(client)


def test_secrets_are_sealed_in_the_database(staff: Staff) -> None:
    secret = make.authenticator_app(staff.user)
    factors.make_recovery_codes(user=staff.user)
    for row in staff.user.authenticator_set.all():
        assert secret not in str(row.data)
        assert next(iter(row.data.values())).startswith("s1.")


def test_with_the_last_second_factor_the_recovery_codes_go(club: Organization, staff: Staff) -> None:
    make.authenticator_app(staff.user)
    factors.make_recovery_codes(user=staff.user)
    visitor = at_home(club, staff)
    assert "your password alone will open" in visitor.open("/console/account/security/app/remove").words
    assert visitor.client.post("/console/account/security/app/remove").status_code == 302
    assert not staff.user.authenticator_set.exists()
    client, _ = with_password(staff)
    assert signed_in(client)


def test_another_persons_passkey_is_not_there(club: Organization, staff: Staff) -> None:
    other = make.staff(club)
    row = other.user.authenticator_set.create(type="webauthn", data={"name": "Theirs", "credential": {}})
    visitor = at_home(club, staff)
    for verb in ("rename", "remove"):
        address = f"/console/account/security/passkeys/{row.pk}/{verb}"
        assert visitor.open(address).status == 404
        assert visitor.client.post(address, {"name": "Mine"}).status_code == 404
    row.refresh_from_db()
    assert row.data["name"] == "Theirs"


def test_passkeys_are_not_offered_at_a_number_and_it_is_said_why(club: Organization, staff: Staff) -> None:
    visitor = at_home(club, staff)
    page = visitor.client.get("/console/account/security", headers={"Host": "127.0.0.1:8000"}).content.decode()
    assert "Passkeys are not offered here" in page
    assert "Make a passkey" not in page
    named = visitor.client.get("/console/account/security", headers={"Host": "localhost:8000"}).content.decode()
    assert "Make a passkey" in named and "not offered" not in named
    assert visitor.client.get("/console/passkey", headers={"Host": "127.0.0.1:8000"}).status_code == 404


@pytest.mark.parametrize("answer", ["", "x", "[]", "{}", '{"id": 1}', '{"response": {"userHandle": "AA"}}', "\0"])
def test_what_is_no_passkey_opens_nothing(staff: Staff, answer: str) -> None:
    client = Client(headers={"Host": "localhost"})
    client.get("/console/passkey")
    page = client.post("/console/passkey", {"passkey": answer})
    assert page.status_code == 422 and not signed_in(client)
    make.authenticator_app(staff.user)
    half, _ = with_password(staff)
    assert half.post("/console/second-factor", {"proof_passkey": answer or "?"}).status_code == 422


def test_allauths_own_pages_have_no_address(club: Organization, staff: Staff) -> None:
    visitor = at_home(club, staff)
    for path in ("/accounts/login/", "/accounts/signup/", "/console/signup", "/console/login/", "/accounts/2fa/"):
        assert visitor.open(path).status == 404
    for name in ("account_login", "account_signup", "mfa_index", "usersessions_list"):
        with pytest.raises(NoReverseMatch):
            reverse(name)


def test_who_sets_another_password_stays_signed_in_here_and_nowhere_else(club: Organization, staff: Staff) -> None:
    here, _ = with_password(staff)
    there, _ = with_password(staff)
    answer = here.post("/console/account/password", {"password": "a much longer sentence"})
    assert answer.status_code == 302
    assert here.get("/console/account").status_code == 200
    assert there.get("/console/account").status_code == 302
    assert User.objects.get(pk=staff.user.pk).check_password("a much longer sentence")
    assert here.get("/console/account/sessions").content.count(b"this one") == 1
    weak = here.post("/console/account/password", {"password": "short"})
    assert weak.status_code == 422
