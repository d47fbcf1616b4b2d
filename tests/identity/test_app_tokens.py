"""First-party apps: signed in by a code, renewed, signed out; and what thieves try with their tokens."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.test import Client

from tessera.access import tokens as access_tokens
from tessera.core import clock, ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.http import problems
from tessera.identity import app_tokens, codes, sessions, signatures, signing_keys
from tessera.identity.app_tokens import ACCESS_LIVES, REFRESH_LIVES, REPEAT_WITHIN, AppTokens
from tessera.identity.errors import RefreshTokenInvalid, RefreshTokenReused
from tessera.identity.models import AppGrant, CustomerSession
from tessera.identity.types import Surface
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tests import make
from tests.api.document import refusals
from tests.identity.visitors import Browser, another_than
from tests.people.racing import at_once

SITE = "https://club.example"
APP = "com.club.app"
SECOND = timedelta(seconds=1)


@dataclass
class App:
    """An app of the organization, as its requests look: with the origin of a site, or without for a native one."""

    club: Organization
    origin: str | None = None
    audience: str = APP
    client: Client = field(default_factory=Client)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        sent = {"Origin": self.origin} if self.origin is not None else {}
        answer = self.client.generic(
            method,
            f"/identity/{self.club.slug}/{path}",
            b"" if body is None else json.dumps(body),
            content_type="application/json",
            headers={**sent, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )
        if answer.status_code >= 400:
            assert answer["Content-Type"] == problems.CONTENT_TYPE
        if answer.status_code >= 400 and answer.status_code != 405 and method != "OPTIONS":
            known = refusals(method, f"/identity/{self.club.slug}/{path}", answer.status_code)
            assert answer.json()["code"] in known, f"{path} does not document {answer.json()['code']}"
        assert answer["Cache-Control"] == "no-store"
        return answer

    def post(self, path: str, body: object) -> Any:
        return self.call("POST", path, body)

    def ask(self, email: str = "ada@member.example", **further: str) -> dict[str, Any]:
        answer = self.post("codes", {"email": email, **further})
        assert answer.status_code == 202, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def by_code(self, asked: dict[str, Any], code: str, **further: str) -> Any:
        told = {"attempt": asked["attempt"], "secret": asked["secret"], "audience": self.audience, **further}
        return self.post("token", {"grant": "code", "code": code, **told})

    def signed_in(self, email: str = "ada@member.example") -> dict[str, Any]:
        asked = self.ask(email)
        answer = self.by_code(asked, code_of(self.club, asked["attempt"]))
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def refresh(self, token: str, audience: str | None = None) -> Any:
        body = {"grant": "refresh", "refresh_token": token, "audience": audience or self.audience}
        return self.post("token", body)

    def me(self, token: str) -> Any:
        return self.call("GET", "me", Authorization=f"Bearer {token}")


def code_of(club: Organization, attempt: str) -> str:
    """The code, as the mail that is written now has it."""
    key = ids.from_text(Prefix.CODE_ATTEMPT, attempt)
    assert key is not None
    made = codes.make(club, key)
    assert made is not None
    return made[0]


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def club(db: None) -> Organization:
    found = make.organization()
    found.allowed_origins = [SITE]
    found.save()
    return found


@pytest.fixture
def app(club: Organization) -> App:
    return App(club)


class TestSigningIn:
    def test_a_code_by_mail_gives_tokens_and_they_say_who_that_is(self, club: Organization, app: App) -> None:
        given = app.signed_in()

        customer = Customer.objects.get(organization=club)
        assert given["token_type"] == "Bearer"
        assert given["expires_in"] == ACCESS_LIVES.total_seconds() <= 3600
        assert given["customer"]["id"] == ids.to_text(Prefix.CUSTOMER, customer.pk)
        me = app.me(given["access_token"]).json()
        assert me["customer"] == given["customer"]
        assert (me["customer"]["email"], me["audience"]) == ("ada@member.example", APP)
        (session,) = sessions.sessions_of(customer)
        assert session.surface is Surface.APP
        assert me["session"]["id"] == ids.to_text(Prefix.SESSION, session.id)

    def test_the_access_token_is_one_that_published_keys_check_and_says_nothing_personal(
        self, club: Organization, app: App
    ) -> None:
        token = app.signed_in()["access_token"]

        header = jwt.get_unverified_header(token)
        assert (header["typ"], header["alg"]) == ("tessera-app+jwt", "EdDSA")
        key = signing_keys.public_key(header["kid"])
        assert key is not None
        claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=APP, issuer=signatures.issuer(club))
        assert claims.keys() == {"iss", "aud", "sub", "iat", "exp", "jti", "number", "sid", "auth_time"}
        assert claims["exp"] - claims["iat"] == 900
        told = {name: value for name, value in claims.items() if name not in ("jti", "sid", "sub")}  # random letters
        assert "ada" not in json.dumps(told).lower()

    def test_somebody_known_is_the_same_customer_and_a_test_organization_is_marked(self, db: None) -> None:
        club = make.organization(test_now=make.JAN_10)
        ada = make.customer(club, emails=["ada@member.example"])
        given = App(club).signed_in()
        assert given["customer"]["id"] == ids.to_text(Prefix.CUSTOMER, ada.pk)
        assert jwt.decode(given["access_token"], options={"verify_signature": False})["test"] is True
        assert App(club).me(given["access_token"]).json()["organization"]["test"] is True

    def test_several_who_share_an_address_are_asked_which_of_them_they_are(self, club: Organization, app: App) -> None:
        ada = make.customer(club, first_name="Ada", last_name="Love", emails=["family@member.example"])
        make.customer(club, first_name="Bob", last_name="Love", emails=["family@member.example"])
        asked = app.ask("family@member.example")

        which = app.by_code(asked, code_of(club, asked["attempt"]))

        assert refused(which) == (409, "person_ambiguous")
        assert [each["name"] for each in which.json()["candidates"]] == ["Ada Love", "Bob Love"]
        chosen = ids.to_text(Prefix.CUSTOMER, ada.pk)
        stranger = ids.to_text(Prefix.CUSTOMER, make.customer(club).pk)
        assert refused(app.by_code(asked, "", customer=stranger)) == (409, "person_ambiguous")
        other = {**asked, "secret": "x" * 43}
        assert refused(app.by_code(other, "", customer=chosen))[0] in (409, 422)
        assert app.by_code(asked, "", customer=chosen).json()["customer"]["id"] == chosen
        assert app.by_code(asked, "", customer=chosen).status_code in (409, 422), "and that once"

    def test_a_code_counts_with_the_secret_of_who_asked_alone_and_once(self, club: Organization, app: App) -> None:
        asked = app.ask()
        code = code_of(club, asked["attempt"])
        assert refused(app.by_code({**asked, "secret": "y" * 43}, code)) == (409, "email_code_void")
        wrong = app.by_code(asked, another_than(code))
        assert refused(wrong) == (422, "email_code_wrong")
        assert wrong.json()["tries_left"] == 4
        elsewhere = App(make.organization())
        assert refused(elsewhere.by_code(asked, code)) == (409, "email_code_void")
        assert app.by_code(asked, code).status_code == 200
        assert refused(app.by_code(asked, code)) == (409, "email_code_void")

    def test_another_code_can_be_sent_in_the_place_of_the_first(self, club: Organization, app: App) -> None:
        first = app.ask()
        assert refused(app.post("codes", {"email": "ada@member.example", "secret": first["secret"]}))[0] == 429
        with time_machine.travel(clock.now() + timedelta(seconds=31), tick=False):
            second = app.ask(secret=first["secret"])
            assert second["secret"] == first["secret"]
            assert refused(app.by_code(first, "123456")) == (409, "email_code_void")

    def test_known_and_unknown_addresses_are_answered_alike(self, club: Organization, app: App) -> None:
        make.customer(club, emails=["known@member.example"])
        for email in ("known@member.example", "unknown@member.example"):
            asked = app.ask(email)
            assert asked.keys() == {"attempt", "secret", "email", "resend_at", "expires_at"}
            assert asked["email"] == email


class TestForm:
    @pytest.mark.parametrize(
        ("path", "body", "pointer"),
        [
            ("codes", {}, "/email"),
            ("codes", {"email": "no address"}, "/address"),
            ("codes", {"email": "a@b.example", "more": 1}, "/more"),
            ("codes", {"email": "a@b.example", "secret": "short"}, "/secret"),
            ("codes", ["email"], ""),
            ("token", {}, "/grant"),
            ("token", {"grant": "password"}, "/grant"),
            ("token", {"grant": "refresh"}, "/refresh_token"),
            ("token", {"grant": "refresh", "refresh_token": 7, "audience": "a"}, "/refresh_token"),
            ("token", {"grant": "code", "attempt": "a"}, "/secret"),
            ("revoke", {}, "/refresh_token"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, app: App, path: str, body: object, pointer: str) -> None:
        answer = app.post(path, body)
        assert answer.status_code == 422
        assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}

    def test_what_cannot_be_read_is_refused(self, app: App) -> None:
        at = f"/identity/{app.club.slug}/token"
        assert Client().post(at, b"{", content_type="application/json").json()["code"] == "malformed_json"
        assert Client().post(at, b"a=b", content_type="text/plain").status_code == 415
        assert Client().post(at, b"x" * 1_000_001, content_type="application/json").status_code == 413
        assert refused(app.call("GET", "token")) == (405, "method_not_allowed")
        assert refused(app.call("POST", "me", {})) == (405, "method_not_allowed")
        assert Client().post("/identity/nobody/codes", {}, content_type="application/json").status_code == 404

    @pytest.mark.parametrize("audience", ["", "two words", "a" * 256, "ü"])
    def test_an_audience_has_the_form_of_one_and_nothing_is_spent_on_others(
        self, club: Organization, app: App, audience: str
    ) -> None:
        asked = app.ask()
        code = code_of(club, asked["attempt"])
        assert app.by_code(asked, code, audience=audience).status_code == 422
        assert app.by_code(asked, code).status_code == 200, "the code still counts"

    def test_nobody_asks_without_end(self, app: App) -> None:
        # Three hundred at once; on a slow machine some are given back meanwhile.
        last = next(answer for _ in range(1_000) if (answer := app.refresh("rt_x")).status_code == 429)
        assert refused(last) == (429, "too_many_requests")
        assert int(last["Retry-After"]) >= 1


class TestSites:
    def test_an_allowed_site_may_ask_and_read_the_answer(self, club: Organization) -> None:
        site = App(club, origin=SITE)
        before = site.call("OPTIONS", "token", None, Access_Control_Request_Method="POST")
        assert before.status_code == 204
        assert before["Access-Control-Allow-Methods"] == "POST"
        assert before["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
        for answer in (before, site.post("codes", {"email": "a@b.example"}), site.refresh("rt_x")):
            assert answer["Access-Control-Allow-Origin"] == SITE
            assert "Origin" in answer["Vary"]
            assert "Access-Control-Allow-Credentials" not in answer

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "null", f"{SITE}.evil.example", "http://club.example", ""]
    )
    def test_another_site_may_neither_ask_nor_read(self, club: Organization, origin: str) -> None:
        site = App(club, origin=origin)
        token = App(club).signed_in()["access_token"]
        for answer in (
            site.call("OPTIONS", "token"),
            site.post("codes", {"email": "a@b.example"}),
            site.refresh("rt_x"),
            site.post("revoke", {"refresh_token": "rt_x"}),
            site.me(token),
        ):
            assert refused(answer) == (403, "origin_not_allowed")
            assert "Access-Control-Allow-Origin" not in answer

    def test_a_site_of_another_organization_is_another_site(self, club: Organization) -> None:
        assert refused(App(make.organization(), origin=SITE).refresh("rt_x")) == (403, "origin_not_allowed")


class TestRefreshing:
    def test_a_refresh_token_is_another_after_each_use_and_the_session_goes_on(self, app: App) -> None:
        given = app.signed_in()
        later = clock.now() + timedelta(days=29)
        with time_machine.travel(later, tick=False):
            renewed = app.refresh(given["refresh_token"]).json()
            assert renewed["refresh_token"] != given["refresh_token"]
            assert app.me(renewed["access_token"]).status_code == 200
            assert CustomerSession.objects.get().expires_at == later + REFRESH_LIVES
        with time_machine.travel(later + timedelta(days=29), tick=False):
            assert app.refresh(renewed["refresh_token"]).status_code == 200

    def test_after_thirty_days_it_is_over(self, app: App) -> None:
        given = app.signed_in()
        with time_machine.travel(clock.now() + REFRESH_LIVES + SECOND, tick=False):
            assert refused(app.refresh(given["refresh_token"])) == (401, "refresh_token_invalid")

    def test_an_access_token_is_over_after_a_quarter_of_an_hour(self, app: App) -> None:
        given = app.signed_in()
        with time_machine.travel(clock.now() + ACCESS_LIVES + SECOND, tick=False):
            assert refused(app.me(given["access_token"])) == (401, "token_invalid")

    def test_a_request_that_is_sent_again_gets_the_same_refresh_token(self, app: App) -> None:
        given = app.signed_in()
        first = app.refresh(given["refresh_token"]).json()
        again = app.refresh(given["refresh_token"]).json()
        assert again["refresh_token"] == first["refresh_token"]
        assert app.me(again["access_token"]).status_code == 200
        assert app.refresh(first["refresh_token"]).status_code == 200

    def test_one_that_was_used_a_while_ago_ends_the_session(self, club: Organization, app: App) -> None:
        given = app.signed_in()
        now = clock.now()
        with time_machine.travel(now, tick=False):
            renewed = app.refresh(given["refresh_token"]).json()
        with time_machine.travel(now + REPEAT_WITHIN + SECOND, tick=False):
            assert refused(app.refresh(given["refresh_token"])) == (401, "refresh_token_reused")
            assert refused(app.refresh(renewed["refresh_token"])) == (401, "refresh_token_invalid")
            assert refused(app.me(renewed["access_token"])) == (401, "token_invalid")
        assert not CustomerSession.objects.exists()
        kinds = list(
            Event.objects.filter(organization_id=club.pk).order_by("-sequence").values_list("type", "data")[:2]
        )
        assert [kind for kind, _ in kinds] == [EventType.CUSTOMER_APP_TOKEN_REUSED, EventType.CUSTOMER_SIGNED_OUT]
        assert kinds[1][1] == {"sessions": 1}
        assert "rt_" not in str(kinds)

    def test_a_thief_who_renews_twice_is_found_by_the_owners_next_use(self, app: App) -> None:
        """Or by the thief's, whoever comes second; at once, too, if the successor has been used."""
        given = app.signed_in()
        stolen = app.refresh(given["refresh_token"]).json()["refresh_token"]
        stolen = app.refresh(stolen).json()["refresh_token"]
        assert refused(app.refresh(given["refresh_token"])) == (401, "refresh_token_reused")
        assert refused(app.refresh(stolen)) == (401, "refresh_token_invalid")

    def test_one_of_long_ago_ends_it_too(self, app: App) -> None:
        first = token = app.signed_in()["refresh_token"]
        for _ in range(5):
            token = app.refresh(token).json()["refresh_token"]
        assert refused(app.refresh(first)) == (401, "refresh_token_reused")
        assert refused(app.refresh(token)) == (401, "refresh_token_invalid")

    def test_it_is_of_its_app_and_organization_alone_and_trying_elsewhere_harms_nobody(self, app: App) -> None:
        token = app.signed_in()["refresh_token"]
        assert refused(app.refresh(token, audience="com.other.app")) == (401, "refresh_token_invalid")
        assert refused(App(make.organization()).refresh(token)) == (401, "refresh_token_invalid")
        assert app.refresh(token).status_code == 200

    @pytest.mark.parametrize(
        "change",
        [
            lambda token: token[:-1],
            lambda token: f"{token}A",
            lambda token: token.replace("rt_", "", 1),
            lambda token: token.swapcase(),
            lambda token: token[:40] + ("A" if token[40] != "A" else "B") + token[41:],
            lambda token: "rt_" + "A" * 70,
            lambda token: "rt_é",
            lambda token: "rt_" + "A" * 290,
        ],
        ids=["cut", "longer", "unnamed", "other letters", "one letter", "made up", "not ASCII", "long"],
    )
    def test_one_that_was_altered_is_none_and_harms_nobody(self, app: App, change: Callable[[str], str]) -> None:
        token = app.signed_in()["refresh_token"]
        assert refused(app.refresh(change(token))) == (401, "refresh_token_invalid")
        assert app.refresh(token).status_code == 200

    def test_only_hashes_are_kept(self, app: App) -> None:
        token = app.refresh(app.signed_in()["refresh_token"]).json()["refresh_token"]
        kept = str(list(AppGrant.objects.values())) + str(list(CustomerSession.objects.values()))
        parts = app_tokens._read(token)
        assert parts.secret.hex() not in kept and parts.family.hex() not in kept and token not in kept


class TestEnding:
    def test_signing_out_ends_both_tokens_and_doing_it_again_does_nothing(self, club: Organization, app: App) -> None:
        given = app.signed_in()
        renewed = app.refresh(given["refresh_token"]).json()
        for token in (given["refresh_token"], given["refresh_token"], "rt_x", "nonsense"):
            assert app.post("revoke", {"refresh_token": token}).status_code == 204
        assert refused(app.refresh(renewed["refresh_token"])) == (401, "refresh_token_invalid")
        assert refused(app.me(renewed["access_token"])) == (401, "token_invalid")
        assert Event.objects.filter(organization_id=club.pk, type=EventType.CUSTOMER_SIGNED_OUT).count() == 1

    def test_another_organization_signs_nobody_out(self, app: App) -> None:
        given = app.signed_in()
        assert App(make.organization()).post("revoke", {"refresh_token": given["refresh_token"]}).status_code == 204
        assert app.me(given["access_token"]).status_code == 200

    def test_ending_the_session_in_a_list_ends_the_app_there(self, club: Organization, app: App) -> None:
        given = app.signed_in()
        customer = Customer.objects.get(organization=club)
        (session,) = sessions.sessions_of(customer)
        sessions.end(customer=customer, session_id=session.id)
        assert refused(app.refresh(given["refresh_token"])) == (401, "refresh_token_invalid")
        assert refused(app.me(given["access_token"])) == (401, "token_invalid")

    def test_whoever_is_archived_is_renewed_no_more(self, club: Organization, app: App) -> None:
        given = app.signed_in()
        Customer.objects.filter(organization=club).update(status=CustomerStatus.ARCHIVED)
        assert refused(app.refresh(given["refresh_token"])) == (401, "refresh_token_invalid")
        assert not CustomerSession.objects.exists()

    def test_whoever_is_banned_stays_signed_in_and_is_refused_everything(self, club: Organization, app: App) -> None:
        given = app.signed_in()
        Customer.objects.filter(organization=club).update(status=CustomerStatus.BANNED)
        assert app.refresh(given["refresh_token"]).json()["customer"]["status"] == "banned"

    def test_whoever_was_merged_into_another_is_signed_out(self, club: Organization, app: App) -> None:
        given = app.signed_in()
        other = make.customer(club, first_name="Ada")
        Customer.objects.filter(organization=club, pk=given_id(given)).update(merged_into=other)
        assert refused(app.me(given["access_token"])) == (401, "token_invalid")
        assert refused(app.refresh(given["refresh_token"])) == (401, "refresh_token_invalid")


def given_id(given: dict[str, Any]) -> Any:
    return ids.from_text(Prefix.CUSTOMER, given["customer"]["id"])


class TestTokensOfOthers:
    def test_only_a_token_of_an_app_of_here_says_who_somebody_is(self, club: Organization, app: App) -> None:
        given = app.signed_in()
        token = given["access_token"]
        customer = Customer.objects.get(organization=club)
        answer = access_tokens.mint(organization=club, customer=customer, audience=APP, at=clock.now()).token
        head, body, tail = token.split(".")
        for each in (answer, f"{head}.{body}.{tail[::-1]}", given["refresh_token"], "", "a.b.c", token + "é"):
            assert refused(app.me(each)) == (401, "token_invalid")
        assert refused(App(make.organization()).me(token)) == (401, "token_invalid")
        assert refused(app.call("GET", "me")) == (401, "token_invalid")
        assert refused(app.call("GET", "me", Authorization=f"Basic {token}")) == (401, "token_invalid")
        assert app.call("GET", "me", Authorization=f"bearer {token}").status_code == 200

    def test_a_token_of_an_app_is_a_subject_of_questions_until_its_session_ends(
        self, club: Organization, app: App
    ) -> None:
        given = app.signed_in()
        customer = Customer.objects.get(organization=club)
        make.membership(make.plan(club, permissions=["pool"]), customer=customer)

        def asked() -> tuple[bool, str]:
            answer = (
                Client()
                .post(
                    "/access/v1/evaluation",
                    {
                        "subject": {"type": "token", "id": given["access_token"], "properties": {"audience": APP}},
                        "action": {"name": "use"},
                        "resource": {"type": "permission", "id": "pool"},
                    },
                    content_type="application/json",
                    headers={"Authorization": f"Bearer {make.key(club)[1]}"},
                )
                .json()
            )
            return answer["decision"], answer["context"]["reason"]

        assert asked() == (True, "granted")
        app.post("revoke", {"refresh_token": given["refresh_token"]})
        assert asked() == (False, "token_invalid")


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_two_uses_at_once_both_get_the_same_token_and_one_renews() -> None:
    club = make.organization()
    browser = Browser(club, surface=Surface.APP)
    given = app_tokens.sign_in(
        organization=club, proven=browser.prove(), audience=APP, device="", client_address="127.0.0.1"
    )

    def use() -> AppTokens:
        return app_tokens.refresh(organization=club, token=given.refresh_token, audience=APP)

    found = at_once([use] * 5)

    tokens = {each.refresh_token for each in found if isinstance(each, AppTokens)}
    assert len(tokens) == 1
    assert not [each for each in found if isinstance(each, TesseraError)]
    assert AppGrant.objects.get().number == 2
    (token,) = tokens
    assert app_tokens.refresh(organization=club, token=token, audience=APP).refresh_token != token


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_a_reuse_at_the_same_moment_as_the_right_use_leaves_no_session() -> None:
    club = make.organization()
    browser = Browser(club, surface=Surface.APP)
    first = app_tokens.sign_in(
        organization=club, proven=browser.prove(), audience=APP, device="", client_address="127.0.0.1"
    )
    second = app_tokens.refresh(organization=club, token=first.refresh_token, audience=APP)
    third = app_tokens.refresh(organization=club, token=second.refresh_token, audience=APP)

    def use(token: str) -> AppTokens:
        return app_tokens.refresh(organization=club, token=token, audience=APP)

    found = at_once([lambda: use(first.refresh_token), lambda: use(third.refresh_token)])

    assert isinstance(found[0], RefreshTokenReused)
    assert isinstance(found[1], AppTokens | RefreshTokenInvalid)
    assert not CustomerSession.objects.exists() and not AppGrant.objects.exists()
