"""The access API as the Authorization API 1.0 has it: form, defaults, semantics, errors."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from tessera.core.ids import Prefix, to_text
from tessera.http import limits
from tessera.http.scopes import Scope
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tests import make

pytestmark = pytest.mark.django_db

ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"
DOOR = {"type": "door", "id": "main"}
ENTER = {"name": "enter"}


@pytest.fixture
def club() -> Organization:
    return make.organization(test_now=make.JAN_10, subject_types=["employee"])


@pytest.fixture
def ada(club: Organization) -> Customer:
    make.permission(club, "front-door", targets=["enter door:main"])
    person = make.customer(club, external_id="u-1", emails=["ada@example.org"])
    make.membership(make.plan(club, "Gold", permissions=["front-door", "pool"]), customer=person, ends_at=make.FEB_10)
    return person


@pytest.fixture
def secret(club: Organization) -> str:
    return make.key(club, [Scope.ACCESS_READ])[1]


def subject(customer: Customer) -> dict[str, str]:
    return {"type": "customer", "id": to_text(Prefix.CUSTOMER, customer.pk)}


def post(secret: str | None, path: str, body: Any, **headers: str) -> Any:
    if secret is not None:
        headers.setdefault("Authorization", f"Bearer {secret}")
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    content_type = headers.pop("content_type", "application/json")
    return Client().post(path, data, content_type=content_type, headers=headers)


def answered(answer: Any) -> Any:
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/json"
    return json.loads(answer.content)


def test_a_permit_says_why_and_until_when(ada: Customer, secret: str) -> None:
    body = {"subject": subject(ada), "action": ENTER, "resource": DOOR}

    answer = answered(post(secret, ONE, body))

    assert answer["decision"] is True
    context = answer["context"]
    assert context["reason"] == "granted"
    assert context["reason_text"] == "Granted by their own Gold plan, until Tue 10 Feb 2026 at 12:00."
    assert context["permission"] == "front-door"
    assert context["membership"].startswith("mem_")
    assert context["plan"]["name"] == "Gold"
    assert (context["source"], context["company"], context["in_grace"]) == ("own", None, False)
    assert (context["valid_until"], context["evaluated_at"]) == ("2026-02-10T12:00:00Z", "2026-01-10T12:00:00Z")


def test_a_deny_is_an_answer_and_no_error(club: Organization, ada: Customer, secret: str) -> None:
    stranger = make.customer(club)

    answer = answered(post(secret, ONE, {"subject": subject(stranger), "action": ENTER, "resource": DOOR}))

    assert answer["decision"] is False
    assert answer["context"]["reason"] == "not_in_any_plan"
    assert answer["context"]["valid_until"] is None


@pytest.mark.parametrize(
    ("subject_type", "subject_id", "reason"),
    [
        ("user", "u-1", "granted"),
        ("employee", "u-1", "granted"),
        ("customer", "external:u-1", "granted"),
        ("customer", "email:ADA@example.org", "granted"),
        ("customer", "email:family@example.org", "reference_ambiguous"),
        ("customer", "u-1", "customer_unknown"),
        ("customer", "cus_nonsense", "customer_unknown"),
        ("customer", "", "customer_unknown"),
        ("user", "u-2", "customer_unknown"),
        ("user", "x" * 5000, "customer_unknown"),
        ("customer", f"email:{' ' * 300}ada@example.org", "customer_unknown"),
        ("customer", "email:" + "a\u0301\u0316" * 50_000, "customer_unknown"),
        ("robot", "u-1", "customer_unknown"),
    ],
)
def test_who_a_subject_is(
    club: Organization, ada: Customer, secret: str, subject_type: str, subject_id: str, reason: str
) -> None:
    for _ in range(2):
        make.customer(club, emails=["family@example.org"])
    body = {"subject": {"type": subject_type, "id": subject_id}, "action": ENTER, "resource": DOOR}

    for path, asked in ((ONE, body), (MANY, {"evaluations": [body]})):
        answer = answered(post(secret, path, asked))
        answer = answer["evaluations"][0] if "evaluations" in answer else answer
        assert answer["context"]["reason"] == reason
        assert answer["decision"] is (reason == "granted")


def test_a_customer_of_another_club_does_not_exist(ada: Customer) -> None:
    _, foreign = make.key(make.organization(), [Scope.ACCESS_READ])

    for who in (subject(ada), {"type": "user", "id": "u-1"}):
        answer = answered(post(foreign, ONE, {"subject": who, "action": ENTER, "resource": DOOR}))
        assert answer["context"]["reason"] == "customer_unknown"


def test_unknown_fields_are_ignored_everywhere(ada: Customer, secret: str) -> None:
    body = {
        "subject": {**subject(ada), "properties": {"ip_address": "203.0.113.7"}, "extra": 1},
        "action": {**ENTER, "properties": {"method": "GET"}, "extra": []},
        "resource": {**DOOR, "properties": {}},
        "context": {"time": "1985-10-26T01:22-07:00"},
        "novelty": {"a": None},
    }

    assert answered(post(secret, ONE, body))["decision"] is True
    assert answered(post(secret, MANY, {**body, "options": {"another_option": 1}}))["decision"] is True


def test_defaults_replace_whole_entities(club: Organization, ada: Customer, secret: str) -> None:
    body = {
        "subject": subject(ada),
        "action": ENTER,
        "resource": {**DOOR, "properties": {"floor": 1}},
        "evaluations": [
            {},
            {"resource": {"type": "door", "id": "cellar"}},
            {"subject": subject(make.customer(club))},
            {"action": {"name": "use"}, "resource": {"type": "permission", "id": "pool"}},
        ],
    }

    answer = answered(post(secret, MANY, body))

    assert "decision" not in answer
    assert [each["decision"] for each in answer["evaluations"]] == [True, False, False, True]
    assert [each["context"]["reason"] for each in answer["evaluations"]] == [
        "granted",
        "permission_unknown",
        "not_in_any_plan",
        "granted",
    ]
    partial = {**body, "evaluations": [{"resource": {"id": "main"}}]}
    refused = post(secret, MANY, partial)
    assert refused.status_code == 400
    assert "evaluations[0].resource" in refused.content.decode()


@pytest.mark.parametrize(
    ("semantic", "decisions"),
    [
        (None, [True, False, True, False]),
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_the_semantics_of_several(ada: Customer, secret: str, semantic: str | None, decisions: list[bool]) -> None:
    doors = ["main", "cellar", "main", "attic"]
    body: dict[str, Any] = {
        "subject": subject(ada),
        "action": ENTER,
        "evaluations": [{"resource": {"type": "door", "id": door}} for door in doors],
    }
    if semantic is not None:
        body["options"] = {"evaluations_semantic": semantic}

    assert [each["decision"] for each in answered(post(secret, MANY, body))["evaluations"]] == decisions


@pytest.mark.parametrize("evaluations", [{}, {"evaluations": []}, {"evaluations": None}])
def test_without_evaluations_several_are_one(ada: Customer, secret: str, evaluations: dict[str, Any]) -> None:
    body = {"subject": subject(ada), "action": ENTER, "resource": DOOR, **evaluations}

    assert answered(post(secret, MANY, body)) == answered(post(secret, ONE, body))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b"\xff{}", "not JSON"),
        (b'{"subject": {"type": "user", "id": "\\ud800"}}', "not JSON"),
        ("[]", "object"),
        ("null", "object"),
        ({}, "subject, action, resource missing"),
        ({"subject": {"type": "user", "id": "a"}, "action": ENTER}, "resource missing"),
        ({"subject": {"type": "user"}, "action": ENTER, "resource": DOOR}, "subject"),
        ({"subject": {"type": "user", "id": 7}, "action": ENTER, "resource": DOOR}, "subject.id"),
        ({"subject": "ada", "action": ENTER, "resource": DOOR}, "subject"),
        ({"subject": DOOR, "action": {}, "resource": DOOR}, "action"),
        ({"subject": DOOR, "action": {"name": "a", "properties": 1}, "resource": DOOR}, "properties"),
        ({"subject": DOOR, "action": ENTER, "resource": {"type": "door", "id": "a\0b"}}, "NUL"),
        ({"subject": DOOR, "action": ENTER, "resource": DOOR, "context": "now"}, "context"),
    ],
)
def test_what_is_malformed_is_a_400_that_says_what_is_wrong(secret: str, body: Any, says: str) -> None:
    for path in (ONE, MANY):
        answer = post(secret, path, body)
        assert answer.status_code == 400
        assert answer["Content-Type"].startswith("text/plain")
        assert says in answer.content.decode()


@pytest.mark.parametrize(
    "body",
    [
        {"evaluations": {}},
        {"evaluations": [1]},
        {"evaluations": [{}]},
        {"evaluations": [{}] * 1001, "subject": DOOR, "action": ENTER, "resource": DOOR},
        {"evaluations": [], "options": {"evaluations_semantic": "best_of_three"}},
    ],
)
def test_malformed_batches_are_refused_as_a_whole(secret: str, body: Any) -> None:
    assert post(secret, MANY, body).status_code == 400


def test_a_body_that_is_not_json_by_its_own_account_is_refused(ada: Customer, secret: str) -> None:
    body = {"subject": subject(ada), "action": ENTER, "resource": DOOR}

    assert post(secret, ONE, body, content_type="text/plain").status_code == 400
    assert post(secret, ONE, body, content_type="application/json; charset=utf-8").status_code == 200


def test_a_body_too_long_to_read_is_a_413(secret: str) -> None:
    assert post(secret, ONE, b" " * 1_000_001).status_code == 413


def test_who_may_ask(club: Organization, secret: str) -> None:
    for wrong in (None, "tk_test_mistyped"):
        answer = post(wrong, ONE, {})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"].startswith("text/plain")
    _, without_scope = make.key(club, [Scope.CUSTOMERS_READ])
    assert post(without_scope, ONE, {}).status_code == 403


def test_questions_are_asked_with_post(secret: str) -> None:
    answer = Client().get(ONE, headers={"Authorization": f"Bearer {secret}"})

    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_the_request_id_comes_back_whatever_the_answer(ada: Customer, secret: str) -> None:
    body = {"subject": subject(ada), "action": ENTER, "resource": DOOR}
    sent = {"X-Request-ID": "any text at all, 7"}

    for answer in (post(secret, ONE, body, **sent), post(secret, MANY, {}, **sent), post(None, ONE, {}, **sent)):
        assert answer["X-Request-ID"] == "any text at all, 7"
    assert "X-Request-ID" not in post(secret, ONE, body)


def test_discovery_names_what_there_is() -> None:
    answer = Client().get("/.well-known/authzen-configuration")

    metadata = answered(answer)
    base = metadata["policy_decision_point"]
    assert metadata == {
        "policy_decision_point": base,
        "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
    }
    assert not base.endswith("/")


def test_many_questions_about_one_customer_cost_as_many_queries_as_one(ada: Customer, secret: str) -> None:
    def queries(number: int) -> int:
        evaluations = [{"resource": {"type": "door", "id": f"d{each}"}} for each in range(number)]
        body = {"subject": {"type": "user", "id": "u-1"}, "action": ENTER, "evaluations": evaluations}
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(answered(post(secret, MANY, body))["evaluations"]) == number
        return len(captured)

    assert queries(1) == queries(200)


def test_asking_writes_nothing(ada: Customer, secret: str) -> None:
    body = {"subject": subject(ada), "action": ENTER, "resource": DOOR}

    with CaptureQueriesContext(connection) as captured:
        post(secret, ONE, body)
        post(secret, MANY, {**body, "evaluations": [{}]})

    verbs = {query["sql"].split()[0].upper() for query in captured}
    assert verbs <= {"SELECT", "BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "SET"}


def test_fifty_questions_cost_as_much_as_one_request(settings: Settings, club: Organization, secret: str) -> None:
    # So slow that nothing comes back while the test runs.
    settings.API_RATE, settings.API_BURST, settings.API_PROCESSES = 0.001, 30, 1
    limits.forget_everyone()
    _, colleague = make.key(club, [Scope.ACCESS_READ])

    def asked(number: int) -> Any:
        return post(secret, MANY, {"subject": DOOR, "action": ENTER, "resource": DOOR, "evaluations": [{}] * number})

    def remaining(answer: Any) -> str:
        return str(answer["RateLimit"].partition(";t=")[0])

    left = [remaining(asked(number)) for number in (1, 50, 51, 1000)]
    refused = asked(1000)
    after = remaining(asked(1))
    colleagues = post(colleague, ONE, {"subject": DOOR, "action": ENTER, "resource": DOOR})["RateLimit"]
    limits.forget_everyone()

    assert left == ['"key";r=29', '"key";r=28', '"key";r=26', '"key";r=6']
    assert (refused.status_code, remaining(refused)) == (429, '"key";r=5')
    assert int(refused["Retry-After"]) >= 14_000
    assert after == '"key";r=4'
    assert colleagues.startswith('"key";r=29;')
