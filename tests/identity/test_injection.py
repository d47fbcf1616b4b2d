"""Tokens of sites: what is taken, and every way in which one is not, each with its own code."""

import base64
import hashlib
import hmac
import json
import re
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from time_machine import TimeMachineFixture

from tessera.http.errors import TooManyRequests
from tessera.http.outbound import Answer, OutboundFailed
from tessera.identity import injection, site_tokens
from tessera.identity.errors import InjectionRefused
from tessera.identity.models import Injection, PublishedKeys, UsedToken
from tessera.identity.types import Injected, Refusal
from tessera.organizations import issuer_keys, issuers
from tests import make
from tests.identity.sites import NONCE, ORIGIN, Site, b64, pem
from tests.people.racing import at_once
from tools.findings import ROOT

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
DAY = 24 * 60 * 60


@pytest.fixture
def site(db: None) -> Site:
    return Site(make.organization())


def refusal(site: Site, token: str, **how: object) -> str:
    """The code that a token is refused with; nothing of it stays but a line for staff."""
    before = UsedToken.objects.count()
    with pytest.raises(InjectionRefused) as refused:
        site.inject(token, **how)  # type: ignore[arg-type]
    assert UsedToken.objects.count() == before
    line = Injection.objects.order_by("-id").first()
    assert line is not None
    assert line.refusal == refused.value.code
    assert line.detail
    assert token not in str(Injection.objects.values().get(pk=line.pk)) or len(token) < 3
    assert refused.value.refusal == refused.value.code
    return refused.value.code


class TestTaken:
    @pytest.mark.django_db
    @pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
    def test_a_good_token_says_who_the_visitor_is(self, algorithm: str) -> None:
        site = Site(make.organization(), algorithm)
        injected = site.inject(site.token(locale="de_AT", external_id="42"))
        assert injected == Injected(
            site.row.pk, "u-1", "ada@member.example", True, "Ada", "Okonkwo", "de-AT", "42"
        )  # fmt: skip
        line = Injection.objects.get()
        assert (line.issuer, line.said_issuer, line.origin, line.refusal, line.detail) == (
            site.row, site.row.issuer, ORIGIN, "", ""
        )  # fmt: skip

    def test_what_the_site_does_not_say_is_empty(self, site: Site) -> None:
        bare = dict.fromkeys(("email", "email_verified", "given_name", "family_name"), ...)
        assert site.inject(site.token(**bare)) == Injected(site.row.pk, "u-1")

    @pytest.mark.parametrize("said", [False, "true", 1, None, ..., "yes", [True]])
    def test_an_address_is_vouched_for_by_true_and_nothing_else(self, site: Site, said: object) -> None:
        assert site.inject(site.token(email_verified=said)).verified is False

    def test_a_key_id_may_be_left_out_where_there_is_one_key(self, site: Site) -> None:
        assert site.inject(site.token({"kid": ...})).subject == "u-1"
        site.row.keys += issuer_keys.read(pem(Ed25519PrivateKey.generate()))
        site.row.save()
        assert refusal(site, site.token({"kid": ...})) == "key_unknown"

    @pytest.mark.parametrize("typ", ["Tessera-Visitor+JWT", "application/tessera-visitor+jwt"])
    def test_its_type_may_be_written_as_media_types_are(self, site: Site, typ: str) -> None:
        assert site.inject(site.token({"typ": typ})).subject == "u-1"

    def test_names_of_all_scripts_are_taken(self, site: Site) -> None:
        injected = site.inject(
            site.token(given_name="שרה 🌊", family_name="<b>Ó Briain</b>", locale="tlh-KX-nonsense!")
        )
        assert (injected.first_name, injected.last_name, injected.locale) == ("שרה 🌊", "<b>Ó Briain</b>", "")

    def test_a_header_that_brings_its_own_keys_is_not_listened_to(self, site: Site) -> None:
        own = Ed25519PrivateKey.generate()
        brought = {
            "jwk": issuer_keys.read(pem(own))[0], "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x",
            "x5c": ["MIIB"],
        }  # fmt: skip
        forged = site.signed(json.dumps(site.header(**brought)), json.dumps(site.claims()), key=own)
        assert refusal(site, forged) == "signature_wrong"
        assert site.inject(site.token(brought)).subject == "u-1"

    def test_it_takes_few_statements(self, site: Site) -> None:
        token = site.token()
        with CaptureQueriesContext(connection) as statements:
            site.inject(token)
        assert len([each for each in statements if "SAVEPOINT" not in each["sql"]]) <= 5


class TestWhere:
    @pytest.mark.parametrize(
        "origin",
        ["", "null", "https://evil.example", "https://club.example:8443", "http://club.example", "https://club.example/",
         "https://club.example.evil.example", "HTTPS://CLUB.EXAMPLE", "x" * 5000, "\0"],
    )  # fmt: skip
    def test_only_the_organizations_sites_hand_tokens_in(self, site: Site, origin: str) -> None:
        assert refusal(site, site.token(), origin=origin) == "origin_not_allowed"

    def test_a_token_is_for_one_frame(self, site: Site) -> None:
        assert refusal(site, site.token(), nonce="another frame's") == "nonce_wrong"
        assert refusal(site, site.token(nonce=""), nonce="") == "nonce_wrong"
        for said in (..., None, 1, [NONCE], NONCE + "x", "é", "\ud800", "\0"):
            assert refusal(site, site.token(nonce=said)) == "nonce_wrong"

    def test_another_organizations_token_is_none_here(self, site: Site) -> None:
        other = Site(make.organization())
        assert refusal(other, site.token(), club=other.club) == "issuer_unknown"
        # Even if both trust the site: the audience says which of them is meant.
        other.row.issuer, other.row.keys = site.row.issuer, site.row.keys
        other.row.save()
        assert refusal(other, site.token(), club=other.club) == "audience_wrong"

    def test_an_issuer_that_is_off_or_gone_counts_no_more(self, site: Site) -> None:
        site.row.active = False
        site.row.save()
        assert refusal(site, site.token()) == "issuer_off"
        site.row.delete()
        token = site.token()
        assert refusal(site, token) == "issuer_unknown"

    @pytest.mark.parametrize(
        "said", [..., None, 7, "", "https://evil.example", ["https://x.example"], "\0", "x" * 3000]
    )
    def test_an_issuer_is_one_that_is_trusted(self, site: Site, said: object) -> None:
        assert refusal(site, site.token(iss=said)) == "issuer_unknown"


class TestForm:
    def test_a_megabyte_is_not_even_read(self, site: Site) -> None:
        begun = time.process_time()
        assert refusal(site, "e30." * 250_000) == "token_too_large"
        assert refusal(site, site.token(padding="x" * 8192)) == "token_too_large"
        assert time.process_time() - begun < 1

    @pytest.mark.parametrize(
        "token",
        ["", ".", "..", "a.b", "a.b.c.d", "e30.e30.", "e30..e30", "é.e30.e30", "e30.e30.e30\n", "e30=.e30.e30",
         "e.e30.e30", "a+b.e30.e30", "[" * 8000, "null"],
    )  # fmt: skip
    def test_what_is_no_token_is_malformed(self, site: Site, token: str) -> None:
        assert refusal(site, token) == "token_malformed"

    @pytest.mark.parametrize(
        "claims",
        ["", "[]", "null", "7", '"x"', "{", '{"iss": NaN}', '{"a": 1, "a": 1}', "[" * 5000,
         '{"x": 1' + "0" * 5000 + "}"],
    )  # fmt: skip
    def test_claims_are_one_json_object_with_each_name_once(self, site: Site, claims: str) -> None:
        assert refusal(site, site.signed(json.dumps(site.header()), claims)) == "token_malformed"

    def test_a_name_that_comes_twice_is_refused_wherever_it_stands(self, site: Site) -> None:
        claims = json.dumps(site.claims())
        assert (
            refusal(site, site.signed(json.dumps(site.header()), claims[:-1] + ', "sub": "u-2"}')) == "token_malformed"
        )
        header = json.dumps(site.header())
        assert refusal(site, site.signed(header[:-1] + ', "alg": "EdDSA"}', claims)) == "token_malformed"
        deep = claims[:-1] + ', "more": {"a": 1, "a": 2}}'
        assert refusal(site, site.signed(header, deep)) == "token_malformed"

    def test_bytes_that_are_no_text_are_refused(self, site: Site) -> None:
        header, no_text = b64(json.dumps(site.header()).encode()), b64(b"\xff\xfe{}")
        assert refusal(site, f"{header}.{no_text}.e30") == "token_malformed"

    @pytest.mark.parametrize("typ", [..., None, "JWT", "at+jwt", "", "tessera-visitor", 7, ["tessera-visitor+jwt"]])
    def test_another_kind_of_token_is_none(self, site: Site, typ: object) -> None:
        assert refusal(site, site.token({"typ": typ})) == "type_wrong"

    @pytest.mark.parametrize("crit", [["b64"], [], "exp", None])
    def test_what_has_to_be_understood_is_not(self, site: Site, crit: object) -> None:
        assert refusal(site, site.token({"crit": crit, "b64": False})) == "critical_unknown"


class TestKeys:
    @pytest.mark.parametrize(
        "alg", ["none", "nOnE", "NONE", "HS256", "RS384", "PS256", "RS256", "", None, ..., 7, ["EdDSA"], {}]
    )
    def test_the_algorithm_is_the_keys(self, site: Site, alg: object) -> None:
        assert refusal(site, site.token({"alg": alg})) == "algorithm_wrong"

    def test_none_needs_no_signature_and_is_refused(self, site: Site) -> None:
        header, claims = site.header(alg="none"), site.claims()
        unsigned = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}."
        assert refusal(site, unsigned) == "token_malformed"
        assert refusal(site, f"{unsigned}e30") == "algorithm_wrong"

    @pytest.mark.django_db
    def test_the_public_key_is_no_shared_secret(self) -> None:
        """HS256 with the public key as its secret: the oldest confusion of them all."""
        site = Site(make.organization(), "RS256")
        header, claims = json.dumps(site.header(alg="HS256")), json.dumps(site.claims())
        what = f"{b64(header.encode())}.{b64(claims.encode())}"
        for secret in (pem(site.key).encode(), json.dumps(site.jwk).encode()):
            forged = f"{what}.{b64(hmac.new(secret, what.encode(), hashlib.sha256).digest())}"
            assert refusal(site, forged) == "algorithm_wrong"

    @pytest.mark.parametrize("kid", ["unknown", "../../etc/passwd", "' OR 1=1 --", "", "x" * 300, 7, None, ["a"], "\0"])
    def test_a_key_that_the_issuer_does_not_have_is_unknown(self, site: Site, kid: object) -> None:
        assert refusal(site, site.token({"kid": kid})) == "key_unknown"

    @pytest.mark.django_db
    @pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
    def test_a_signature_that_is_changed_or_of_other_words_is_wrong(self, algorithm: str) -> None:
        site = Site(make.organization(), algorithm)
        header, claims, signature = site.token().split(".")
        other = b64(json.dumps(site.claims(sub="u-2")).encode())
        for forged in (
            f"{header}.{other}.{signature}",
            f"{header}.{claims}.{signature[:-8]}AAAAAAAA",
            f"{header}.{claims}.AA",
            f"{header}.{claims}.{'A' * 86}",
            f"{header}.{claims}.{'A' * 2000}",
        ):
            assert refusal(site, forged) == "signature_wrong"

    def test_another_sites_key_does_not_sign_for_this_one(self, site: Site) -> None:
        other = Site(site.club)
        forged = other.signed(json.dumps(site.header()), json.dumps(site.claims()))
        assert refusal(site, forged) == "signature_wrong"


class TestClaims:
    @pytest.mark.parametrize("wrong", ["list", "two", "other", "near", ..., None, 7])
    def test_the_audience_is_exactly_one_text(self, site: Site, wrong: object) -> None:
        own = issuers.audience(site.club)
        said = {
            "list": [own],
            "two": [own, "https://other.example"],
            "other": "https://tessera.example",
            "near": own + " ",
        }
        assert (
            refusal(site, site.token(aud=said.get(wrong, wrong) if isinstance(wrong, str) else wrong))
            == "audience_wrong"
        )

    def test_it_lives_five_minutes_at_most(self, site: Site) -> None:
        now = int(time.time())
        assert site.inject(site.token(iat=now, exp=now + 300)).subject == "u-1"
        for exp in (now + 301, now + 30 * DAY, now, now - 1):
            assert refusal(site, site.token(iat=now, exp=exp)) == "lifetime_too_long"

    def test_it_is_good_before_its_end_and_from_its_beginning_on(
        self, site: Site, time_machine: TimeMachineFixture
    ) -> None:
        time_machine.move_to(NOW, tick=False)
        now = int(NOW.timestamp())
        assert site.inject(site.token(iat=now + 30, exp=now + 90)).subject == "u-1"
        assert refusal(site, site.token(iat=now + 31, exp=now + 90)) == "not_yet_valid"
        assert refusal(site, site.token(nbf=now + 31)) == "not_yet_valid"
        assert site.inject(site.token(nbf=now + 30, iat=now - 100, exp=now + 1)).subject == "u-1"
        assert refusal(site, site.token(iat=now - 100, exp=now)) == "token_expired"
        assert refusal(site, site.token(iat=now - 400, exp=now - 100)) == "token_expired"

    def test_it_lives_in_real_time_in_test_organizations_too(self, time_machine: TimeMachineFixture, db: None) -> None:
        time_machine.move_to(NOW, tick=False)
        site = Site(make.organization(test_now=datetime(2031, 1, 1, tzinfo=UTC)))
        assert site.inject(site.token()).subject == "u-1"

    @pytest.mark.parametrize("name", ["iat", "exp"])
    @pytest.mark.parametrize("said", [..., None, "soon", "1772443800", True, -1, 1e300, [], {}])
    def test_without_both_ends_it_is_not_taken(self, site: Site, name: str, said: object) -> None:
        assert refusal(site, site.token(**{name: said})) == "lifetime_missing"

    @pytest.mark.parametrize("said", [..., None, "", " ", 7, "x" * 201, "a\nb", "\0", "\ud800", ["u-1"], True])
    def test_a_subject_is_a_text(self, site: Site, said: object) -> None:
        assert refusal(site, site.token(sub=said)) == "subject_missing"
        assert refusal(site, site.token(jti=said)) == "id_missing"

    @pytest.mark.parametrize(
        "claims",
        [{"email": "nobody"}, {"email": 7}, {"email": ["a@b.example"]}, {"email": "a@b.example\0"},
         {"given_name": "x" * 201},
         {"family_name": {"a": 1}}, {"given_name": "a\x07b"}, {"external_id": "x" * 201}, {"locale": 7}],
    )  # fmt: skip
    def test_what_is_said_of_somebody_is_as_it_should_be(self, site: Site, claims: dict[str, object]) -> None:
        assert refusal(site, site.token(**claims)) == "claim_invalid"


class TestOnce:
    def test_a_token_is_good_once(self, site: Site) -> None:
        token = site.token()
        site.inject(token)
        assert refusal(site, token) == "token_replayed"
        assert refusal(site, site.token(jti=json.loads(_claims(token))["jti"])) == "token_replayed"

    def test_what_was_refused_is_not_used_up(self, site: Site) -> None:
        token = site.token()
        assert refusal(site, token, nonce="another frame's") == "nonce_wrong"
        assert site.inject(token).subject == "u-1"

    def test_two_sites_may_call_their_tokens_alike(self, site: Site) -> None:
        other = Site(site.club)
        site.inject(site.token(jti="1"))
        assert other.inject(other.token(jti="1")).issuer == other.row.pk

    def test_it_is_remembered_until_it_is_too_old_and_then_forgotten(
        self, site: Site, time_machine: TimeMachineFixture
    ) -> None:
        time_machine.move_to(NOW, tick=False)
        token = site.token()
        site.inject(token)
        time_machine.move_to(NOW + timedelta(seconds=100), tick=False)
        injection.forget_old()
        assert UsedToken.objects.count() == 1
        assert refusal(site, token) == "token_expired"
        time_machine.move_to(NOW + timedelta(seconds=121), tick=False)
        injection.forget_old()
        assert UsedToken.objects.count() == 0

    @pytest.mark.concurrency
    @pytest.mark.django_db(transaction=True)
    def test_handed_in_by_several_at_once_it_is_taken_once(self) -> None:
        site = Site(make.organization())
        token = site.token()
        outcomes = at_once([lambda: site.inject(token) for _ in range(4)])
        assert sum(isinstance(each, Injected) for each in outcomes) == 1
        codes = [each.code for each in outcomes if isinstance(each, InjectionRefused)]
        assert codes == ["token_replayed"] * 3
        assert Injection.objects.count() == 4


@pytest.mark.django_db
class TestPublished:
    def published(self) -> Site:
        return Site(make.organization(), jwks_url="https://club.example/jwks.json")

    def test_keys_are_asked_for_once_and_kept(self) -> None:
        site = self.published()
        for _ in range(3):
            site.inject(site.token())
        assert site.asked == 1

    def test_a_new_key_has_them_asked_for_again_but_once_a_minute(self, time_machine: TimeMachineFixture) -> None:
        time_machine.move_to(NOW, tick=False)
        site = self.published()
        site.inject(site.token())
        for _ in range(5):
            assert refusal(site, site.token({"kid": "made-up"})) == "key_unknown"
        assert site.asked == 1
        site.key = Ed25519PrivateKey.generate()
        assert refusal(site, site.token()) == "key_unknown"
        time_machine.move_to(NOW + timedelta(seconds=60), tick=False)
        assert site.inject(site.token()).subject == "u-1"
        assert site.asked == 2

    def test_a_key_that_was_taken_back_counts_ten_minutes_more(self, time_machine: TimeMachineFixture) -> None:
        time_machine.move_to(NOW, tick=False)
        site = self.published()
        site.inject(site.token())
        old, site.key = site.key, Ed25519PrivateKey.generate()
        stolen = {"header": json.dumps({**site.header(), "kid": issuer_keys.read(pem(old))[0]["kid"]})}
        time_machine.move_to(NOW + timedelta(minutes=10), tick=False)
        forged = site.signed(stolen["header"], json.dumps(site.claims()), key=old)
        assert refusal(site, forged) == "key_unknown"

    def test_a_site_that_does_not_answer_is_believed_for_an_hour(self, time_machine: TimeMachineFixture) -> None:
        time_machine.move_to(NOW, tick=False)
        site = self.published()
        site.inject(site.token())

        def silent(*args: object, **kwargs: object) -> Answer:
            raise OutboundFailed("nobody answered in time", reason="timed_out")

        def inject(token: str) -> Injected:
            return injection.inject(
                organization=site.club, token=token, origin=ORIGIN, nonce=NONCE, client_address="192.0.2.7", ask=silent
            )

        time_machine.move_to(NOW + timedelta(minutes=59), tick=False)
        assert inject(site.token()).subject == "u-1"
        time_machine.move_to(NOW + timedelta(minutes=60), tick=False)
        with pytest.raises(InjectionRefused) as refused:
            inject(site.token())
        assert refused.value.code == "keys_unreachable"
        assert "nobody answered in time" in refused.value.detail

    @pytest.mark.parametrize(
        "answer",
        [Answer(404, {}, b"", 1), Answer(200, {}, b"<html>", 1), Answer(200, {}, b'{"keys": []}', 1),
         Answer(200, {}, b"x" * 70_000, 1)],
    )  # fmt: skip
    def test_what_is_no_set_of_keys_is_not_asked_for_again_at_once(self, answer: Answer) -> None:
        site = self.published()
        asked = []

        def ask(*args: object, **kwargs: object) -> Answer:
            asked.append(args)
            return answer

        for _ in range(3):
            with pytest.raises(InjectionRefused) as refused:
                injection.inject(
                    organization=site.club, token=site.token(), origin=ORIGIN, nonce=NONCE,
                    client_address="192.0.2.7", ask=ask,
                )  # fmt: skip
            assert refused.value.code == "keys_unreachable"
        assert len(asked) == 1

    def test_another_address_is_asked_at_once_and_the_old_keys_are_forgotten(self) -> None:
        site = self.published()
        site.inject(site.token())
        site.row.jwks_url, site.key = "https://club.example/other.json", Ed25519PrivateKey.generate()
        site.row.save()
        assert site.inject(site.token()).subject == "u-1"
        assert site.asked == 2
        assert PublishedKeys.objects.get().url == site.row.jwks_url

    def test_pasted_keys_are_never_asked_for(self, site: Site) -> None:
        site.inject(site.token())
        assert refusal(site, site.token({"kid": "other"})) == "key_unknown"
        assert site.asked == 0


class TestCarried:
    def test_what_was_said_is_carried_by_the_page_and_only_in_its_frame(self, site: Site) -> None:
        injected = site.inject(site.token())
        text = injection.carried(injected, organization=site.club, nonce=NONCE)
        assert injection.carried_back(text, organization=site.club, nonce=NONCE) == injected
        for club, nonce in ((make.organization(), NONCE), (site.club, "another"), (site.club, "")):
            assert injection.carried_back(text, organization=club, nonce=nonce) is None
        for forged in ("", text + "x", text[1:], "x" * 100_000, "é:é:é"):
            assert injection.carried_back(forged, organization=site.club, nonce=NONCE) is None

    def test_it_is_not_carried_for_ever(self, site: Site, time_machine: TimeMachineFixture) -> None:
        time_machine.move_to(NOW, tick=False)
        text = injection.carried(Injected(site.row.pk, "u-1"), organization=site.club, nonce=NONCE)
        time_machine.move_to(NOW + timedelta(minutes=31), tick=False)
        assert injection.carried_back(text, organization=site.club, nonce=NONCE) is None


class TestPutDown:
    def test_nothing_of_the_visitor_or_the_token_is_put_down(self, site: Site) -> None:
        token = site.token(sub="subject-of-mine", email="visitor@member.example")
        site.inject(token)
        refusal(site, token)
        refusal(site, site.token(email="visitor member.example", given_name="Visitor"))
        rows = str(list(Injection.objects.values()))
        for secret in ("subject-of-mine", "visitor", "Visitor", token, token.split(".")[2]):
            assert secret not in rows

    def test_a_client_hands_in_so_many(self, site: Site) -> None:
        for _ in range(120):
            with pytest.raises(InjectionRefused):
                site.inject("x", origin="https://evil.example")
        with pytest.raises(TooManyRequests):
            site.inject(site.token())
        assert Injection.objects.count() == 120

    def test_what_is_old_or_too_much_is_forgotten(
        self, site: Site, time_machine: TimeMachineFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        time_machine.move_to(NOW, tick=False)
        site.inject(site.token())
        time_machine.move_to(NOW + timedelta(days=31), tick=False)
        for _ in range(5):
            site.inject(site.token())
        injection.forget_old()
        assert Injection.objects.count() == 5
        monkeypatch.setattr(injection, "MOST_KEPT", 3)
        injection.forget_old()
        assert Injection.objects.count() == 3


@given(st.text(alphabet="ey.AI0_-=x\n", max_size=60))
def test_no_text_is_anything_but_refused(text: str) -> None:
    with pytest.raises(InjectionRefused):
        site_tokens.read(text)


@given(
    st.dictionaries(
        st.sampled_from(["iss", "aud", "sub", "iat", "exp", "jti", "nonce", "email", "nbf"]),
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    )
)
def test_no_claims_are_anything_but_refused(claims: dict[str, object]) -> None:
    token = site_tokens.Unverified({"alg": "EdDSA"}, claims, b"", b"")
    with pytest.raises(InjectionRefused) as refused:
        site_tokens.judge(token, issuer=UUID(int=0), audience="tessera:org_x", nonce="n", at=NOW)
    assert refused.value.code in set(Refusal)


def _claims(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.split(".")[1] + "==")


def test_every_refusal_is_explained() -> None:
    page = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([a-z_]+)` \|", page[page.index("## Why a token is refused") :], re.MULTILINE)
    assert sorted(explained) == sorted(Refusal)
