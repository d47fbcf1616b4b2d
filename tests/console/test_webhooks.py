"""Webhook endpoints at the console: adding, changing, trying out, looking at what became of messages."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.organizations.rights import Role
from tessera.webhooks import signatures
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.types import DeliveryStatus, DisabledReason, Payload
from tests import make
from tests.console.visitor import Visitor, ref, working_for
from tests.pages import Page

pytestmark = pytest.mark.django_db

HOOKS = "https://hooks.example.org/tessera"
ENDPOINT = {"url": HOOKS, "description": "Website", "payload": "thin", "told": "everything"}


@pytest.fixture
def endpoint(owner: Visitor) -> WebhookEndpoint:
    return make.webhook_endpoint(owner.club, HOOKS, description="Website", event_types=["membership.*"])


def shown_secret(page: Page) -> str:
    found = re.search(r"<code>(whsec_[^<]+)</code>", page.text)
    assert found is not None
    return found[1]


def happened(visitor: Visitor) -> list[str]:
    rows = Event.objects.filter(organization=visitor.club).order_by("sequence")
    return list(rows.values_list("type", flat=True))


def test_an_endpoint_is_added_and_its_secret_shown_once(owner: Visitor) -> None:
    assert "Nobody is told yet" in owner.get("webhooks").words
    once = owner.get("webhook_new").value("once")

    page = owner.post("webhook_new", **ENDPOINT, once=once)

    row = WebhookEndpoint.objects.get()
    assert page.status == 200
    assert "Copy it now: it is not shown again." in page.words
    assert signatures.secrets_at(row, make.JAN_10) == [shown_secret(page)]
    assert owner.post("webhook_new", **ENDPOINT, once=once).location == owner.address("webhook", row)
    assert WebhookEndpoint.objects.count() == 1
    for name, arguments in (("webhooks", []), ("webhook", [row]), ("webhook_edit", [row]), ("webhook_rotate", [row])):
        assert "whsec_" not in owner.get(name, *arguments).text


def test_what_it_is_told_is_ticked_by_kind_or_one_by_one(owner: Visitor) -> None:
    told = {**ENDPOINT, "told": "chosen", "event_types": ["membership.*", "membership.granted", "plan.archived"]}
    owner.post("webhook_new", **told)
    row = WebhookEndpoint.objects.get()
    assert row.event_types == ["membership.*", "plan.archived"]
    page = owner.get("webhook_edit", row)
    assert 'value="membership.*" checked' in page.text
    assert 'value="plan.archived" checked' in page.text
    assert 'value="plan.created" checked' not in page.text
    nothing = owner.post("webhook_edit", row, **{**ENDPOINT, "told": "chosen"})
    assert nothing.status == 422
    assert "Tick what it should be told, or choose everything." in nothing.words
    owner.post("webhook_edit", row, **told | {"told": "everything"})
    row.refresh_from_db()
    assert row.event_types == []


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"url": ""}, "This field is required."),
        ({"url": "http://10.0.0.1/hooks"}, "10.0.0.1 is in a network that requests do not go to"),
        ({"url": "hooks.example.org"}, "The address should begin with https://."),
        ({"event_types": ["card.*"], "told": "chosen"}, "Select a valid choice. card.* is not one of the available"),
    ],
)
def test_what_could_not_work_is_refused_at_its_field(owner: Visitor, told: dict[str, Any], said: str) -> None:
    page = owner.post("webhook_new", **{**ENDPOINT, **told})
    assert page.status == 422
    assert said in page.words
    assert page.value("description") == "Website"
    assert not WebhookEndpoint.objects.exists()


def test_a_late_change_is_refused(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    form = owner.get("webhook_edit", endpoint)
    known = {"version": form.value("version"), "base": form.value("base")}
    changed = owner.post("webhook_edit", endpoint, **{**ENDPOINT, "description": "Club"}, **known)
    assert changed.location == owner.address("webhook", endpoint)
    late = owner.post("webhook_edit", endpoint, **{**ENDPOINT, "description": "Shop"}, **known)
    assert late.status == 422
    assert "Saved meanwhile Club Typed here Shop" in late.words


def test_the_list_says_who_is_told_and_who_takes_it(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    make.webhook_endpoint(owner.club, "https://a.example/x", payload=Payload.FULL, failing_since=make.JAN_10)
    make.webhook_endpoint(owner.club, "https://b.example/x", disabled_at=make.JAN_10)
    make.webhook_endpoint(
        owner.club, "https://c.example", disabled_at=make.JAN_10, disabled_reason=DisabledReason.GONE,
        event_types=["plan.*", "price.*", "job.*", "staff.*"], last_success_at=make.JAN_10,
    )  # fmt: skip
    make.webhook_endpoint(make.organization("Elsewhere"), "https://stranger.example")
    page = owner.get("webhooks").words
    assert f"Website {HOOKS} On membership.* by name never" in page
    assert "a.example https://a.example/x Failing since Sat 10 Jan, 12:00 Everything in full never" in page
    assert "b.example https://b.example/x Off turned off by hand" in page
    assert "c.example https://c.example Off it answered 410: gone plan.*, price.* and 2 more" in page
    assert "stranger" not in page


def test_an_endpoint_shows_what_was_sent_and_what_became_of_it(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    rows = {status: make.delivery(endpoint, status) for status in DeliveryStatus}
    make.delivery(make.webhook_endpoint(owner.club))

    page = owner.get("webhook", endpoint)

    assert "The latest 4 messages: 1 waiting, 1 to be tried again, 1 delivered, 1 given up" in page.words
    assert "Still to arrive 2" in page.words
    assert page.text.count("row-link") == 4
    for status, row in rows.items():
        some = owner.get("webhook", endpoint, status=status)
        assert owner.address("webhook_delivery", endpoint, row) in some.text
        assert some.text.count("row-link") == 1
    assert owner.get("webhook", endpoint, status="nonsense").text.count("row-link") == 4


def test_deliveries_are_read_page_by_page(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    for _ in range(31):
        make.delivery(endpoint)
    page = owner.get("webhook", endpoint)
    assert page.text.count("row-link") == 30
    earlier = re.search(r'href="(\?cursor=[^"]+)"', page.text)
    assert earlier is not None
    rest = owner.open(owner.address("webhook", endpoint) + earlier[1].replace("&amp;", "&"))
    assert rest.text.count("row-link") == 1
    assert "The latest" in rest.words


def test_pages_cost_the_same_for_one_row_and_for_twenty(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    delivery = make.delivery(endpoint, DeliveryStatus.RETRYING)

    def costs() -> list[int]:
        return [
            owner.get("webhooks").queries,
            owner.get("webhook", endpoint).queries,
            owner.get("webhook_delivery", endpoint, delivery).queries,
        ]

    before = costs()
    for number in range(20):
        make.webhook_endpoint(owner.club)
        make.delivery(endpoint, list(DeliveryStatus)[number % 4], attempts=number % 10 + 1)
    assert costs() == before
    assert max(before) <= 10


def test_a_delivery_shows_every_attempt_and_what_was_answered(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    delivery = make.delivery(endpoint, DeliveryStatus.RETRYING, attempts=2)
    page = owner.get("webhook_delivery", endpoint, delivery)
    assert "webhook.test" in page.words
    assert "Trying again The next attempt is on Sat 10 Jan, 12:00." in page.words
    assert "500 Answered 500. Attempt 2 · Sat 10 Jan, 12:00 · 0.040 s What it answered out of order" in page.words
    assert f"Message {ids.to_text(Prefix.DELIVERY, delivery.pk)}" in page.words
    assert '"text": "This is a test. Nothing has happened."' in page.words


def test_what_a_receiver_answers_is_shown_and_not_obeyed(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    delivery = make.delivery(endpoint, DeliveryStatus.FAILED)
    delivery.attempts_made.update(response_body="<script>alert(1)</script><h1>Down</h1>")
    page = owner.get("webhook_delivery", endpoint, delivery)
    assert "<script>alert" not in page.text
    assert "<script>alert(1)</script><h1>Down</h1>" in page.words


def test_what_a_message_says_is_shown_as_it_would_be_sent(owner: Visitor) -> None:
    endpoint = make.webhook_endpoint(owner.club, payload=Payload.FULL)
    owner.post("customer_new", first_name="Ada", last_name="Okonkwo")
    event = Event.objects.get(type="customer.created")
    delivery = make.delivery(endpoint, event=event)
    page = owner.get("webhook_delivery", endpoint, delivery)
    assert '"last_name": "Okonkwo"' in page.words
    assert f"Number {event.sequence}" in page.words
    Delivery.objects.filter(pk=delivery.pk).update(event_id=ids.new_id())
    assert "The event it was about is no longer there." in owner.get("webhook_delivery", endpoint, delivery).words


def test_a_page_asks_again_by_itself_only_while_something_will_happen(
    owner: Visitor, endpoint: WebhookEndpoint
) -> None:
    def watched(delivery: Delivery) -> bool:
        return 'hx-trigger="every 2s"' in owner.get("webhook_delivery", endpoint, delivery).text

    waiting = make.delivery(endpoint, DeliveryStatus.WAITING, attempts=0)
    soon = make.delivery(endpoint, DeliveryStatus.RETRYING)
    later = make.delivery(endpoint, DeliveryStatus.RETRYING)
    Delivery.objects.filter(pk=later.pk).update(next_at=make.JAN_10 + timedelta(hours=2))
    over = [make.delivery(endpoint, status) for status in (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED)]
    assert [watched(each) for each in (waiting, soon, later, *over)] == [True, True, False, False, False]
    WebhookEndpoint.objects.update(disabled_at=make.JAN_10, disabled_reason="by_hand")
    assert not watched(waiting)
    assert "It is sent when the endpoint is turned on again." in owner.get("webhook_delivery", endpoint, waiting).words


def test_a_test_is_sent_once_and_its_page_shows_what_comes_of_it(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    asked = owner.get("webhook_test", endpoint)
    assert "It tells of nothing, and is tried once." in asked.words
    assert not Delivery.objects.exists()
    once = asked.value("once")
    first = owner.post("webhook_test", endpoint, once=once)
    again = owner.post("webhook_test", endpoint, once=once)
    assert first.location == again.location == owner.address("webhook_delivery", endpoint, Delivery.objects.get())
    assert "Waiting It is sent in its turn." in owner.open(first.location).words


def test_another_secret_is_shown_once_with_until_when_the_old_one_signs(
    owner: Visitor, endpoint: WebhookEndpoint
) -> None:
    with time_machine.travel(make.JAN_10, tick=False):
        once = owner.get("webhook_rotate", endpoint).value("once")
        page = owner.post("webhook_rotate", endpoint, overlap_hours=24, once=once, htmx=True)
        assert "The one before signs, too, until Sun 11 Jan, 12:00." in page.words
        endpoint.refresh_from_db()
        assert signatures.secrets_at(endpoint, make.JAN_10)[0] == shown_secret(page)
        again = owner.post("webhook_rotate", endpoint, overlap_hours=24, once=once)
        assert again.location == owner.address("webhook", endpoint)
        assert happened(owner) == ["webhook_endpoint.secret_rotated"]
        assert owner.post("webhook_rotate", endpoint, overlap_hours=5).status == 422
        at_once = owner.post("webhook_rotate", endpoint, overlap_hours=0)
        assert "The one before is worth nothing now" in at_once.words


def test_turning_it_off_says_first_what_becomes_of_what_waits(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    make.delivery(endpoint, DeliveryStatus.WAITING, attempts=0)
    asked = owner.get("webhook_disable", endpoint).words
    assert "What happens meanwhile is not kept for it, but can be sent later." in asked
    assert "1 message that waits is kept, and sent when it is turned on again." in asked
    owner.post("webhook_disable", endpoint)
    endpoint.refresh_from_db()
    assert endpoint.disabled_reason == "by_hand"
    page = owner.get("webhook", endpoint)
    assert "Turn it on" in page.words
    assert "Send a test" not in page.words
    refused = owner.post("webhook_test", endpoint)
    assert refused.status == 422
    assert "The endpoint is disabled and gets nothing: enable it first." in refused.words


@pytest.mark.parametrize(("told", "sent"), [({"missed_too": "on"}, 2), ({}, 0)])
def test_turning_it_on_sends_what_was_missed_if_that_is_wanted(owner: Visitor, told: dict[str, str], sent: int) -> None:
    endpoint = make.webhook_endpoint(owner.club, HOOKS, event_types=["customer.*"])
    owner.post("webhook_disable", endpoint)
    owner.post("customer_new", first_name="Ada", last_name="Okonkwo")
    owner.post("customer_new", first_name="Bruno", last_name="Brandt")
    assert "missed_too" in owner.get("webhook_enable", endpoint).text
    owner.post("webhook_enable", endpoint, **told)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    assert endpoint.deliveries.filter(status="waiting").count() == sent
    assert happened(owner).count("webhook_endpoint.enabled") == 1


def test_deleting_it_says_first_what_goes_with_it(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    make.delivery(endpoint, DeliveryStatus.WAITING, attempts=0)
    asked = owner.get("webhook_delete", endpoint).words
    assert "Its secrets, and the record of what was sent to it, are deleted with it." in asked
    assert "1 message that waits for it is not sent." in asked
    assert owner.post("webhook_delete", endpoint).location == owner.address("webhooks")
    assert owner.get("webhook", endpoint).status == 404
    assert owner.post("webhook_delete", endpoint).status == 404
    assert "Nobody is told yet" in owner.get("webhooks").words


def test_one_message_is_sent_again(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    delivery = make.delivery(endpoint, DeliveryStatus.FAILED)
    assert "It has the same id" in owner.get("webhook_delivery_replay", endpoint, delivery).words
    for _ in range(2):
        done = owner.post("webhook_delivery_replay", endpoint, delivery)
        assert done.location == owner.address("webhook_delivery", endpoint, delivery)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.round) == ("waiting", 2)
    page = owner.get("webhook_delivery", endpoint, delivery).words
    assert "Sent again Once" in page
    assert "Send it again" not in page


def test_what_happened_since_an_hour_is_sent_again(owner: Visitor) -> None:
    endpoint = make.webhook_endpoint(owner.club, HOOKS, event_types=["customer.*"])
    hours = (make.FEB_10, make.FEB_10 + timedelta(hours=1))
    for at in hours:
        with time_machine.travel(at, tick=False):
            owner.post("customer_new", first_name="Ada", last_name=f"Okonkwo {at.hour}", once="")
    with time_machine.travel(hours[1], tick=False):
        done = owner.post("webhook_replay", endpoint, begin="since", since="2026-02-10T12:30")
        assert done.location == owner.address("webhook", endpoint)
        assert "1 message is sent again." in owner.open(done.location).words
        everything = owner.post("webhook_replay", endpoint, begin="number", from_sequence=1)
        assert "1 message is sent again." in owner.open(everything.location).words
    assert endpoint.deliveries.count() == 2


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"begin": "since"}, "Say where to begin."),
        ({"begin": "since", "since": "yesterday"}, "Write a day and time like 2026-03-31T14:05."),
        ({"begin": "number"}, "Say where to begin."),
        ({"begin": "number", "from_sequence": "0"}, "Ensure this value is greater than or equal to 1."),
        ({"begin": "number", "from_sequence": "5", "to_sequence": "4"}, "The range ends before it begins."),
        ({}, "This field is required."),
    ],
)
def test_what_is_no_range_is_said_to_be_none(
    owner: Visitor, endpoint: WebhookEndpoint, told: dict[str, str], said: str
) -> None:
    page = owner.post("webhook_replay", endpoint, **told)
    assert page.status == 422
    assert said in page.words


def test_a_manager_may_look_and_nothing_else(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    delivery = make.delivery(endpoint, DeliveryStatus.FAILED)
    manager = working_for(owner.club, Role.MANAGER)
    for name, arguments in (("webhooks", []), ("webhook", [endpoint]), ("webhook_delivery", [endpoint, delivery])):
        page = manager.get(name, *arguments)
        assert page.status == 200
        for offer in ("Add an endpoint", "Send a test", "New secret", "Send it again", "Edit"):
            assert offer not in page.words, (name, offer)
    assert manager.post("webhook_test", endpoint).status == 403


def test_who_may_not_look_is_not_led_there(owner: Visitor) -> None:
    address = owner.address("webhooks")
    assert address in owner.get("settings").text
    for role in (Role.FRONT_DESK, Role.FINANCE, Role.VIEWER):
        page = working_for(owner.club, role).get("settings")
        assert address not in page.text
        assert "Webhooks" not in page.words


def test_a_delivery_to_another_endpoint_is_not_there(owner: Visitor, endpoint: WebhookEndpoint) -> None:
    delivery = make.delivery(make.webhook_endpoint(owner.club), DeliveryStatus.FAILED)
    assert owner.get("webhook_delivery", endpoint, delivery).status == 404
    assert owner.post("webhook_delivery_replay", endpoint, delivery).status == 404
    delivery.refresh_from_db()
    assert delivery.status == "failed"
    assert ref(endpoint) != ref(delivery.endpoint)
