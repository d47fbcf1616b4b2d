"""What messages say of what an event is about: as the API shows it, when they are sent."""

import json
from typing import Any

import pytest

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events import queries as events
from tessera.events.types import EventType
from tessera.lifecycle.merge import merge_customer
from tessera.memberships import renewing
from tessera.organizations import staff
from tessera.organizations.rights import Role
from tessera.plans import permissions
from tessera.webhooks import messages, objects, services
from tessera.webhooks.types import Payload
from tests import make
from tests.api.world import World, settled
from tests.http.client import Api
from tests.webhooks.club import ACTOR, Club

pytestmark = pytest.mark.django_db

by_us: dict[str, Any] = {"at": make.FEB_10, "actor": ACTOR}


@pytest.fixture
def world(club: Club) -> World:
    """The club with some of everything."""
    return settled(club.organization)


def said(club: Club, payload: Payload = Payload.FULL, *, sequence: int | None = None) -> dict[str, Any]:
    """What a message about an event says, the latest unless told."""
    wanted = sequence or club.last_sequence
    line = events.feed(club.organization, after=wanted - 1, limit=1).lines[0]
    message = messages.of_event(line, organization=club.organization, payload=payload, at=make.JAN_10)
    told: dict[str, Any] = json.loads(message.body)
    return told


def about(club: Club, what: EventType, **ids_and_data: Any) -> dict[str, Any]:
    club.happens(what=what, **ids_and_data)
    found: dict[str, Any] = said(club)["data"]["object"]
    return found


def test_a_full_message_shows_what_the_api_shows(club: Club, world: World) -> None:
    api = Api(world.secret)
    addresses = world.addresses
    shown = {
        "customer": about(club, EventType.CUSTOMER_UPDATED, customer_id=world.ada.pk),
        "company": about(club, EventType.COMPANY_UPDATED, company_id=world.acme.pk),
        "plan": about(club, EventType.PLAN_UPDATED, plan_id=world.plan.pk),
        "membership": about(club, EventType.MEMBERSHIP_RENEWED, membership_id=world.own.pk, plan_id=world.plan.pk),
        "organization": about(club, EventType.ORGANIZATION_UPDATED),
    }
    in_api = {
        "customer": api.get(f"/customers/{addresses['customers']}"),
        "company": api.get(f"/companies/{addresses['companies']}"),
        "plan": api.get(f"/plans/{addresses['plans']}"),
        "membership": api.get(f"/memberships/{addresses['memberships']}"),
        "organization": api.get("/organization"),
    }
    for kind, found in shown.items():
        assert found == {"type": kind, "deleted": False, **in_api[kind].json}, kind
        assert found["version"] >= 1


def test_a_price_is_shown_with_its_plan(club: Club, world: World) -> None:
    shown = about(club, EventType.PRICE_CREATED, plan_id=world.plan.pk)
    assert (shown["type"], shown["id"]) == ("plan", world.addresses["plans"])
    assert shown["prices"][0]["id"] == world.addresses["prices"]


def test_permissions_affiliations_and_endpoints_are_shown_too(club: Club, world: World) -> None:
    row = permissions.create_permission(organization=club.organization, key="sauna", **by_us)
    assert said(club)["data"]["object"] == {
        "type": "permission", "version": None, "deleted": False,
        **Api(world.secret).get("/permissions/sauna").json,
    }  # fmt: skip
    permissions.delete_permission(permission=row, **by_us)
    permissions.create_permission(organization=club.organization, key="sauna", **by_us)
    gone = said(club, sequence=club.last_sequence - 1)["data"]["object"]
    assert gone == {
        "type": "permission", "id": ids.to_text(Prefix.PERMISSION, row.pk), "version": None, "deleted": True,
    }  # fmt: skip

    Api(world.secret).put(
        f"/companies/{world.addresses['companies']}/customers/{make.customer(club.organization).number}", {}
    )
    affiliation = said(club)["data"]["object"]
    assert (affiliation["type"], affiliation["company"]["id"]) == ("affiliation", world.addresses["companies"])

    club.endpoint("https://hooks.example.org/secret-path")
    endpoint = said(club)["data"]["object"]
    assert (endpoint["type"], endpoint["version"], endpoint["status"]) == ("webhook_endpoint", 1, "enabled")
    assert "secret" not in endpoint


def test_staff_and_keys_are_nothing_that_is_shown(club: Club) -> None:
    staff.add_staff(
        organization=club.organization, name="Sam", email="sam@club.example", password=make.PASSWORD,
        role=Role.MANAGER, **by_us,
    )  # fmt: skip
    assert said(club)["data"]["object"] is None


def test_a_thin_message_names_the_object_and_its_version(club: Club, world: World) -> None:
    club.happens(what=EventType.MEMBERSHIP_RENEWED, membership_id=world.own.pk)
    message = said(club, Payload.THIN)
    assert message["data"]["object"] == {
        "type": "membership", "id": world.addresses["memberships"], "version": 1, "deleted": False,
    }  # fmt: skip
    assert club.organization.name not in json.dumps(message)


def test_a_message_has_the_version_of_when_it_is_sent(club: Club, world: World) -> None:
    before = club.last_sequence
    renewing.renew(organization=club.organization, membership_id=world.own.pk, **by_us)
    renewing.renew(organization=club.organization, membership_id=world.own.pk, **by_us)

    first, second = (said(club, sequence=before + number)["data"] for number in (1, 2))

    assert (first["data"]["version"], second["data"]["version"]) == (2, 3)
    assert first["object"]["version"] == second["object"]["version"] == 3
    assert first["object"]["ends_at"] == second["object"]["ends_at"]


def test_who_was_merged_is_shown_as_who_they_are_now(club: Club) -> None:
    ada, twin = make.customer(club.organization), make.customer(club.organization)
    club.happens(what=EventType.CUSTOMER_UPDATED, customer_id=twin.pk)
    before = club.last_sequence
    merge_customer(customer=twin, into=ada, **by_us)

    message = said(club, sequence=before)["data"]

    assert message["customer_id"] == ids.to_text(Prefix.CUSTOMER, twin.pk)
    assert message["object"]["id"] == ids.to_text(Prefix.CUSTOMER, ada.pk)


def test_an_endpoint_that_was_deleted_meanwhile_is_said_to_be(club: Club) -> None:
    endpoint = club.endpoint("https://hooks.example.org")
    services.delete_endpoint(endpoint=endpoint, **by_us)
    shown = said(club)["data"]["object"]
    assert (shown["id"], shown["deleted"], shown["version"]) == (
        ids.to_text(Prefix.WEBHOOK_ENDPOINT, endpoint.pk), True, None,
    )  # fmt: skip


def test_nothing_that_is_shown_has_members_of_the_messages_own(club: Club, world: World) -> None:
    for what in EventType:
        club.happens(
            what=what, customer_id=world.ada.pk, company_id=world.acme.pk, plan_id=world.plan.pk,
            membership_id=world.own.pk,
        )  # fmt: skip
        line = events.feed(club.organization, after=club.last_sequence - 1, limit=1).lines[0]
        subject = objects.subject_of(club.organization, line, at=make.JAN_10)
        assert subject is None or subject.shown is None or not subject.shown.keys() & {"type", "deleted"}


def test_names_of_any_script_are_sent_as_they_are(club: Club) -> None:
    ada = make.customer(club.organization, first_name="سارة", last_name="\u2028")
    with db.transaction():
        club.happens(what=EventType.CUSTOMER_UPDATED, customer_id=ada.pk)
    line = events.feed(club.organization, limit=1).lines[0]
    message = messages.of_event(line, organization=club.organization, payload=Payload.FULL, at=make.JAN_10)
    assert "سارة" in message.body
    assert json.loads(message.body)["data"]["object"]["first_name"] == "سارة"
