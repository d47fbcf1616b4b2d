"""Passkeys of customers: made once signed in, signed in with, kept to their page, organization and device."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import override_settings

from tessera.core import clock, ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.http.errors import TooManyRequests
from tessera.identity import passkeys, sessions, traces
from tessera.identity.errors import PasskeyUnknown, TooManyPasskeys
from tessera.identity.models import Passkey
from tessera.identity.types import Begun, How, SignedIn, Surface
from tessera.organizations.errors import FieldInvalid, PasskeyRefused
from tessera.organizations.models import Organization
from tests import make
from tests.identity.authenticator import DOMAIN, Device, challenge_of, made
from tests.identity.visitors import Browser
from tests.people.racing import at_once


@pytest.fixture
def club(db: None) -> Organization:
    return make.organization()


@pytest.fixture
def ada(club: Organization) -> SignedIn:
    """Signed in at the portal, by a code."""
    return Browser(club).sign_in().signed_in


@pytest.fixture
def phone() -> Device:
    return Device()


def asked(browser: str = "b") -> passkeys.Question:
    return passkeys.question(domain=DOMAIN, browser=browser)


def signed_in(
    club: Organization, device: Device, *, question: passkeys.Question | None = None, browser: str = "b",
    answer: str | None = None, domain: str = DOMAIN, client_address: str = "198.51.100.7",
) -> Begun:  # fmt: skip
    found = question or asked(browser)
    return passkeys.sign_in(
        organization=club,
        domain=domain,
        browser=browser,
        state=found.state,
        answer=answer if answer is not None else device.signed(found.options),
        device="Firefox",
        client_address=client_address,
    )


class TestRight:
    def test_a_passkey_that_was_made_signs_its_owner_in_at_the_portal(
        self, club: Organization, ada: SignedIn, phone: Device
    ) -> None:
        made(ada, phone)

        begun = signed_in(club, phone)

        assert begun.signed_in.customer == ada.customer
        assert (begun.signed_in.surface, begun.signed_in.how) == (Surface.PORTAL, How.PASSKEY)
        assert sessions.recognised(club, begun.secret, Surface.PORTAL) is not None
        assert signed_in(club, phone).signed_in.customer == ada.customer, "and again, with another question"

    def test_the_browser_is_asked_for_one_that_knows_its_owner_and_needs_no_name(self, ada: SignedIn) -> None:
        told = json.loads(passkeys.question_to_make(ada, domain=DOMAIN).options)["publicKey"]
        assert told["rp"] == {"id": DOMAIN, "name": ada.organization.name}
        assert told["authenticatorSelection"]["userVerification"] == "required"
        assert told["authenticatorSelection"]["residentKey"] == "required"
        assert told["user"]["name"] == "ada@member.example"
        to_sign = json.loads(asked().options)["publicKey"]
        assert to_sign["userVerification"] == "required"
        assert not to_sign.get("allowCredentials"), "it tells nobody who has a passkey"

    def test_a_device_is_not_asked_for_a_second_one(self, ada: SignedIn, phone: Device) -> None:
        made(ada, phone)
        told = json.loads(passkeys.question_to_make(ada, domain=DOMAIN).options)["publicKey"]
        assert len(told["excludeCredentials"]) == 1

    def test_it_is_listed_with_its_last_use_renamed_and_removed(
        self, club: Organization, ada: SignedIn, phone: Device
    ) -> None:
        view = made(ada, phone, "  My   phone ")
        assert (view.name, view.used_at) == ("My phone", None)
        signed_in(club, phone)
        (listed,) = passkeys.passkeys_of(ada.customer)
        assert listed.used_at is not None
        assert passkeys.rename(customer=ada.customer, passkey=view.id, name="Tablet").name == "Tablet"

        passkeys.forget(customer=ada.customer, passkey=view.id)

        assert passkeys.passkeys_of(ada.customer) == []
        with pytest.raises(PasskeyRefused):
            signed_in(club, phone)
        kinds = Event.objects.filter(organization_id=club.pk, type__startswith="customer.passkey").order_by("sequence")
        assert [line.type for line in kinds] == [
            EventType.CUSTOMER_PASSKEY_ADDED, EventType.CUSTOMER_PASSKEY_RENAMED, EventType.CUSTOMER_PASSKEY_REMOVED
        ]  # fmt: skip
        assert {str(line.data) for line in kinds} == {str({"passkey": view.id})}

    def test_a_device_that_counts_no_uses_is_taken(self, club: Organization, ada: SignedIn) -> None:
        synced = Device(count=None)
        made(ada, synced)
        for _ in range(2):
            signed_in(club, synced)

    def test_whoever_is_merged_into_another_signs_in_as_them(
        self, club: Organization, ada: SignedIn, phone: Device
    ) -> None:
        made(ada, phone)
        survivor = make.customer(club)
        traces.unite(ada.customer, survivor)
        assert signed_in(club, phone).signed_in.customer == survivor


class TestRefused:
    def test_a_question_is_answered_once_by_whom_it_was_asked_and_soon(
        self, club: Organization, ada: SignedIn, phone: Device
    ) -> None:
        made(ada, phone)
        question = asked()
        answer = phone.signed(question.options)
        for other in ("c", ""):
            with pytest.raises(PasskeyRefused):
                signed_in(club, phone, question=question, answer=answer, browser=other)
        with time_machine.travel(clock.now() + passkeys.LIVES + timedelta(seconds=1)), pytest.raises(PasskeyRefused):
            signed_in(club, phone, question=question, answer=answer)
        signed_in(club, phone, question=question, answer=answer)
        phone.count = 100
        for again in (answer, phone.signed(question.options)):
            with pytest.raises(PasskeyRefused):
                signed_in(club, phone, question=question, answer=again)

    def test_a_passkey_is_made_in_the_session_that_was_asked(
        self, club: Organization, ada: SignedIn, phone: Device
    ) -> None:
        question = passkeys.question_to_make(ada, domain=DOMAIN)
        answer = phone.made(question.options)
        other = Browser(club).sign_in("bob@member.example").signed_in
        with pytest.raises(PasskeyRefused):
            passkeys.make(other, domain=DOMAIN, state=question.state, answer=answer, name="Phone")
        passkeys.make(ada, domain=DOMAIN, state=question.state, answer=answer, name="Phone")
        with pytest.raises(PasskeyRefused):
            passkeys.make(ada, domain=DOMAIN, state=question.state, answer=answer, name="Phone")
        assert Passkey.objects.count() == 1

    def test_a_question_of_one_kind_does_not_answer_the_other(
        self, club: Organization, ada: SignedIn, phone: Device
    ) -> None:
        question = asked(ada.session_id.hex)
        told = json.loads(question.options)["publicKey"]
        as_if = json.dumps({"publicKey": {**told, "user": {"id": "AAAA"}, "rp": {"id": DOMAIN}}})
        with pytest.raises(PasskeyRefused):
            passkeys.make(ada, domain=DOMAIN, state=question.state, answer=phone.made(as_if), name="Phone")

    def test_a_passkey_of_another_organization_is_none(self, club: Organization, ada: SignedIn, phone: Device) -> None:
        made(ada, phone)
        with pytest.raises(PasskeyRefused):
            signed_in(make.organization(), phone)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"verifies": False},
            {"present": False},
            {"origin": "https://evil.example"},
            {"origin": "http://evil.localhost.example"},
            {"rp_id": "evil.example"},
        ],
        ids=lambda wrong: str(wrong),
    )
    def test_a_device_has_to_know_its_owner_and_where_it_is(
        self, club: Organization, ada: SignedIn, phone: Device, wrong: dict[str, object]
    ) -> None:
        with pytest.raises(PasskeyRefused):
            made(ada, Device(**wrong))  # type: ignore[arg-type]
        made(ada, phone)
        with pytest.raises(PasskeyRefused):
            signed_in(club, replace(phone, **wrong))  # type: ignore[arg-type]

    @override_settings(BASE_URL="https://members.club.example")
    def test_a_page_below_our_name_is_not_ours(self, club: Organization, ada: SignedIn) -> None:
        domain = "members.club.example"
        for origin, right in (
            ("https://evil.members.club.example", False),
            ("https://members.club.example:8443", False),
            ("http://members.club.example", False),
            ("https://members.club.example", True),
        ):
            question = passkeys.question_to_make(ada, domain=domain)
            answer = Device(origin=origin).made(question.options)
            if right:
                passkeys.make(ada, domain=domain, state=question.state, answer=answer, name="Phone")
            else:
                with pytest.raises(PasskeyRefused):
                    passkeys.make(ada, domain=domain, state=question.state, answer=answer, name="Phone")

    def test_what_was_altered_is_refused(self, club: Organization, ada: SignedIn, phone: Device) -> None:
        made(ada, phone)
        other_key = replace(phone, key=Device().key)
        question = asked()
        assert len(challenge_of(question.options)) == 32
        for answer in (
            other_key.signed(question.options),
            phone.signed(question.options, type="webauthn.create"),
            phone.signed(question.options, challenge=json.loads(asked().options)["publicKey"]["challenge"]),
            phone.signed(question.options, handle="AAAA"),
            "", "{}", "[]", "null", '{"id": 1}', "[" * 5000, "x" * 30_000, '{"rawId": "AA", "response": {}}',
        ):  # fmt: skip
            with pytest.raises(PasskeyRefused):
                signed_in(club, phone, question=question, answer=answer)
        for state in ("", "x", question.state[:-2], asked().state, "x" * 100_000):
            with pytest.raises(PasskeyRefused):
                signed_in(club, phone, question=replace(question, state=state), answer=phone.signed(question.options))

    def test_a_copy_of_a_device_is_found_by_its_counter(self, club: Organization, ada: SignedIn, phone: Device) -> None:
        made(ada, phone)
        copy = replace(phone)
        signed_in(club, phone)
        with pytest.raises(PasskeyRefused):
            signed_in(club, copy)
        assert Event.objects.filter(organization_id=club.pk, type=EventType.CUSTOMER_PASSKEY_DOUBTED).count() == 1

    def test_somebody_whom_a_site_vouched_for_makes_none(self, ada: SignedIn, phone: Device) -> None:
        with pytest.raises(PasskeyRefused, match="code first"):
            made(replace(ada, how=How.TOKEN), phone)

    def test_there_are_ten_at_most_and_each_once(self, ada: SignedIn, phone: Device) -> None:
        made(ada, phone)
        with pytest.raises(PasskeyRefused, match="known already"):
            made(ada, phone)
        for _ in range(passkeys.MOST - 1):
            made(ada, Device())
        with pytest.raises(TooManyPasskeys):
            made(ada, Device())
        assert Passkey.objects.count() == passkeys.MOST

    @pytest.mark.parametrize(
        "name", ["", "  ", "n" * 101, "a\x00b", "a\u202eb"], ids=["empty", "blank", "long", "nul", "rtl"]
    )
    def test_a_name_is_one(self, ada: SignedIn, phone: Device, name: str) -> None:
        with pytest.raises(FieldInvalid):
            made(ada, phone, name)

    def test_nobody_touches_the_passkeys_of_another(self, club: Organization, ada: SignedIn, phone: Device) -> None:
        view = made(ada, phone)
        other = make.customer(club)
        for named in (view.id, "psk_x", ids.to_text(Prefix.PASSKEY, ids.new_id())):
            with pytest.raises(PasskeyUnknown):
                passkeys.forget(customer=other, passkey=named)
            with pytest.raises(PasskeyUnknown):
                passkeys.rename(customer=other, passkey=named, name="Mine")
        assert passkeys.passkeys_of(other) == []

    def test_nobody_tries_without_end(self, club: Organization, phone: Device) -> None:
        def tries() -> None:
            for _ in range(40):
                with pytest.raises(PasskeyRefused):
                    signed_in(club, phone, answer="{}")

        with pytest.raises(TooManyRequests):
            tries()


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_an_answer_that_comes_twice_at_once_signs_in_once() -> None:
    club = make.organization()
    ada = Browser(club).sign_in().signed_in
    phone = Device()
    made(ada, phone)
    question = asked()
    answer = phone.signed(question.options)

    found = at_once([lambda: signed_in(club, phone, question=question, answer=answer)] * 4)

    assert len([each for each in found if isinstance(each, Begun)]) == 1
    assert {type(each) for each in found if isinstance(each, TesseraError)} == {PasskeyRefused}
