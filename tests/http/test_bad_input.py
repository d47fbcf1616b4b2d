"""Bad input gets a specific problem document, names where it is wrong, and changes nothing."""

import pytest

from tessera.events.models import Event
from tests import make
from tests.http.client import Api

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.http.sample")]


@pytest.fixture
def api() -> Api:
    return Api(make.key(make.organization())[1])


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"name": "x", "colour": "red"}, "/colour", "unknown_field"),
        ({"name": "x", "fee": {"amount": 1, "currency": "GBP", "vat": 1}}, "/fee/vat", "unknown_field"),
        ({}, "/name", "required"),
        ({"name": 5}, "/name", "wrong_type"),
        ({"name": None}, "/name", "wrong_type"),
        ({"name": ["x"]}, "/name", "wrong_type"),
        ({"name": "x" * 21}, "/name", "too_long"),
        ({"name": "x", "count": "5"}, "/count", "wrong_type"),
        ({"name": "x", "count": 1.5}, "/count", "wrong_type"),
        ({"name": "x", "count": True}, "/count", "wrong_type"),
        ({"name": "x", "tags": "a"}, "/tags", "wrong_type"),
        ({"name": "x", "tags": ["a", 1]}, "/tags/1", "wrong_type"),
        ({"name": "x", "mood": "sad"}, "/mood", "not_a_choice"),
        ({"name": "x", "fee": {"amount": -1, "currency": "GBP"}}, "/fee/amount", "too_small"),
        ({"name": "x", "fee": {"amount": 10**15, "currency": "GBP"}}, "/fee/amount", "too_large"),
        ({"name": "x", "fee": {"amount": 1.0, "currency": "GBP"}}, "/fee/amount", "wrong_type"),
        ({"name": "x", "fee": {"amount": 1, "currency": "gbp"}}, "/fee/currency", "currency_invalid"),
        ({"name": "x", "at": "2026-01-10T12:00:00"}, "/at", "instant_naive"),
        ({"name": "x", "at": "2026-01-10"}, "/at", "instant_invalid"),
        ({"name": "x", "at": "2026-02-30T12:00:00Z"}, "/at", "instant_invalid"),
        ({"name": "x", "at": "tomorrow"}, "/at", "instant_invalid"),
        ({"name": "x", "at": "0001-01-01T00:00:00+14:00"}, "/at", "instant_out_of_bounds"),
        ({"name": "x", "at": "9999-12-31T23:59:59-14:00"}, "/at", "instant_out_of_bounds"),
        ({"name": "x", "at": 1768046400}, "/at", "wrong_type"),
        ({"name": "a\0b"}, "/name", "invalid"),
        ({"name": "a\ud800b"}, "/name", "invalid"),
        ([], "", "wrong_type"),
        ("name", "", "wrong_type"),
        (None, "", "required"),
    ],
)
def test_a_wrong_part_of_a_body_is_named(api: Api, body: object, pointer: str, code: str) -> None:
    answer = api.post("/names", body)

    assert (answer.status, answer.json["status"], answer.code) == (422, 422, "invalid")
    assert answer.faults == {pointer: code}
    assert answer.json["errors"][0]["location"] == "body"
    assert not Event.objects.exists()


def test_everything_that_is_wrong_is_said_at_once(api: Api) -> None:
    answer = api.post("/names", {"count": "5", "at": "now", "colour": "red"})

    assert answer.faults == {
        "/name": "required",
        "/count": "wrong_type",
        "/at": "instant_invalid",
        "/colour": "unknown_field",
    }
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name": "x"',
        b"{'name': 'x'}",
        b'{"name": "x"}{}',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": "x", "name": "y"}',
        b'{"name": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b"[" * 40 + b"]" * 40,
        b'{"count": ' + b"9" * 5_000 + b"}",
    ],
)
def test_what_is_not_json_is_refused(api: Api, raw: bytes) -> None:
    answer = api.call("POST", "/names", raw=raw)

    assert (answer.status, answer.code) == (400, "malformed_json")


def test_an_object_with_more_than_a_thousand_members_is_refused(api: Api) -> None:
    members = {f"m{number}": number for number in range(1_000)}

    assert api.post("/names", members).status == 422
    answer = api.post("/names", {"name": "x", "fee": {**members, "one more": 1}})

    assert (answer.status, answer.code) == (400, "malformed_json")
    assert "1001 members" in answer.json["detail"]


def test_of_very_many_faults_the_first_hundred_are_named(api: Api) -> None:
    wrong = api.post("/names", {"name": "x", "tags": [1] * 5_000})
    unknown = api.post("/names", {"name": "x", **{f"m{number}": 1 for number in range(500)}})

    for answer in (wrong, unknown):
        assert (answer.status, len(answer.json["errors"])) == (422, 100)
    assert wrong.json["errors"][99]["pointer"] == "/tags/99"


def test_a_body_of_ten_megabytes_is_refused_unread(api: Api) -> None:
    answer = api.call("POST", "/names", raw=b'{"name": "' + b"x" * 10_000_000 + b'"}')

    assert (answer.status, answer.code) == (413, "body_too_large")


def test_a_body_that_is_no_json_by_its_own_account_is_refused(api: Api) -> None:
    answer = api.post("/names", {"name": "x"}, Content_Type="application/x-www-form-urlencoded")

    assert (answer.status, answer.code) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("many=0", "/many", "too_small"),
        ("many=10", "/many", "too_large"),
        ("many=x", "/many", "wrong_type"),
        ("since=2026-01-10T12:00:00", "/since", "instant_naive"),
        ("since=2026-01-10T12:00:00+00:00", "/since", "instant_invalid"),
        ("colour=red", "/colour", "unknown_parameter"),
        ("many=%00", "/many", "invalid"),
    ],
)
def test_a_wrong_part_of_a_query_is_named(api: Api, query: str, pointer: str, code: str) -> None:
    answer = api.get(f"/names?{query}")

    assert (answer.status, answer.faults) == (422, {pointer: code})
    assert answer.json["errors"][0]["location"] == "query"


def test_instants_may_have_any_offset_and_are_answered_in_utc(api: Api) -> None:
    assert api.post("/names", {"name": "x", "at": "2026-01-10T14:00:00+02:00"}).json["at"] == "2026-01-10T12:00:00Z"
    assert api.get("/names?since=2026-01-10T14:00:00.5%2B02:00").json["at"] == "2026-01-10T12:00:00.500000Z"


def test_text_is_stripped(api: Api) -> None:
    assert api.post("/names", {"name": "  The Strand  "}).json["name"] == "The Strand"


def test_an_address_that_is_none_is_a_problem_document_too(api: Api) -> None:
    answer = api.get("/nothing/here")

    assert (answer.status, answer.code) == (404, "not_found")


def test_a_verb_that_an_address_does_not_know_is_refused_and_the_known_ones_named(api: Api) -> None:
    answer = api.call("DELETE", "/names")

    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_a_bug_of_ours_is_a_problem_document_without_its_cause(api: Api) -> None:
    api._client.raise_request_exception = False
    answer = api.post("/names", {"name": "a bug"})

    assert (answer.status, answer.code) == (500, "internal_error")
    assert "Zero" not in answer.text
    assert not Event.objects.exists()


def test_a_request_keeps_the_id_it_came_with(api: Api) -> None:
    assert api.get("/names", X_Request_ID="door-7/42").headers["X-Request-ID"] == "door-7/42"
    assert api.get("/names", X_Request_ID="<script>").headers["X-Request-ID"] != "<script>"
