"""The link in a reminder turns reminders off, and on again: for its customer, at its club, by a POST alone."""

import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

from tessera.events.models import Event
from tessera.lifecycle.merge import merge_customer
from tessera.notices import recipients, services, tokens
from tessera.notices.models import Unsubscription
from tessera.notices.types import Group
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tests import make
from tests.memberships.desk import ACTOR
from tests.notices.letters import happens
from tests.notices.scenes import SCENES
from tests.notices.stage import Stage
from tests.people.racing import at_once
from tests.scale import scaled

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def club(db: None) -> Organization:
    return make.organization("Strand House")


@pytest.fixture
def ada(club: Organization) -> Customer:
    return make.customer(club, first_name="Adaline", emails=["ada@member.example"])


@pytest.fixture
def visitor() -> Client:
    """Somebody's browser, or a mail program: neither has a cookie of ours, and the first checks are on."""
    return Client(enforce_csrf_checks=True)


def address(person: Customer, club: Organization | None = None) -> str:
    """The address of the link that the person was sent; at `club`'s if given."""
    home = person.organization
    token = tokens.unsubscribing(organization_id=home.pk, customer_id=person.pk, group=Group.REMINDERS)
    return f"/notices/{(club or home).slug}/{token}"


def off(person: Customer) -> bool:
    return (person.pk, Group.REMINDERS) in recipients.unsubscribed(person.organization, [person.pk])


def happened(club: Organization) -> list[tuple[str, object, str]]:
    rows = Event.objects.filter(organization=club).order_by("sequence")
    return [(row.type, row.customer_id, row.data["group"]) for row in rows]


def page(answer: HttpResponseBase) -> str:
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 200
    return answer.content.decode()


def test_looking_changes_nothing(visitor: Client, ada: Customer) -> None:
    for method in (visitor.get, visitor.head, visitor.get):
        assert method(address(ada)).status_code == 200
    assert not off(ada)
    assert happened(ada.organization) == []


def test_the_button_turns_them_off_and_the_next_one_on_again(visitor: Client, ada: Customer) -> None:
    link = address(ada)
    assert "Stop the reminders" in page(visitor.get(link))

    answer = visitor.post(link, {"reminders": "off"})
    assert (answer.status_code, answer["Location"]) == (302, link)
    assert off(ada)
    assert "Reminders are off" in page(visitor.get(link))

    visitor.post(link, {"reminders": "off"})  # twice is once
    visitor.post(link, {"reminders": "on"})
    visitor.post(link, {"reminders": "on"})
    assert not off(ada)
    assert happened(ada.organization) == [
        ("customer.unsubscribed", ada.pk, "reminders"),
        ("customer.resubscribed", ada.pk, "reminders"),
    ]


def test_a_mail_program_turns_them_off_by_one_post(visitor: Client, ada: Customer) -> None:
    """As RFC 8058 has it: no cookies, no redirect, a body of one member."""
    answer = visitor.post(address(ada), "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
    assert "Reminders are off" in page(answer)
    assert off(ada)


def test_a_post_that_says_nothing_changes_nothing(visitor: Client, ada: Customer) -> None:
    assert visitor.post(address(ada), {"reminders": "sideways"}).status_code == 400
    assert visitor.put(address(ada)).status_code == 405
    assert not off(ada)


@pytest.mark.django_db
@pytest.mark.parametrize(("scene", "written"), [("expired", []), ("canceled", ["canceled"])])
def test_what_is_turned_off_is_not_written_and_the_rest_is(scene: str, written: list[str]) -> None:
    stage = Stage.set_up()
    services.unsubscribe(
        organization=stage.club, customer=stage.ada, group=Group.REMINDERS, at=make.JAN_10, actor=ACTOR
    )
    letters = happens(stage, SCENES[scene][1])
    assert [each.kind for each in letters if each.kind == scene] == written


def test_another_member_is_none_of_its_business(visitor: Client, ada: Customer, club: Organization) -> None:
    bystander = make.customer(club)
    visitor.post(address(ada), ONE_CLICK)
    assert not off(bystander)


def test_a_link_is_worth_nothing_at_another_club(visitor: Client, ada: Customer) -> None:
    elsewhere = make.organization("Elsewhere")
    for answer in (visitor.get(address(ada, elsewhere)), visitor.post(address(ada, elsewhere), ONE_CLICK)):
        assert answer.status_code == 404
    assert not Unsubscription.objects.exists()


@pytest.mark.parametrize("spoilt", ["{}x", "x", "{}.x", "x{}", ".", "reminders.cus_x.y"])
def test_a_link_that_nobody_signed_is_nothing(visitor: Client, ada: Customer, spoilt: str) -> None:
    start, _, token = address(ada).rpartition("/")
    wrong = f"{start}/{spoilt.format(token)}"
    assert [visitor.get(wrong).status_code, visitor.post(wrong, ONE_CLICK).status_code] == [404, 404]
    assert visitor.get("/notices/no-such-club/x").status_code == 404
    assert not off(ada)


def test_the_link_says_nothing_about_the_person(ada: Customer) -> None:
    said = address(ada).rpartition("/")[2].lower()
    for personal in (ada.first_name, ada.last_name, "ada@member.example", ada.number):
        assert personal.lower() not in said


def test_the_address_is_kept_from_others(visitor: Client, ada: Customer) -> None:
    answer = visitor.get(address(ada))
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "<script" not in answer.content.decode()


def test_it_speaks_the_customers_language_in_the_clubs_colour(visitor: Client, ada: Customer) -> None:
    Customer.objects.filter(pk=ada.pk).update(locale="de-AT")
    answer = visitor.get(address(ada))
    assert "Erinnerungen abbestellen" in page(answer)
    assert '<html lang="de"' in page(answer)
    style = visitor.get(f"/notices/{ada.organization.slug}/accent.css?v=1")
    assert style.content.decode() == f":root {{ --accent: {ada.organization.accent}; }}"
    assert f"/notices/{ada.organization.slug}/accent.css?v=1" in page(answer)


@pytest.mark.parametrize("status", list(CustomerStatus))
def test_everybody_can_turn_them_off_whatever_they_are(visitor: Client, club: Organization, status: str) -> None:
    person = make.customer(club, status=CustomerStatus(status))
    visitor.post(address(person), ONE_CLICK)
    assert off(person)


def test_what_a_record_said_holds_for_the_one_it_was_merged_into(
    visitor: Client, ada: Customer, club: Organization
) -> None:
    visitor.post(address(ada), ONE_CLICK)
    survivor = make.customer(club)
    assert not off(survivor)

    merge_customer(customer=ada, into=survivor, at=make.JAN_10, actor=ACTOR)
    assert off(survivor)

    visitor.post(address(ada), {"reminders": "on"})  # the old link works on
    assert not off(survivor)


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_several_clicks_at_once_are_one() -> None:
    for _ in range(scaled(40)):
        ada = make.customer(make.organization())
        answers = at_once([lambda: Client().post(address(ada), ONE_CLICK).status_code] * 4)  # noqa: B023
        assert answers == [200] * 4
        assert len(happened(ada.organization)) == 1
