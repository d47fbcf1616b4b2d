"""Webhook endpoints and deliveries over HTTP: what is shown, what is shown once, what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.http import networks
from tessera.http.scopes import Scope
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.types import DeliveryStatus
from tests import make
from tests.api.calls import done, refused
from tests.api.client import Developer
from tests.api.dump import dump
from tests.http.client import Answer, Api

HOOKS = "https://hooks.example.org/tessera"
LISTED = "/webhook-endpoints"


@pytest.fixture
def club(db: None) -> Organization:
    """A test organization, its clock at noon of 10 February 2026."""
    return make.organization("Strand House", test_now=make.FEB_10)


@pytest.fixture
def api(club: Organization) -> Developer:
    """A program with a key of the organization."""
    return Developer(make.key(club)[1])


@pytest.fixture
def endpoint(club: Organization) -> WebhookEndpoint:
    return make.webhook_endpoint(club)


@pytest.fixture(autouse=True)
def nothing_inside_is_allowed() -> Iterator[None]:
    with override_settings(OUTBOUND_ALLOWED=networks.allowed("")):
        yield


def at(row: WebhookEndpoint | Delivery, verb: str = "") -> str:
    """The address of an endpoint or delivery, or of something that can be done with it."""
    if isinstance(row, Delivery):
        return f"/deliveries/{ids.to_text(Prefix.DELIVERY, row.pk)}{verb}"
    return f"{LISTED}/{ids.to_text(Prefix.WEBHOOK_ENDPOINT, row.pk)}{verb}"


def made(answer: Answer) -> dict[str, Any]:
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_an_endpoint_is_made_and_its_secret_shown_once(api: Developer) -> None:
    shown = made(api.post(LISTED, {"url": HOOKS, "event_types": ["membership.*"], "description": " Website "}))

    secret = shown.pop("secret")
    assert secret.startswith("whsec_")
    assert shown.items() >= {
        "url": HOOKS, "description": "Website", "event_types": ["membership.*"], "payload": "thin",
        "status": "enabled", "version": 1, "disabled_reason": None, "failing_since": None,
    }.items()  # fmt: skip
    assert done(api.get(f"{LISTED}/{shown['id']}")) == shown
    assert done(api.get(LISTED))["data"] == [shown]
    assert secret not in str(list(WebhookEndpoint.objects.values()))


def test_a_repeat_does_not_show_the_secret_again(api: Developer, endpoint: WebhookEndpoint) -> None:
    for address, body in ((LISTED, {"url": HOOKS}), (at(endpoint, "/rotate-secret"), None)):
        first = api.post(address, body, Idempotency_Key="once")
        before = dump()
        again = api.post(address, body, Idempotency_Key="once")
        assert first.status in (200, 201)
        assert refused(again)[:2] == (409, "secret_already_shown")
        assert first.json["secret"] not in str(before)
        assert dump() == before


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"url": "http://10.0.0.1/hooks"}, "webhook_url_refused", "/url"),
        ({"url": "https://127.0.0.1/hooks"}, "webhook_url_refused", "/url"),
        ({"url": "gopher://hooks.example.org"}, "webhook_url_refused", "/url"),
        ({"url": HOOKS, "event_types": ["plan.*", "card.*"]}, "event_types_invalid", "/event_types/1"),
        ({"url": HOOKS, "description": "a\u0007b"}, "webhook_endpoint_invalid", "/description"),
    ],
)
def test_what_could_not_work_is_refused(api: Developer, body: dict[str, Any], code: str, pointer: str) -> None:
    before = dump()
    assert refused(api.post(LISTED, body)) == (422, code, [pointer])
    assert dump() == before


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"/url": "required"}),
        ({"url": ""}, {"/url": "too_short"}),
        ({"url": 5}, {"/url": "wrong_type"}),
        ({"url": HOOKS, "payload": "fat"}, {"/payload": "not_a_choice"}),
        ({"url": HOOKS, "event_types": "plan.*"}, {"/event_types": "wrong_type"}),
        ({"url": HOOKS, "secret": "whsec_bWluZQ=="}, {"/secret": "unknown_field"}),
    ],
)
def test_a_body_of_the_wrong_form_is_refused_by_its_parts(
    api: Developer, body: dict[str, Any], faults: dict[str, str]
) -> None:
    answer = api.post(LISTED, body)
    assert (answer.status, answer.code, answer.faults) == (422, "invalid", faults)


def test_the_twenty_first_is_refused(api: Developer, club: Organization) -> None:
    for _ in range(20):
        make.webhook_endpoint(club)
    answer = api.post(LISTED, {"url": HOOKS})
    assert refused(answer)[:2] == (409, "too_many_webhook_endpoints")
    assert answer.json["most"] == 20


def test_an_endpoint_is_changed_where_it_is_told_and_not_by_who_is_late(
    api: Developer, endpoint: WebhookEndpoint
) -> None:
    changed = done(api.patch(at(endpoint), {"payload": "full", "version": 1}))
    assert (changed["payload"], changed["url"], changed["version"]) == ("full", endpoint.url, 2)
    late = api.patch(at(endpoint), {"payload": "thin", "version": 1})
    assert (late.status, late.code, late.json["version"]) == (409, "version_stale", 2)


def test_an_endpoint_is_turned_off_and_on(api: Developer, endpoint: WebhookEndpoint) -> None:
    off = done(api.post(at(endpoint, "/disable")))
    assert (off["status"], off["disabled_reason"]) == ("disabled", "by_hand")
    assert off["disabled_at"] is not None
    assert refused(api.post(at(endpoint, "/test")))[:2] == (409, "webhook_endpoint_disabled")
    assert refused(api.post(at(endpoint, "/replay"), {"from_sequence": 1}))[:2] == (409, "webhook_endpoint_disabled")
    on = done(api.post(at(endpoint, "/enable")))
    assert (on["status"], on["disabled_at"], on["disabled_reason"]) == ("enabled", None, None)


def test_a_deleted_endpoint_is_gone_with_its_deliveries(api: Developer, endpoint: WebhookEndpoint) -> None:
    delivery = make.delivery(endpoint)
    assert api.delete(at(endpoint)).status == 204
    assert refused(api.get(at(endpoint)))[:2] == (404, "webhook_endpoint_not_found")
    assert refused(api.get(at(endpoint, "/deliveries")))[:2] == (404, "webhook_endpoint_not_found")
    assert refused(api.get(at(delivery)))[:2] == (404, "delivery_not_found")
    assert refused(api.delete(at(endpoint)))[:2] == (404, "webhook_endpoint_not_found")
    assert done(api.get(LISTED))["data"] == []


def test_a_secret_is_rotated_with_an_overlap(api: Developer, endpoint: WebhookEndpoint) -> None:
    rotated = done(api.post(at(endpoint, "/rotate-secret")))
    assert rotated["secret"].startswith("whsec_")
    assert rotated["previous_secret_until"] is not None
    at_once = done(api.post(at(endpoint, "/rotate-secret"), {"overlap_hours": 0}))
    assert at_once["previous_secret_until"] is None
    assert at_once["secret"] != rotated["secret"]
    assert api.post(at(endpoint, "/rotate-secret"), {"overlap_hours": 169}).faults == {"/overlap_hours": "too_large"}


def test_a_test_can_be_followed(api: Developer, endpoint: WebhookEndpoint) -> None:
    shown = made(api.post(at(endpoint, "/test")))
    assert (shown["type"], shown["status"], shown["event_id"], shown["sequence"]) == (
        "webhook.test", "waiting", None, None,
    )  # fmt: skip
    known = done(api.get(f"/deliveries/{shown['id']}"))
    assert known == {**shown, "attempts": []}


def test_a_delivery_tells_what_was_tried(api: Developer, endpoint: WebhookEndpoint) -> None:
    delivery = make.delivery(endpoint, DeliveryStatus.RETRYING, attempts=2)
    shown = done(api.get(at(delivery)))
    assert shown["attempt_count"] == 2
    assert (shown["last_status_code"], shown["last_error"]) == (500, "answered 500")
    assert [attempt["number"] for attempt in shown["attempts"]] == [2, 1]
    assert shown["attempts"][0].items() >= {
        "round": 1, "status_code": 500, "failure": "status", "detail": "answered 500", "response_body": "out of order",
        "milliseconds": 40, "at": "2026-01-10T12:00:00Z",
    }.items()  # fmt: skip


def test_deliveries_are_listed_newest_first_and_by_status(api: Developer, endpoint: WebhookEndpoint) -> None:
    rows = {status.value: make.delivery(endpoint, status) for status in DeliveryStatus}
    make.delivery(make.webhook_endpoint(endpoint.organization))

    everything = done(api.get(at(endpoint, "/deliveries")))["data"]
    assert [row["status"] for row in everything] == ["failed", "delivered", "retrying", "waiting"]
    for status, row in rows.items():
        (only,) = done(api.get(at(endpoint, f"/deliveries?status={status}")))["data"]
        assert only["id"] == ids.to_text(Prefix.DELIVERY, row.pk)
    first = api.get(at(endpoint, "/deliveries?limit=3"))
    rest = api.get(at(endpoint, f"/deliveries?limit=3&cursor={first.json['next_cursor']}"))
    assert [row["id"] for row in first.json["data"] + rest.json["data"]] == [row["id"] for row in everything]
    assert api.get(at(endpoint, "/deliveries?status=lost")).faults == {"/status": "not_a_choice"}


def test_a_delivery_is_replayed_once_however_often_that_is_asked(api: Developer, endpoint: WebhookEndpoint) -> None:
    delivery = make.delivery(endpoint, DeliveryStatus.FAILED, attempts=10)
    first, second = done(api.post(at(delivery, "/replay"))), done(api.post(at(delivery, "/replay")))
    assert first == second
    assert (first["status"], first["round"], first["attempt_count"]) == ("waiting", 2, 0)
    assert Event.objects.filter(type="webhook_endpoint.replayed").count() == 1


def test_a_range_is_replayed(api: Developer, endpoint: WebhookEndpoint) -> None:
    api.post("/customers", {"first_name": "Ada", "last_name": "Ashby"})
    first = Event.objects.get(type="customer.created").sequence

    replayed = done(api.post(at(endpoint, "/replay"), {"from_sequence": first, "to_sequence": first}))

    assert replayed == {"deliveries": 1, "last_sequence": first, "more": False}
    assert done(api.post(at(endpoint, "/replay"), {"since": "2199-01-01T00:00:00Z"})) == {
        "deliveries": 0, "last_sequence": None, "more": False,
    }  # fmt: skip
    for body in ({}, {"from_sequence": 2, "to_sequence": 1}, {"from_sequence": 1, "since": "2026-01-01T00:00:00Z"}):
        assert refused(api.post(at(endpoint, "/replay"), body))[:2] == (422, "replay_invalid")


def test_a_managers_key_may_look_and_an_owners_may_change(club: Organization, endpoint: WebhookEndpoint) -> None:
    def key_of(role: Role) -> Api:
        return Api(make.key(club, made_by=make.staff(club, role))[1])

    assert key_of(Role.OWNER).post(LISTED, {"url": HOOKS}).status == 201
    assert key_of(Role.MANAGER).get(at(endpoint)).status == 200
    for verb in ("/test", "/rotate-secret", "/disable", "/replay"):
        answer = key_of(Role.MANAGER).post(at(endpoint, verb))
        assert (answer.status, answer.json["scope"]) == (403, Scope.WEBHOOKS_WRITE)
    for role in (Role.FRONT_DESK, Role.FINANCE, Role.VIEWER):
        assert key_of(role).get(LISTED).status == 403


def test_a_delivery_of_another_endpoint_of_another_organization_is_not_there(
    api: Developer, endpoint: WebhookEndpoint
) -> None:
    elsewhere = make.delivery(make.webhook_endpoint(make.organization("Elsewhere")), DeliveryStatus.FAILED)
    for answer in (api.get(at(elsewhere)), api.post(at(elsewhere, "/replay"))):
        assert refused(answer)[:2] == (404, "delivery_not_found")
    elsewhere.refresh_from_db()
    assert elsewhere.status == "failed"
