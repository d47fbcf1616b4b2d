"""A POST sent twice with one Idempotency-Key happens once and is answered twice."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from tessera.events.models import Event
from tessera.http import idempotency
from tessera.http.models import IdempotencyKey
from tessera.http.scopes import Scope
from tessera.organizations.models import Organization
from tests import make
from tests.http.client import Answer, Api

pytestmark = [pytest.mark.urls("tests.http.sample")]

KEY = {"Idempotency_Key": "door-7/2026-01-10"}
NOW = datetime.now(UTC)


@pytest.fixture
def club(db: None) -> Organization:
    return make.organization("Strand House")


@pytest.fixture
def api(club: Organization) -> Api:
    return Api(make.key(club)[1])


def happened() -> int:
    return Event.objects.count()


def test_the_same_request_again_gets_the_same_answer_and_does_nothing(api: Api) -> None:
    first = api.post("/names", {"name": "The Strand"}, **KEY)
    again = api.post("/names", {"name": "The Strand"}, **KEY)

    assert (first.status, again.status, again.text) == (201, 201, first.text)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert happened() == 1


def test_without_a_key_it_happens_again(api: Api) -> None:
    assert api.post("/names", {"name": "A"}).json["version"] == 2
    assert api.post("/names", {"name": "B"}).json["version"] == 3


def test_another_payload_with_the_same_key_is_refused(api: Api) -> None:
    api.post("/names", {"name": "A"}, **KEY)
    answer = api.post("/names", {"name": "B"}, **KEY)

    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert happened() == 1


def test_keys_of_two_callers_have_nothing_to_do_with_each_other(api: Api, club: Organization) -> None:
    stranger = Api(make.key(make.organization("Other House"))[1])
    colleague = Api(make.key(club)[1])
    api.post("/names", {"name": "A"}, **KEY)

    assert stranger.post("/names", {"name": "B"}, **KEY).json["name"] == "B"
    assert colleague.post("/names", {"name": "C"}, **KEY).json["name"] == "C"


def test_a_refusal_is_kept_like_any_answer(api: Api) -> None:
    first = api.post("/names", {"name": "no name"}, **KEY)
    again = api.post("/names", {"name": "no name"}, **KEY)

    assert (first.code, again.code) == ("field_invalid", "field_invalid")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert api.post("/names", {"name": "A"}, **KEY).code == "idempotency_key_reused"


def test_what_a_refused_verb_had_begun_is_undone(api: Api, club: Organization) -> None:
    api.post("/names", {"name": "no name"}, **KEY)

    club.refresh_from_db()
    assert (club.name, happened()) == ("Strand House", 0)


def test_a_refusal_for_who_asks_is_not_kept(api: Api, club: Organization) -> None:
    assert api.post("/names", {"name": "not today"}, **KEY).status == 403
    assert not IdempotencyKey.objects.exists()
    assert happened() == 0
    reader = Api(make.key(club, [Scope.ORGANIZATION_READ])[1])
    assert reader.post("/names", {"name": "A"}, **KEY).status == 403
    assert not IdempotencyKey.objects.exists()


def test_a_bug_frees_the_key(api: Api) -> None:
    api._client.raise_request_exception = False
    assert api.post("/names", {"name": "a bug"}, **KEY).status == 500

    assert not IdempotencyKey.objects.exists()
    assert api.post("/names", {"name": "A"}, **KEY).status == 201


def test_an_answer_with_a_secret_is_not_kept_and_not_given_twice(api: Api) -> None:
    assert api.post("/names", {"name": "a secret"}, **KEY).status == 201
    again = api.post("/names", {"name": "a secret"}, **KEY)

    assert (again.status, again.code) == (409, "secret_already_shown")
    assert IdempotencyKey.objects.get().body == ""
    assert happened() == 1


def test_a_key_is_kept_for_24_hours(api: Api) -> None:
    with time_machine.travel(NOW, tick=False):
        api.post("/names", {"name": "A"}, **KEY)
    with time_machine.travel(NOW + timedelta(hours=24, seconds=-1), tick=False):
        assert api.post("/names", {"name": "B"}, **KEY).code == "idempotency_key_reused"
    with time_machine.travel(NOW + timedelta(hours=24), tick=False):
        assert api.post("/names", {"name": "B"}, **KEY).json["name"] == "B"


def test_keys_that_are_over_are_cleared_away(api: Api) -> None:
    with time_machine.travel(NOW - timedelta(days=2), tick=False):
        for number in range(3):
            api.post("/names", {"name": f"name {number}"}, Idempotency_Key=f"old-{number}")
    api.post("/names", {"name": "A"}, Idempotency_Key="new-1")
    api.post("/names", {"name": "B"}, Idempotency_Key="new-2")

    assert IdempotencyKey.objects.count() == 2


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "caf\u00e9", "a\tb"])
def test_a_key_has_a_bounded_grammar(api: Api, key: str) -> None:
    answer = api.post("/names", {"name": "A"}, Idempotency_Key=key)

    assert (answer.status, answer.code) == (422, "idempotency_key_invalid")
    assert happened() == 0


def test_a_request_whose_process_died_can_be_sent_again_after_a_minute(api: Api, club: Organization) -> None:
    with time_machine.travel(NOW, tick=False):
        api.post("/names", {"name": "A"}, **KEY)
        IdempotencyKey.objects.update(status=None, body="")  # as if it had died before its answer
        assert api.post("/names", {"name": "A"}, **KEY).code == "idempotency_in_progress"
    with time_machine.travel(NOW + idempotency.LEASE, tick=False):
        assert api.post("/names", {"name": "A"}, **KEY).status == 201


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_identical_requests_at_once_one_happens() -> None:
    club = make.organization("Strand House")
    _, secret = make.key(club)
    for number in range(5):
        answers = _at_once(secret, f"key-{number}", f"Name {number}")
        done = [answer for answer in answers if answer.status == 201]
        refused = {answer.code for answer in answers if answer.status != 201}
        assert done
        assert len({answer.text for answer in done}) == 1
        assert refused <= {"idempotency_in_progress"}
        assert happened() == number + 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_who_lost_the_lease_meanwhile_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    club = make.organization("Strand House")
    api = Api(make.key(club)[1])
    begun = idempotency._claim

    def taken_over(digest: str, payload: str) -> object:
        claim = begun(digest, payload)
        IdempotencyKey.objects.update(leased_until=NOW - timedelta(days=1))
        begun(digest, payload)
        return claim

    monkeypatch.setattr(idempotency, "_claim", taken_over)
    answer = api.post("/names", {"name": "A"}, **KEY)

    assert (answer.status, answer.code, happened()) == (409, "idempotency_in_progress", 0)
    club.refresh_from_db()
    assert club.name == "Strand House"


def _at_once(secret: str, key: str, name: str, threads: int = 4) -> list[Answer]:
    start = threading.Barrier(threads)
    answers: list[Answer] = []

    def send() -> None:
        try:
            api = Api(secret)
            start.wait()
            answers.append(api.post("/names", {"name": name}, Idempotency_Key=key))
        finally:
            connection.close()

    running = [threading.Thread(target=send) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(answers) == threads
    return answers
