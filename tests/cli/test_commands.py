"""What an operator does from the command line."""

import json
from datetime import timedelta

import pytest
import time_machine

from tessera.cli import announce
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.http.scopes import Scope
from tessera.memberships.milestones import KINDS
from tessera.organizations.auth import authenticate
from tessera.organizations.models import ApiKey, Organization, Staff
from tessera.people.types import CustomerStatus
from tests import make
from tests.cli.conftest import Tessera
from tests.memberships.desk import Desk

pytestmark = pytest.mark.django_db


@time_machine.travel(make.JAN_10, tick=False)
def test_an_organization_is_founded_and_named_on_the_last_line(tessera: Tessera) -> None:
    done = tessera("organization", "create", "Strand House", "--timezone", "Europe/London", "--currency", "gbp")

    assert done.stdout.splitlines()[-1] == "strand-house"
    club = Organization.objects.get(slug="strand-house")
    assert (club.time_zone, club.currency, club.is_test, club.created_at) == (
        "Europe/London",
        "GBP",
        False,
        make.JAN_10,
    )
    assert Event.objects.get().actor == "system:organization"


def test_a_test_organization_has_a_clock_that_stands_where_it_is_told(tessera: Tessera) -> None:
    create = ("organization", "create", "Lab", "--timezone", "America/New_York", "--currency", "USD", "--test")

    made = json.loads(tessera(*create, "--now", "2026-01-10", "--json").stdout)

    assert (made["slug"], made["test"], made["now"]) == ("lab", True, "2026-01-10T05:00:00Z")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--timezone", "Mars/Base", "--currency", "GBP"], "unknown_time_zone"),
        (["--timezone", "UTC", "--currency", "XXX"], "unknown_currency"),
        (["--timezone", "UTC", "--currency", "GBP", "--slug", "No Way"], "slug_invalid"),
        (["--timezone", "UTC", "--currency", "GBP", "--test", "--now", "tomorrow"], "time_unreadable"),
    ],
)
def test_a_wrong_organization_is_refused_in_one_line(tessera: Tessera, options: list[str], code: str) -> None:
    refused = tessera("organization", "create", "Strand House", *options, exit_code=1)

    assert refused.stderr.rstrip().endswith(f"[{code}]")
    assert not Organization.objects.exists()


def test_a_live_organization_has_no_clock_to_set(tessera: Tessera) -> None:
    make.organization(slug="live")

    tessera("organization", "create", "A", "--timezone", "UTC", "--currency", "GBP", "--now", "2026-01-10", exit_code=2)
    assert "[not_a_test_organization]" in tessera("clock", "live", exit_code=1).stderr
    assert "[not_found]" in tessera("clock", "nowhere", exit_code=1).stderr


def test_the_clock_is_read_and_moved_and_what_falls_due_happens_on_the_way(tessera: Tessera) -> None:
    lab = make.organization(slug="lab", test_now=make.JAN_10)
    held = make.membership(make.plan(lab), customer=make.customer(lab), ends_at=make.FEB_10)

    before = tessera("clock", "lab").stdout
    moved = tessera("clock", "lab", "2026-03-31T12:00").stdout
    back = tessera("clock", "lab", "2026-01-01", exit_code=1)

    assert before == "2026-01-10T12:00:00Z\n"
    assert moved == "2026-03-31T11:00:00Z\n"
    assert "[clock_backwards]" in back.stderr
    expired = Event.objects.get(type=EventType.MEMBERSHIP_EXPIRED)
    assert (expired.membership_id, expired.at) == (held.pk, make.FEB_10)
    assert json.loads(tessera("clock", "lab", "--json").stdout) == {"now": "2026-03-31T11:00:00Z", "status": "ready"}


def test_a_key_is_alone_on_the_last_line_and_works(tessera: Tessera) -> None:
    club = make.organization()

    done = tessera("key", "create", "--name", "Door", "--scopes", "access:read, customers:read")

    caller = authenticate(f"Bearer {done.stdout.splitlines()[-1]}")
    assert caller.organization == club
    assert caller.scopes == {Scope.ACCESS_READ, Scope.CUSTOMERS_READ}


def test_a_key_may_have_all_scopes_and_an_end(tessera: Tessera) -> None:
    lab = make.organization(slug="lab", test_now=make.JAN_10)
    make.organization(slug="other")

    made = json.loads(
        tessera(
            "key", "create", "--organization", "lab", "--name", "CI", "--scopes", "all",
            "--expires", "2199-01-31", "--json",
        ).stdout
    )  # fmt: skip

    key = ApiKey.objects.get(organization=lab)
    assert made["id"] == ids.to_text(Prefix.API_KEY, key.pk)
    assert made["key"].startswith("tk_test_")
    assert set(key.scopes) == {scope.value for scope in Scope}
    assert key.expires_at is not None
    assert key.expires_at.year == 2199


def test_a_key_of_an_unknown_scope_or_of_nobody_in_particular_is_refused(tessera: Tessera) -> None:
    for slug in ("one", "two"):
        make.organization(slug=slug)

    unknown = tessera("key", "create", "--organization", "one", "--name", "A", "--scopes", "all-of-it", exit_code=1)
    unclear = tessera("key", "create", "--name", "A", "--scopes", "access:read", exit_code=1)
    empty = tessera("key", "create", "--organization", "one", "--name", "A", "--scopes", ",", exit_code=1)

    assert "[scope_unknown]" in unknown.stderr
    assert "one, two [organization_unclear]" in unclear.stderr
    assert "[field_invalid]" in empty.stderr
    assert not ApiKey.objects.exists()


def test_staff_are_added_with_a_password_of_their_own(tessera: Tessera) -> None:
    club = make.organization()

    tessera("staff", "add", "--name", "Ada", "--email", "Ada@club.example", stdin="a long enough phrase\n")

    ada = Staff.objects.get(organization=club)
    assert ada.role == "owner"
    assert ada.user.check_password("a long enough phrase")


def test_a_generated_password_is_shown_once_and_only_to_who_is_new(tessera: Tessera) -> None:
    for slug in ("one", "two"):
        make.organization(slug=slug)
    add = ("staff", "add", "--name", "Ada", "--email", "ada@club.example", "--role", "viewer", "--generate-password")

    first = tessera(*add, "--organization", "one").stdout.splitlines()
    second = json.loads(tessera(*add, "--organization", "two", "--json").stdout)
    again = tessera(*add, "--organization", "two", exit_code=1)

    assert Staff.objects.filter(user__email="ada@club.example", role="viewer").count() == 2
    assert Staff.objects.filter(user__email="ada@club.example")[0].user.check_password(first[-1])
    assert second["password"] is None
    assert "[already_staff]" in again.stderr


def test_a_weak_password_is_refused(tessera: Tessera) -> None:
    make.organization()

    refused = tessera("staff", "add", "--name", "Ada", "--email", "ada@club.example", stdin="secret\n", exit_code=1)

    assert "[password_too_weak]" in refused.stderr
    assert not Staff.objects.exists()


@time_machine.travel(make.FEB_10, tick=False)
def test_announcing_records_what_expired_once_in_every_organization(tessera: Tessera) -> None:
    clubs = [make.organization(slug="one"), make.organization(slug="two")]
    for club in clubs:
        make.membership(make.plan(club), customer=make.customer(club), ends_at=make.FEB_10)
    make.membership(make.plan(clubs[0]), customer=make.customer(clubs[0]), ends_at=make.FEB_10 + timedelta(seconds=1))

    only_one = json.loads(tessera("announce", "--organization", "one", "--json").stdout)
    rest = tessera("announce").stdout
    nothing = tessera("announce").stdout

    assert only_one == {"announced": 1, "organizations": {"one": 1}, "kinds": {"membership.expired": 1}}
    assert rest == "announced: 1 expiry\n"
    assert nothing == "announced: nothing, for nothing was due\n"
    assert Event.objects.filter(type=EventType.MEMBERSHIP_EXPIRED).count() == 2


@time_machine.travel(make.FEB_10, tick=False)
def test_announcing_says_how_much_of_what(tessera: Tessera) -> None:
    desk, empty = Desk.open(slug="one"), make.organization(slug="two")
    plan, week, far = make.plan(desk.club, pauses_allowed=True), timedelta(days=7), make.FEB_10 + timedelta(days=99)
    people = [make.customer(desk.club) for _ in range(7)]
    desk.grant(plan, people[0], at=make.JAN_10, starts_at=make.FEB_10)
    begins, is_over = (desk.grant(plan, each, at=make.JAN_10, ends_at=far) for each in people[1:3])
    desk.pause(begins, at=make.JAN_10, starts_at=make.FEB_10)
    desk.pause(is_over, at=make.JAN_10, ends_at=make.FEB_10)
    desk.grant(plan, people[3], at=make.JAN_10, ends_at=make.FEB_10 + week, renews=True)
    desk.grant(plan, people[4], at=make.JAN_10, ends_at=make.FEB_10 + week)
    for each in people[5:]:
        desk.grant(plan, each, at=make.JAN_10, ends_at=make.FEB_10)

    announced = json.loads(tessera("announce", "--json").stdout)
    assert announced == {
        "announced": 7,
        "organizations": {"one": 7, "two": 0},
        "kinds": {
            "membership.started": 1,
            "membership.pause_started": 1,
            "membership.pause_ended": 1,
            "membership.renewal_due": 1,
            "membership.expiry_due": 1,
            "membership.expired": 2,
        },
    }
    assert empty.events.count() == 0
    assert tessera("announce").stdout == "announced: nothing, for nothing was due\n"


def test_every_kind_of_announcement_has_words() -> None:
    counts = dict.fromkeys(KINDS, 1) | {EventType.MEMBERSHIP_EXPIRED: 2}

    said = announce.in_words({str(kind): many for kind, many in counts.items()})

    assert said == "1 start, 1 pause begun, 1 pause over, 1 renewal due, 1 expiry to come, 2 expiries"


@time_machine.travel(make.JAN_10, tick=False)
def test_a_decision_is_explained(tessera: Tessera) -> None:
    club = make.organization()
    acme = make.company(club, "Acme Ltd")
    make.permission(club, "pool", targets=["enter door:pool"])
    held = make.membership(make.plan(club, "Corporate", permissions=["pool"]), company=acme, ends_at=make.FEB_10)
    ada, stranger = make.employee(acme), make.customer(club)

    said = tessera("check", ada.number, "pool").stdout
    by_target = json.loads(tessera("check", ada.number, "enter door:pool", "--json").stdout)
    later = json.loads(tessera("check", ada.number, "pool", "--at", "2026-02-10T12:00", "--json").stdout)
    denied = json.loads(tessera("check", stranger.number, "pool", "--json").stdout)
    nobody = json.loads(tessera("check", "CUS-999999", "pool", "--json").stdout)

    assert said.startswith("allow  granted\n")
    assert "Acme Ltd" in said
    assert by_target["decision"]
    assert (by_target["permission"], by_target["source"]) == ("pool", "company")
    assert by_target["membership"] == ids.to_text(Prefix.MEMBERSHIP, held.pk)
    assert by_target["valid_until"] == "2026-02-10T12:00:00Z"
    assert (later["decision"], later["reason"]) == (False, "membership_expired")
    assert (denied["decision"], denied["reason"]) == (False, "not_in_any_plan")
    assert (nobody["decision"], nobody["reason"]) == (False, "customer_unknown")


def test_a_reference_that_matches_several_people_is_refused(tessera: Tessera) -> None:
    club = make.organization()
    for _ in range(2):
        make.customer(club, emails=["family@example.org"], status=CustomerStatus.ACTIVE)

    assert "[reference_ambiguous]" in tessera("check", "email:family@example.org", "pool", exit_code=1).stderr


def test_the_openapi_document_is_printed(tessera: Tessera) -> None:
    document = json.loads(tessera("openapi").stdout)

    assert document["openapi"].startswith("3.1")
    assert "/api/v1/customers/{ref}/merge" in document["paths"]


def test_migrating_again_changes_nothing(tessera: Tessera) -> None:
    assert tessera("migrate").stdout == "The database is up to date.\n"
