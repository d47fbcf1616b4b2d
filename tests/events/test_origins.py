"""Where staff and programs came from when they did something: beside the events, on no wire, and erasable."""

from contextlib import suppress

import pytest

from tessera import db
from tessera.core.devices import device
from tessera.core.ids import new_id
from tessera.events import origins
from tessera.events import services as events
from tessera.events.models import Event, EventOrigin
from tessera.events.types import Actor, EventType
from tessera.organizations.models import Organization
from tests import make
from tests.console.visitor import working_for
from tests.http.client import Api

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def happen(club: Organization, actor: Actor, many: int = 1) -> None:
    line = events.Happened(organization_id=club.pk, type=EventType.PLAN_UPDATED, at=make.JAN_10, actor=actor)
    with db.transaction():
        events.record(*[line] * many)


def test_an_event_of_staff_has_where_they_were_beside_it() -> None:
    club = make.organization()
    with origins.coming_from("203.0.113.7", FIREFOX):
        happen(club, Actor.staff(new_id()), many=3)
    keys = list(Event.objects.values_list("pk", flat=True))
    found = origins.origins_of(club.pk, keys)
    assert set(found) == set(keys)
    assert set(found.values()) == {origins.Origin("203.0.113.7", "Firefox on Linux")}
    assert origins.origins_of(make.organization().pk, keys) == {}


def test_customers_and_the_system_leave_no_address() -> None:
    with origins.coming_from("203.0.113.7", FIREFOX):
        happen(make.organization(), Actor.system("unsubscribe"))
    happen(make.organization(), Actor.staff(new_id()))  # in a job, which comes from nowhere
    assert not EventOrigin.objects.exists()


def test_a_socket_has_no_address() -> None:
    with origins.coming_from("", ""):
        happen(make.organization(), Actor.staff(new_id()))
    assert EventOrigin.objects.get().address is None


def test_pages_and_the_api_are_known_by_their_address_and_the_feed_does_not_tell() -> None:
    club = make.organization(test_now=make.JAN_10)
    owner = working_for(club)
    owner.client.post(
        owner.address("customer_new"),
        {"first_name": "Ada", "last_name": "Okonkwo"},
        REMOTE_ADDR="203.0.113.7",
        headers={"User-Agent": FIREFOX},
    )
    event = Event.objects.get()
    assert EventOrigin.objects.get(event_id=event.pk).address == "203.0.113.7"
    _, secret = make.key(club)
    told = Api(secret).get("/api/v1/events")
    assert "203.0.113.7" not in told.text and "Firefox" not in told.text


def test_what_is_rolled_back_leaves_no_address() -> None:
    club = make.organization()
    with suppress(ZeroDivisionError), origins.coming_from("203.0.113.7", ""), db.transaction():
        happen(club, Actor.staff(new_id()))
        raise ZeroDivisionError
    assert not EventOrigin.objects.exists()


def test_an_address_is_erased_and_what_happened_stays() -> None:
    club, gone, other = make.organization(), Actor.staff(new_id()), Actor.staff(new_id())
    with origins.coming_from("203.0.113.7", FIREFOX):
        happen(club, gone, many=2)
        happen(club, other)
    assert origins.erase(club.pk, actor=gone) == 2
    assert EventOrigin.objects.get().actor == str(other)
    assert Event.objects.count() == 3


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"), ("", ""), ("something of its own", ""),
    ],
)  # fmt: skip
def test_a_browser_is_called_by_its_kind(agent: str, said: str) -> None:
    assert device(agent) == said
