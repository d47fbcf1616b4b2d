"""Signed answers: what they say, how long they live, and who they are for."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwt.algorithms import OKPAlgorithm

from tessera.access import tokens
from tessera.access.queries import HeldPermission
from tessera.access.types import Source
from tessera.core import clock
from tessera.core.ids import Prefix, new_id, to_text
from tessera.events.models import Event
from tessera.http.scopes import Scope
from tessera.identity import signing_keys
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tests import make
from tests.api.calls import done, refused
from tests.api.client import Developer

AUDIENCE = "https://club.example"


@pytest.fixture
def club(db: None) -> Organization:
    return make.organization()


@pytest.fixture
def api(club: Organization) -> Developer:
    return Developer(make.key(club, scopes=[Scope.ACCESS_READ])[1])


@pytest.fixture
def ada(club: Organization) -> Customer:
    """A member with the pool for another twenty minutes, and the gym without end."""
    person = make.customer(club, first_name="Ada", last_name="Lovelace", emails=["ada@club.example"])
    ends_at = clock.now() + timedelta(minutes=20)
    make.membership(make.plan(club, permissions=["pool"]), customer=person, ends_at=ends_at)
    make.membership(make.plan(club, permissions=["gym"]), customer=person)
    return person


def address(customer: Customer) -> str:
    return f"/customers/{to_text(Prefix.CUSTOMER, customer.pk)}/token"


def read(token: str, *, audience: str = AUDIENCE) -> dict[str, Any]:
    """What somebody reads who has only what is published: keys by their ids."""
    keys = {jwk["kid"]: jwk for jwk in signing_keys.published(clock.now())}
    header = jwt.get_unverified_header(token)
    assert header["typ"] == "tessera-access+jwt"
    key = OKPAlgorithm.from_jwk(keys[header["kid"]])
    found: dict[str, Any] = jwt.decode(token, key, algorithms=["EdDSA"], audience=audience)  # type: ignore[arg-type]
    return found


def test_a_token_says_what_the_customer_may_and_can_be_checked_with_published_keys(
    api: Developer, club: Organization, ada: Customer
) -> None:
    answer = done(api.post(address(ada), {"audience": AUDIENCE}))

    claims = read(answer["token"])
    issuer = f"http://127.0.0.1:8000/organizations/{to_text(Prefix.ORGANIZATION, club.pk)}"
    assert claims.pop("jti")
    assert claims == {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": to_text(Prefix.CUSTOMER, ada.pk),
        "number": ada.number,
        "permissions": ["gym", "pool"],
        "iat": claims["iat"],
        "exp": claims["iat"] + 300,
    }
    assert answer == {
        "token": answer["token"],
        "issuer": issuer,
        "audience": AUDIENCE,
        "customer": claims["sub"],
        "permissions": ["gym", "pool"],
        "expires_at": datetime.fromtimestamp(claims["exp"], UTC).isoformat().replace("+00:00", "Z"),
    }


def test_nothing_personal_is_in_it(api: Developer, ada: Customer) -> None:
    claims = read(done(api.post(address(ada), {"audience": AUDIENCE}))["token"])
    assert not {"Ada", "Lovelace", "ada@club.example"} & set(json.dumps(claims).split('"'))


def test_it_lives_as_long_as_is_asked_and_no_longer_than_its_permissions(api: Developer, ada: Customer) -> None:
    for asked in (30, 900):
        claims = read(done(api.post(address(ada), {"audience": AUDIENCE, "expires_in": asked}))["token"])
        assert claims["exp"] - claims["iat"] == asked
    soon = clock.now() + timedelta(seconds=100)
    make.membership(make.plan(ada.organization, permissions=["sauna"]), customer=ada, ends_at=soon)

    claims = read(done(api.post(address(ada), {"audience": AUDIENCE, "expires_in": 900}))["token"])

    assert claims["permissions"] == ["gym", "pool", "sauna"]
    assert claims["exp"] == int(soon.timestamp())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/audience"),
        ({"audience": ""}, "/audience"),
        ({"audience": "two words"}, "/audience"),
        ({"audience": "schön"}, "/audience"),
        ({"audience": "a" * 256}, "/audience"),
        ({"audience": ["a", "b"]}, "/audience"),
        ({"audience": "a", "expires_in": 29}, "/expires_in"),
        ({"audience": "a", "expires_in": 901}, "/expires_in"),
        ({"audience": "a", "expires_in": "300"}, "/expires_in"),
        ({"audience": "a", "permissions": ["pool"]}, "/permissions"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused_at_its_field(
    api: Developer, ada: Customer, body: object, pointer: str
) -> None:
    answer = api.post(address(ada), body)
    assert answer.status == 422
    assert pointer in answer.faults


@pytest.mark.parametrize("status", [CustomerStatus.BANNED, CustomerStatus.ARCHIVED])
def test_who_is_refused_everything_gets_a_token_that_opens_nothing(
    api: Developer, ada: Customer, status: CustomerStatus
) -> None:
    Customer.objects.filter(pk=ada.pk).update(status=status)
    answer = done(api.post(address(ada), {"audience": AUDIENCE}))
    assert answer["permissions"] == read(answer["token"])["permissions"] == []


def test_a_live_organization_is_never_marked_and_a_test_one_always(club: Organization) -> None:
    """And lives, from the real present, as long as its permissions have left on its own clock."""
    trial = make.organization(test_now=make.JAN_10)
    person = make.customer(trial)
    ends_at = make.JAN_10 + timedelta(seconds=90)
    make.membership(make.plan(trial, permissions=["pool"]), customer=person, ends_at=ends_at)
    real = datetime(2031, 5, 4, 12, 0, 0, 500_000, tzinfo=UTC)

    with time_machine.travel(real, tick=False):
        answer = done(Developer(make.key(trial)[1]).post(address(person), {"audience": AUDIENCE, "expires_in": 900}))
        claims = read(answer["token"])

    assert claims["test"] is True
    assert claims["iat"] == int(real.timestamp())
    assert claims["exp"] == int((real + timedelta(seconds=90)).timestamp())
    live = done(Developer(make.key(club)[1]).post(address(make.customer(club)), {"audience": AUDIENCE}))
    assert "test" not in read(live["token"])


def test_it_asks_for_the_scope_of_questions(club: Organization, ada: Customer) -> None:
    stranger = Developer(make.key(club, scopes=[Scope.CUSTOMERS_READ])[1])
    assert refused(stranger.post(address(ada), {"audience": AUDIENCE})) == (403, "scope_missing", [])
    elsewhere = Developer(make.key(make.organization())[1])
    assert refused(elsewhere.post(address(ada), {"audience": AUDIENCE})) == (404, "customer_not_found", [])
    assert refused(Developer(None).post(address(ada), {"audience": AUDIENCE})) == (401, "key_missing", [])


def test_a_token_is_never_kept_to_be_given_again(api: Developer, ada: Customer) -> None:
    first = api.post(address(ada), {"audience": AUDIENCE}, Idempotency_Key="once")
    again = api.post(address(ada), {"audience": AUDIENCE}, Idempotency_Key="once")
    assert first.status == 200
    assert refused(again) == (409, "secret_already_shown", [])


def test_somebody_merged_is_who_they_were_merged_into(api: Developer, club: Organization, ada: Customer) -> None:
    old = make.customer(club, merged_into=ada)
    answer = done(api.post(address(old), {"audience": AUDIENCE}))
    assert answer["customer"] == to_text(Prefix.CUSTOMER, ada.pk)


def test_it_writes_nothing_once_there_is_a_key(api: Developer, ada: Customer) -> None:
    done(api.post(address(ada), {"audience": AUDIENCE}))
    before = Event.objects.count()
    done(api.post(address(ada), {"audience": AUDIENCE}))
    assert Event.objects.count() == before


def held(valid_until: datetime | None) -> HeldPermission:
    return HeldPermission("pool", "Pool", Source.OWN, None, "", new_id(), new_id(), "Gold", False, valid_until)


INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
AHEAD = st.one_of(
    st.none(),
    st.timedeltas(timedelta(microseconds=1), timedelta(minutes=20)),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=365_000)),
)


@given(at=INSTANTS, real=INSTANTS, ends=st.lists(AHEAD, max_size=5), life=st.integers(30, 900))
def test_no_token_outlives_what_it_names(at: datetime, real: datetime, ends: list[timedelta | None], life: int) -> None:
    permissions = [held(None if each is None else at + each) for each in ends]

    keys, expires_at = tokens.lasting(permissions, life=timedelta(seconds=life), at=at, real=real)

    assert real.timestamp() < expires_at <= (real + timedelta(seconds=life)).timestamp()
    named = [
        each
        for each in ends
        if each is None or real + min(each, timedelta(days=1)) >= datetime.fromtimestamp(expires_at, UTC)
    ]
    assert len(keys) == len(named), "what cannot be named is left out, and nothing else"
    for each in permissions:
        if each.valid_until is not None and each.valid_until - at >= timedelta(seconds=1):
            assert datetime.fromtimestamp(expires_at, UTC) - real <= each.valid_until - at


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(seconds=st.lists(st.floats(0.01, 1000), min_size=1, max_size=3))
def test_no_token_outlives_a_membership(club: Organization, seconds: list[float]) -> None:
    person = make.customer(club)
    at = clock.now()
    for each in seconds:
        plan = make.plan(club, permissions=[f"p-{new_id().hex}"])
        make.membership(plan, customer=person, ends_at=at + timedelta(seconds=each))

    minted = tokens.mint(organization=club, customer=person, audience="a", life=timedelta(minutes=15), at=at)

    assert minted.expires_at > at
    assert minted.expires_at <= at + timedelta(minutes=15)
    for each in sorted(seconds)[-len(minted.permissions) :] if minted.permissions else []:
        assert minted.expires_at <= at + timedelta(seconds=each)


def asked(club: Organization, token: str, properties: Mapping[str, object] | None = None) -> Any:
    """What the access API says to: may whoever bears this use the pool?"""
    from django.test import Client

    subject: dict[str, object] = {"type": "token", "id": token}
    if properties is not None:
        subject["properties"] = properties
    answer = Client().post(
        "/access/v1/evaluation",
        {"subject": subject, "action": {"name": "use"}, "resource": {"type": "permission", "id": "pool"}},
        content_type="application/json",
        headers={"Authorization": f"Bearer {make.key(club)[1]}"},
    )
    if answer.status_code != 200:
        return answer.content.decode()
    body = answer.json()
    return body["decision"], body["context"]["reason"]


class TestAsSubject:
    @pytest.fixture
    def token(self, club: Organization, ada: Customer) -> str:
        return self.minted(club, ada)

    def minted(self, club: Organization, customer: Customer) -> str:
        at = club.test_now or clock.now()
        return tokens.mint(organization=club, customer=customer, audience=AUDIENCE, at=at).token

    def test_a_token_is_whoever_it_is_about_as_they_are_now(
        self, club: Organization, ada: Customer, token: str
    ) -> None:
        assert asked(club, token) == (True, "granted")
        Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED)
        assert asked(club, token) == (False, "customer_banned")

    def test_the_audience_that_is_asked_for_has_to_be_the_tokens(self, club: Organization, token: str) -> None:
        assert asked(club, token, {"audience": AUDIENCE, "ip": "x"}) == (True, "granted")
        assert asked(club, token, {"audience": "https://evil.example"}) == (False, "token_invalid")
        assert asked(club, token, {"audience": ""}) == (False, "token_invalid")
        assert "should be text" in asked(club, token, {"audience": [AUDIENCE]})

    def test_a_token_of_another_organization_is_none(self, club: Organization) -> None:
        other = make.organization()
        foreign = self.minted(other, make.customer(other))
        assert asked(club, foreign) == (False, "token_invalid")

    def test_a_token_that_is_over_is_none(self, club: Organization, token: str) -> None:
        with time_machine.travel(clock.now() + timedelta(seconds=301), tick=False):
            assert asked(club, token) == (False, "token_invalid")

    def test_a_token_of_a_revoked_key_is_none(self, club: Organization, token: str) -> None:
        from tessera.events.types import Actor

        signing_keys.revoke(kid=jwt.get_unverified_header(token)["kid"], at=clock.now(), actor=Actor.system("tests"))
        assert asked(club, token) == (False, "token_invalid")

    @pytest.mark.parametrize("id_", ["", "a", "a.b.c", "é.b.c", "x" * 20_000, "CUS-000001", "." * 500])
    def test_what_is_no_token_at_all_is_refused_like_one(self, club: Organization, ada: Customer, id_: str) -> None:
        assert asked(club, id_) == (False, "token_invalid")

    def test_several_questions_at_once_take_tokens_too(self, club: Organization, token: str) -> None:
        from django.test import Client

        pool = {"type": "permission", "id": "pool"}
        of = [(token, AUDIENCE), (token, "https://evil.example"), (token[:-4] + "AAAA", AUDIENCE)]
        answer = Client().post(
            "/access/v1/evaluations",
            {
                "action": {"name": "use"},
                "resource": pool,
                "evaluations": [
                    {"subject": {"type": "token", "id": each, "properties": {"audience": audience}}}
                    for each, audience in of
                ],
            },
            content_type="application/json",
            headers={"Authorization": f"Bearer {make.key(club)[1]}"},
        )
        assert [each["decision"] for each in answer.json()["evaluations"]] == [True, False, False]
