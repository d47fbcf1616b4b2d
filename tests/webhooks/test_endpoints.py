"""Endpoints: made, changed, turned off and on, deleted, given other secrets; what is recorded of each."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from standardwebhooks import WebhookVerificationError

from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.organizations.errors import VersionStale
from tessera.organizations.models import Organization
from tessera.webhooks import queries, services, signatures
from tessera.webhooks.errors import (
    EndpointDisabled,
    EndpointInvalid,
    EndpointNotFound,
    EndpointUrlRefused,
    EventTypesInvalid,
    TooManyEndpoints,
)
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tessera.webhooks.types import Payload
from tests import make
from tests.webhooks.club import ACTOR, Club, attempts, fresh, meanwhile, only, statuses, told
from tests.webhooks.receiver import Receiver, receiving, with_status

pytestmark = pytest.mark.django_db

HOOKS = "https://hooks.example.org/tessera?token=secret-of-theirs"
NOON = make.FEB_10
by_us: dict[str, Any] = {"at": make.JAN_10, "actor": ACTOR}


def last(club: Club) -> Event:
    return Event.objects.filter(organization=club.organization).latest("sequence")


@time_machine.travel(NOON, tick=False)
def test_an_endpoint_is_made_with_a_secret_that_is_kept_sealed(club: Club) -> None:
    row, secret = services.create_endpoint(organization=club.organization, url=f" {HOOKS} ", **by_us)

    known = queries.endpoint(fresh(row))
    assert (known.url, known.event_types, known.payload, known.version) == (HOOKS, (), "thin", 1)
    assert (known.disabled_at, known.created_at) == (None, NOON)
    assert secret.startswith("whsec_")
    assert len(secret) == 6 + 44
    assert secret[6:] not in row.secret
    assert signatures.secrets_at(fresh(row), NOON) == [secret]


def test_nothing_recorded_of_an_endpoint_tells_its_address_or_secret(club: Club, receiver: Receiver) -> None:
    row = club.endpoint(HOOKS, description="The club's website")
    services.update_endpoint(endpoint=row, url=receiver.url, **by_us)
    services.rotate_secret(endpoint=row, **by_us)
    services.disable_endpoint(endpoint=row, **by_us)
    services.enable_endpoint(endpoint=row, **by_us)
    services.delete_endpoint(endpoint=row, **by_us)

    assert told(club.organization) == [
        f"webhook_endpoint.{verb}"
        for verb in ("created", "updated", "secret_rotated", "disabled", "enabled", "deleted")
    ]
    for event in Event.objects.filter(organization=club.organization):
        assert set(event.data) <= {"endpoint", "fields", "reason"}
        assert (event.actor, event.at) == (str(ACTOR), make.JAN_10)


def test_what_is_left_out_stays_and_what_is_already_so_is_not_written(club: Club) -> None:
    row = club.endpoint(HOOKS, event_types=["plan.*"])

    services.update_endpoint(endpoint=row, description=" Website ", payload=Payload.FULL, **by_us)

    known = fresh(row)
    assert (known.url, known.event_types, known.description, known.payload) == (HOOKS, ["plan.*"], "Website", "full")
    assert (known.version, last(club).data["fields"]) == (2, ["description", "payload"])
    services.update_endpoint(endpoint=row, description="Website", **by_us)
    assert fresh(row).version == 2
    assert last(club).data["fields"] == ["description", "payload"]


def test_a_stale_change_is_refused(club: Club) -> None:
    row = club.endpoint(HOOKS)
    services.update_endpoint(endpoint=row, description="One", version=1, **by_us)
    with pytest.raises(VersionStale):
        services.update_endpoint(endpoint=row, description="Another", version=1, **by_us)
    assert fresh(row).description == "One"


@pytest.mark.parametrize(
    ("details", "error", "pointer"),
    [
        ({"url": ""}, EndpointUrlRefused, "/url"),
        ({"url": "ftp://hooks.example.org"}, EndpointUrlRefused, "/url"),
        ({"url": "https://user:pass@hooks.example.org"}, EndpointUrlRefused, "/url"),
        ({"url": "https://10.0.0.1/hooks"}, EndpointUrlRefused, "/url"),
        ({"url": "https://[::ffff:127.0.0.1]/hooks"}, EndpointUrlRefused, "/url"),
        ({"url": "https://hooks.example.org:8443"}, EndpointUrlRefused, "/url"),
        ({"url": f"https://hooks.example.org/{'x' * 2_000}"}, EndpointUrlRefused, "/url"),
        ({"url": HOOKS, "event_types": ["member.*"]}, EventTypesInvalid, "/event_types/0"),
        ({"url": HOOKS, "description": "x" * 501}, EndpointInvalid, "/description"),
        ({"url": HOOKS, "description": "two\nlines"}, EndpointInvalid, "/description"),
    ],
)
def test_what_could_not_work_is_refused_where_it_is_wrong(
    club: Club, details: dict[str, Any], error: type[TesseraError], pointer: str
) -> None:
    row = club.endpoint(HOOKS)
    for attempt in (
        lambda: services.create_endpoint(organization=club.organization, **details, **by_us),
        lambda: services.update_endpoint(endpoint=row, **details, **by_us),
    ):
        with pytest.raises(error) as refusal:
            attempt()
        assert refusal.value.pointer == pointer
    assert WebhookEndpoint.objects.count() == 1
    assert fresh(row).url == HOOKS


def test_http_is_for_test_organizations_alone(club: Club) -> None:
    club.endpoint("http://hooks.example.org")
    live = make.organization()
    with pytest.raises(EndpointUrlRefused):
        services.create_endpoint(organization=live, url="http://hooks.example.org", **by_us)


def test_there_are_twenty_endpoints_at_most(club: Club, bystander: Organization) -> None:
    rows = [club.endpoint(HOOKS) for _ in range(20)]
    with pytest.raises(TooManyEndpoints):
        club.endpoint(HOOKS)
    Club(bystander).endpoint(HOOKS)
    services.delete_endpoint(endpoint=rows[3], **by_us)
    club.endpoint(HOOKS)


def test_what_happens_while_an_endpoint_is_off_is_not_kept_and_what_waits_is(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    (waits,) = club.happens()
    club.react()
    services.disable_endpoint(endpoint=endpoint, **by_us)
    club.happens()
    assert club.tell(endpoint) is None
    assert receiver.got == []
    assert statuses(endpoint) == ["waiting"]

    services.enable_endpoint(endpoint=endpoint, **by_us)
    club.tell(endpoint)

    assert receiver.sequences[0] == waits
    assert [got.type for got in receiver.got[1:]] == ["webhook_endpoint.enabled"]
    services.enable_endpoint(endpoint=endpoint, **by_us)
    assert told(club.organization).count("webhook_endpoint.enabled") == 1


def test_an_endpoint_turned_off_while_it_is_sent_to_gets_nothing_more(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    club.happens(5)

    with meanwhile(2, lambda: services.disable_endpoint(endpoint=endpoint, **by_us)):
        club.tell(endpoint)

    assert len(receiver.got) == 2
    assert statuses(endpoint) == ["delivered", "delivered", "waiting", "waiting", "waiting"]
    assert fresh(endpoint).lease is None


def test_a_new_address_gets_what_waits_at_once(club: Club, receiver: Receiver) -> None:
    with receiving() as old:
        endpoint = club.endpoint(old.url, event_types=["customer.*"])
        old.otherwise = with_status(500)
        club.happens(5)
        club.tell(endpoint)
    assert fresh(endpoint).quiet_until is not None

    services.update_endpoint(endpoint=endpoint, url=receiver.url, **by_us)
    club.tell(endpoint)

    assert len(receiver.got) == 2  # what was tried is tried again at its time
    assert statuses(endpoint) == ["retrying"] * 3 + ["delivered"] * 2
    assert fresh(endpoint).failing_since is None


def test_a_deleted_endpoint_is_not_there_and_gets_nothing(club: Club, receiver: Receiver) -> None:
    endpoint, other = club.endpoint(receiver.url), club.endpoint(receiver.url, event_types=["plan.*"])
    club.happens()
    club.react()

    services.delete_endpoint(endpoint=endpoint, **by_us)

    assert club.tell(endpoint) is None
    assert receiver.got == []
    known = fresh(endpoint)
    assert (known.secret, known.previous_secret) == ("", "")
    assert [each.id for each in queries.endpoints(club.organization).data] == [other.pk]
    with pytest.raises(EndpointNotFound):
        services.delete_endpoint(endpoint=endpoint, **by_us)
    with pytest.raises(EndpointNotFound):
        services.rotate_secret(endpoint=endpoint, **by_us)


def test_while_secrets_overlap_both_sign(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=["customer.*"])
    first = club.secrets[endpoint.pk]
    with time_machine.travel(NOON, tick=False) as moved:
        _, second = services.rotate_secret(endpoint=endpoint, **by_us)
        assert fresh(endpoint).previous_secret_until == NOON + timedelta(hours=24)
        club.happens()
        club.tell(endpoint)
        (got,) = receiver.got
        assert got.verified(first) == got.verified(second)
        assert len(got.headers["webhook-signature"].split(" ")) == 2

        moved.move_to(NOON + timedelta(hours=24))
        club.happens()
        club.tell(endpoint)
        later = receiver.got[-1]
        assert later.verified(second)
        with pytest.raises(WebhookVerificationError):
            later.verified(first)


def test_a_secret_rotated_while_messages_are_sent_signs_the_next_one(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url)
    first, new = club.secrets[endpoint.pk], []
    club.happens(4)

    def rotate() -> None:
        new.append(services.rotate_secret(endpoint=endpoint, overlap=timedelta(0), **by_us)[1])

    with meanwhile(2, rotate):
        club.tell(endpoint)

    assert [signs(first, got) for got in receiver.got] == [True, True, False, False]
    assert [signs(new[0], got) for got in receiver.got] == [False, False, True, True]


def signs(secret: str, got: Any) -> bool:
    try:
        got.verified(secret)
    except WebhookVerificationError:
        return False
    return True


@pytest.mark.parametrize("hours", [-1, 169])
def test_secrets_overlap_for_a_week_at_most(club: Club, hours: int) -> None:
    endpoint = club.endpoint(HOOKS)
    with pytest.raises(EndpointInvalid):
        services.rotate_secret(endpoint=endpoint, overlap=timedelta(hours=hours), **by_us)


def test_a_secret_rotated_twice_leaves_the_first_behind(club: Club) -> None:
    endpoint = club.endpoint(HOOKS)
    _, second = services.rotate_secret(endpoint=endpoint, **by_us)
    _, third = services.rotate_secret(endpoint=endpoint, **by_us)
    known = fresh(endpoint)
    assert signatures.secrets_at(known, known.created_at) == [third, second]


def test_a_test_tells_of_nothing_and_comes_before_all_that_waits(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=["customer.*"])
    club.happens(2)
    club.react()
    delivery = club.test(endpoint)

    club.tell(endpoint)

    got = receiver.got[0]
    assert got.id.startswith("dlv_")
    message = got.verified(club.secrets[endpoint.pk])
    assert message["type"] == "webhook.test"
    assert message["data"]["text"] == "This is a test. Nothing has happened."
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("delivered", 1)
    assert last(club).type == "webhook_endpoint.tested"


def test_a_test_that_fails_is_not_repeated_and_says_nothing_about_the_rest(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=["customer.*"])
    receiver.otherwise = with_status(500, b"no")
    for _ in range(4):
        club.test(endpoint)

    assert club.tell(endpoint) is None

    assert statuses(endpoint) == ["failed"] * 4
    known = fresh(endpoint)
    assert (known.failing_since, known.failures, known.quiet_until) == (None, 0, None)


def test_a_test_that_arrives_shows_that_the_endpoint_is_well_again(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=["customer.*"])
    receiver.answers = [with_status(500)]
    club.happens()
    club.tell(endpoint)
    assert fresh(endpoint).failing_since is not None

    club.test(endpoint)
    club.tell(endpoint)

    assert fresh(endpoint).failing_since is None


def test_a_test_does_not_wait_until_an_endpoint_has_rested(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=["customer.*"])
    receiver.answers = [lambda call: call.reply(503, b"", **{"Retry-After": "86400"})]
    club.happens()
    club.tell(endpoint)
    assert fresh(endpoint).quiet_until is not None

    test = club.test(endpoint)
    club.tell(endpoint)

    test.refresh_from_db()
    assert test.status == "delivered"


def test_nothing_is_tried_out_on_an_endpoint_that_is_off(club: Club) -> None:
    endpoint = services.disable_endpoint(endpoint=club.endpoint(HOOKS), **by_us)
    with pytest.raises(EndpointDisabled):
        club.test(endpoint)
    assert not Delivery.objects.exists()


def test_a_test_is_kept_like_other_deliveries(club: Club, receiver: Receiver) -> None:
    endpoint = club.endpoint(receiver.url, event_types=["plan.*"])
    club.test(endpoint)
    club.tell(endpoint)
    facts = queries.delivery(only(endpoint))
    assert (facts.event_id, facts.sequence, facts.type, facts.status) == (None, None, "webhook.test", "delivered")
    assert attempts(endpoint) == [(1, 1, 204, "")]
