"""A caller has an allowance, is told what is left of it, and is told how long to wait when it is spent."""

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tessera.http import limits
from tessera.http.scopes import Scope
from tests import make
from tests.http.client import Api


class Watch:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    limits.forget_everyone()
    yield
    limits.forget_everyone()


def test_a_bucket_holds_a_burst_and_fills_at_its_rate() -> None:
    watch = Watch()
    buckets = limits.Buckets("key", rate=2, burst=3, seconds=watch)

    assert [buckets.spend("ada").remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(limits.Spent) as spent:
        buckets.spend("ada")
    assert spent.value.retry_after == 1
    assert buckets.spend("bob").remaining == 2
    watch.now = 0.5
    assert buckets.spend("ada").remaining == 0
    watch.now = 1_000
    assert buckets.spend("ada").remaining == 2


def test_full_buckets_are_forgotten_when_there_are_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_BUCKETS", 10)
    watch = Watch()
    buckets = limits.Buckets("key", rate=1, burst=2, seconds=watch)
    for number in range(9):
        buckets.spend(number)
    watch.now = 100
    buckets.spend("spender")
    buckets.spend("spender")
    buckets.spend("newcomer")

    assert set(buckets._levels) == {"spender", "newcomer"}


@pytest.mark.django_db
def test_answers_say_what_is_left_and_a_spent_key_has_to_wait(settings: Settings) -> None:
    settings.API_RATE, settings.API_BURST, settings.API_PROCESSES = 2, 4, 2
    club = make.organization()
    api, colleague = Api(make.key(club)[1]), Api(make.key(club)[1])

    first = api.get("/organization")
    api.get("/organization")
    third = api.get("/organization")

    assert first.headers["RateLimit-Policy"] == '"key";q=2;w=2'
    assert first.headers["RateLimit"] == '"key";r=1;t=1'
    assert (third.status, third.code) == (429, "too_many_requests")
    assert third.headers["Retry-After"] == "1"
    assert third.headers["RateLimit"].startswith('"key";r=0;')
    assert colleague.get("/organization").status == 200


def test_what_costs_several_requests_takes_them_all_or_none() -> None:
    watch = Watch()
    buckets = limits.Buckets("key", rate=2, burst=5, seconds=watch)

    assert buckets.spend("ada", 3).remaining == 2
    with pytest.raises(limits.Spent) as spent:
        buckets.spend("ada", 4)
    assert spent.value.retry_after == 1
    assert buckets.spend("ada", 2).remaining == 0
    assert buckets.spend("bob", 50).remaining == 0


@pytest.mark.django_db
def test_a_key_without_the_scope_is_limited_too(settings: Settings) -> None:
    settings.API_RATE, settings.API_BURST, settings.API_PROCESSES = 1, 2, 1
    club = make.organization()
    useless, colleague = Api(make.key(club, [Scope.EVENTS_READ])[1]), Api(make.key(club)[1])

    answers = [useless.get("/organization?colour=red") for _ in range(3)]

    assert [answer.code for answer in answers] == ["scope_missing", "scope_missing", "too_many_requests"]
    assert answers[0].headers["RateLimit"].startswith('"key";r=1;')
    assert colleague.get("/organization").status == 200


def test_attempts_to_sign_in_are_limited_by_account_whatever_the_address() -> None:
    for number in range(10):
        limits.sign_in_attempt(address=f"192.0.2.{number}", account="Ada@club.example")
    with pytest.raises(limits.Spent):
        limits.sign_in_attempt(address="192.0.2.99", account="ada@club.example ")
    limits.sign_in_attempt(address="192.0.2.99", account="bob@club.example")
    limits.signed_in(account="ADA@club.example")
    limits.sign_in_attempt(address="192.0.2.99", account="ada@club.example")


def test_attempts_to_sign_in_are_limited_by_address_whatever_the_account() -> None:
    for number in range(30):
        limits.sign_in_attempt(address="192.0.2.1", account=f"{number}@club.example")
    with pytest.raises(limits.Spent):
        limits.sign_in_attempt(address="192.0.2.1", account="ada@club.example")
