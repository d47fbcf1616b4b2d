"""A grant sent twice, or by two at once, gives one membership."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.memberships import inheritance
from tessera.memberships.models import Membership
from tests import make
from tests.api.client import Developer
from tests.http.client import Answer
from tests.people.racing import meanwhile
from tests.scale import scaled

KEY = "signup/ada/2026-02-10"


def at_once(sends: list[Callable[[], Answer]]) -> list[Answer]:
    """Return the answers to requests that start at the same moment, each on a connection of its own."""
    start = threading.Barrier(len(sends))
    answers: list[Answer] = []

    def go(send: Callable[[], Answer]) -> None:
        try:
            start.wait(10)
            answers.append(send())
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(send,)) for send in sends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == len(sends)
    return answers


@pytest.mark.django_db
def test_a_grant_sent_again_is_answered_again_and_happens_once() -> None:
    club = make.organization(test_now=make.FEB_10)
    api = Developer(make.key(club)[1])
    body = {"plan": ids.to_text(Prefix.PLAN, make.plan(club).pk), "customer": make.customer(club).number}

    first = api.post("/memberships", body, Idempotency_Key=KEY)
    again = api.post("/memberships", body, Idempotency_Key=KEY)
    other = api.post("/memberships", {**body, "external_reference": "crm-7"}, Idempotency_Key=KEY)
    without = api.post("/memberships", body)

    assert (first.status, again.status, again.text) == (201, 201, first.text)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert (without.status, without.code) == (409, "membership_already_held")
    assert Membership.objects.count() == Event.objects.count() == 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_two_identical_grants_at_once_one_happens() -> None:
    club = make.organization(test_now=make.FEB_10)
    make.membership(make.plan(club), customer=make.customer(club))  # the bystander
    secret, plan = make.key(club)[1], make.plan(club)
    for turn in range(scaled(30)):
        body = {"plan": ids.to_text(Prefix.PLAN, plan.pk), "customer": make.customer(club).number}

        def send(body: dict[str, str] = body, key: str = f"{KEY}/{turn}") -> Answer:
            return Developer(secret).post("/memberships", body, Idempotency_Key=key)

        answers = at_once([send, send])

        done = [answer for answer in answers if answer.status == 201]
        assert {answer.code for answer in answers if answer.status != 201} <= {"idempotency_in_progress"}
        assert len({answer.text for answer in done}) == 1
        assert send().text == done[0].text
        assert Membership.objects.count() == turn + 2


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_of_two_grants_at_once_without_a_key_one_is_refused() -> None:
    club = make.organization(test_now=make.FEB_10)
    secret, plan = make.key(club)[1], make.plan(club)
    for turn in range(scaled(30)):
        body = {"plan": ids.to_text(Prefix.PLAN, plan.pk), "customer": make.customer(club).number}

        def send(body: dict[str, str] = body) -> Answer:
            return Developer(secret).post("/memberships", body)

        answers = sorted(at_once([send, send]), key=lambda answer: answer.status)

        assert [answer.status for answer in answers] == [201, 409]
        assert answers[1].code == "membership_already_held"
        assert answers[1].json["membership"] == answers[0].json["id"]
        assert Membership.objects.count() == Event.objects.count() == turn + 1


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_somebody_who_is_linked_twice_at_once_is_linked(monkeypatch: pytest.MonkeyPatch) -> None:
    club = make.organization(test_now=make.FEB_10)
    secret, acme, ada = make.key(club)[1], make.company(club), make.customer(club)

    def link() -> Answer:
        return Developer(secret).call("PUT", f"/companies/{acme.number}/customers/{ada.number}", {"title": "Head"})

    with meanwhile(monkeypatch, inheritance, "join_company", link) as other:
        answer = link()

    assert sorted(each.status for each in (answer, *other)) == [200, 201]
    assert answer.json["title"] == "Head"
