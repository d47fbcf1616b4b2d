"""What makes no sense gets a problem document that says what and where, and changes nothing."""

import json
from typing import Any

import pytest
from django.test import Client

from tests import make
from tests.api.client import Developer
from tests.api.document import operations
from tests.api.dump import dump
from tests.api.world import World
from tests.http.client import Answer

GRANT: dict[str, Any] = {"plan": "pln_01jh2xcejqtf2nbrexx3vqjhp4", "customer": "CUS-000001"}
POUNDS = {"amount": 100, "currency": "GBP"}
PLAN: dict[str, Any] = {"name": "New", "prices": [{"amount": POUNDS}]}


@pytest.mark.parametrize(
    ("path", "body", "faults"),
    [
        ("/memberships", {**GRANT, "starts_at": "2026-02-10T12:00:00"}, {"/starts_at": "instant_naive"}),
        ("/memberships", {**GRANT, "starts_at": "2026-02-10"}, {"/starts_at": "instant_invalid"}),
        ("/memberships", {**GRANT, "starts_at": "2026-02-30T12:00:00Z"}, {"/starts_at": "instant_invalid"}),
        ("/memberships", {**GRANT, "starts_at": "2026-02-10T25:00:00Z"}, {"/starts_at": "instant_invalid"}),
        ("/memberships", {**GRANT, "starts_at": "tomorrow"}, {"/starts_at": "instant_invalid"}),
        ("/memberships", {**GRANT, "starts_at": ""}, {"/starts_at": "instant_invalid"}),
        ("/memberships", {**GRANT, "starts_at": 1770724800}, {"/starts_at": "wrong_type"}),
        ("/memberships", {**GRANT, "ends_at": "9999-12-31T23:59:59Z"}, {"/ends_at": "instant_out_of_bounds"}),
        ("/memberships", {**GRANT, "plan": None}, {"/plan": "wrong_type"}),
        ("/memberships", {**GRANT, "plan": 5}, {"/plan": "wrong_type"}),
        ("/memberships", {**GRANT, "plan": "p" * 41}, {"/plan": "too_long"}),
        ("/memberships", {**GRANT, "customer": {"id": 5}}, {"/customer": "wrong_type"}),
        ("/memberships", {**GRANT, "customer": "a\0b"}, {"/customer": "invalid"}),
        ("/memberships", {**GRANT, "seats": "five"}, {"/seats": "wrong_type"}),
        ("/memberships", {**GRANT, "seats": 5.5}, {"/seats": "wrong_type"}),
        ("/memberships", {**GRANT, "seats": True}, {"/seats": "wrong_type"}),
        ("/memberships", {**GRANT, "seats": -1}, {"/seats": "too_small"}),
        ("/memberships", {**GRANT, "seats": 10**30}, {"/seats": "too_large"}),
        ("/memberships", {**GRANT, "trial": "yes"}, {"/trial": "wrong_type"}),
        ("/memberships", {**GRANT, "external_reference": "x" * 201}, {"/external_reference": "too_long"}),
        ("/memberships", {**GRANT, "colour": "red", "a/b": 1}, {"/colour": "unknown_field", "/a~1b": "unknown_field"}),
        ("/memberships", {}, {"/plan": "required"}),
        ("/memberships", [GRANT], {"": "wrong_type"}),
        ("/memberships", "grant", {"": "wrong_type"}),
        ("/memberships", None, {"": "required"}),
        ("/memberships/mem_1/cancel", {"when": "NOW"}, {"/when": "not_a_choice"}),
        ("/memberships/mem_1/renew", {"ends_at": "2026-12-31T00:00:00Z"}, {"/ends_at": "unknown_field"}),
        ("/memberships/mem_1/revoke", ["now"], {"": "wrong_type"}),
        ("/plans", {**PLAN, "prices": []}, {"/prices": "too_short"}),
        ("/plans", {**PLAN, "prices": ["x"]}, {"/prices/0": "wrong_type"}),
        ("/plans", {**PLAN, "prices": [{"amount": 100}]}, {"/prices/0/amount": "wrong_type"}),
        (
            "/plans",
            {**PLAN, "prices": [{"amount": {**POUNDS, "amount": -1}}]},
            {"/prices/0/amount/amount": "too_small"},
        ),
        (
            "/plans",
            {**PLAN, "prices": [{"amount": {**POUNDS, "amount": 1.5}}]},
            {"/prices/0/amount/amount": "wrong_type"},
        ),
        (
            "/plans",
            {**PLAN, "prices": [{"amount": {**POUNDS, "currency": "gbp"}}]},
            {"/prices/0/amount/currency": "currency_invalid"},
        ),
        (
            "/plans",
            {**PLAN, "prices": [{"amount": POUNDS, "interval": "fortnight"}]},
            {"/prices/0/interval": "not_a_choice"},
        ),
        ("/customers", {"first_name": "Ada", "last_name": ["Ashby"]}, {"/last_name": "wrong_type"}),
        ("/companies", {"name": ""}, {"/name": "too_short"}),
        ("/permissions", {"key": "The Pool"}, {"/key": "wrong_form"}),
    ],
)
def test_a_body_of_the_wrong_form_is_refused_by_its_parts(
    api: Developer, world: World, path: str, body: object, faults: dict[str, str]
) -> None:
    before = dump()

    answer = api.post(path, body)

    assert (answer.status, answer.code, answer.faults) == (422, "invalid", faults)
    assert {fault["location"] for fault in answer.json["errors"]} == {"body"}
    assert dump() == before


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "pointers"),
    [
        ("/memberships", GRANT, 404, "plan_not_found", []),
        ("/plans", {**PLAN, "prices": [{"amount": {"amount": 1, "currency": "EUR"}}]}, 422, "currency_mismatch", None),
        ("/plans", {**PLAN, "prices": [{"amount": {"amount": 1, "currency": "ZZZ"}}]}, 422, "currency_mismatch", None),
        ("/plans", {**PLAN, "permissions": ["no-such"]}, 422, "permission_unknown", None),
        ("/permissions", {"key": "club-only"}, 409, "permission_key_taken", ["/key"]),
        ("/customers", {"first_name": "A", "last_name": "B", "number": "CUS-000001"}, 409, "number_taken", ["/number"]),
        ("/companies", {"name": "Twin", "number": "com-000001"}, 409, "number_taken", ["/number"]),
        ("/customers", {"first_name": "A", "last_name": "B", "number": "!"}, 422, "number_invalid", ["/number"]),
        ("/customers", {"first_name": "Ada"}, 422, "customer_incomplete", []),
        ("/customers/CUS-000001/merge", {"into": "CUS-000001"}, 409, "same_customer", []),
    ],
)
def test_what_is_well_formed_and_wrong_is_refused_by_name(
    api: Developer, world: World, path: str, body: object, status: int, code: str, pointers: list[str] | None
) -> None:
    before = dump()

    answer = api.post(path, body)

    assert (answer.status, answer.code) == (status, code)
    assert list(answer.faults) == pointers if pointers is not None else answer.faults
    assert dump() == before


WRITES = [operation for operation in operations() if operation.verb != "GET" and not operation.takes_picture]
EVERY_WRITE = pytest.mark.parametrize("operation", WRITES, ids=lambda operation: operation.id)


@EVERY_WRITE
def test_no_operation_reads_what_is_not_json(operation: Any, api: Developer, world: World) -> None:
    there = operation.address(world.addresses)
    before = dump()

    def sent(raw: bytes, **headers: str) -> Answer:
        return api.call(operation.verb, there, raw=raw, **headers)

    broken = sent(b'{"name": "x"')
    huge = sent(b'{"name": "' + b"x" * 10_000_000 + b'"}')
    form = sent(b"name=x", Content_Type="application/x-www-form-urlencoded")
    unknown = sent(json.dumps({"no_such_field": 1}).encode())
    queried = api.call(operation.verb, f"{there}?no_such_parameter=1", operation.payload(world))

    assert [(answer.status, answer.code) for answer in (broken, huge, form)] == [
        (400, "malformed_json"),
        (413, "body_too_large"),
        (415, "unsupported_media_type"),
    ]
    assert (unknown.status, unknown.faults["/no_such_field"]) == (422, "unknown_field")
    assert (queried.status, queried.faults) == (422, {"/no_such_parameter": "unknown_parameter"})
    assert dump() == before


@EVERY_WRITE
def test_a_body_in_pieces_is_refused_and_not_taken_for_none(operation: Any, world: World) -> None:
    before = dump()

    answer = Client().generic(
        operation.verb,
        f"/api/v1{operation.address(world.addresses)}",
        headers={"Authorization": f"Bearer {world.secret}", "Transfer-Encoding": "chunked"},
    )

    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
    assert dump() == before


@EVERY_WRITE
def test_no_operation_takes_a_list_for_an_object(operation: Any, api: Developer, world: World) -> None:
    before = dump()

    answer = api.call(operation.verb, operation.address(world.addresses), [1])

    assert (answer.status, answer.faults) == (422, {"": "wrong_type"})
    assert dump() == before


@pytest.mark.parametrize("path", ["/customers", "/memberships", "/plans"])
def test_a_verb_that_an_address_does_not_know_is_refused(api: Developer, path: str) -> None:
    answer = super(Developer, api).call("DELETE", path)

    assert (answer.status, answer.code) == (405, "method_not_allowed")


def test_a_key_of_another_clubs_test_organization_opens_nothing_here(world: World) -> None:
    other = Developer(make.key(make.organization("Elsewhere"))[1])

    assert other.get("/customers/CUS-000001").code == "customer_not_found"
    assert other.get("/test-clock").code == "not_a_test_organization"
