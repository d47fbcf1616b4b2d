"""Joining and leaving companies: one affiliation and one event, whatever the company holds."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera.access.engine import decide
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.memberships import inheritance
from tessera.memberships.errors import HolderArchived, HolderBanned, MembershipExpired, NoSeats, NotAffiliated
from tessera.memberships.inheritance import join_company, leave_company
from tessera.memberships.models import Membership
from tessera.people.affiliations import Position
from tessera.people.errors import AffiliationEndsBeforeStart, AlreadyAffiliated
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import CompanyStatus, CustomerStatus, Via
from tests import make
from tests.memberships.desk import ACTOR, Desk, london, one_event, refused

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
DAY = timedelta(days=1)


def intervals(customer: Customer, company: Company) -> list[tuple[object, object]]:
    """When the customer belongs to the company, in order."""
    rows = Affiliation.objects.filter(customer=customer, company=company).order_by("starts_at", "ends_at")
    return list(rows.values_list("starts_at", "ends_at"))


def swims(customer: Customer, at: object) -> bool:
    """Whether the customer may use the pool then."""
    decision = decide(organization_id=customer.organization_id, customer_id=customer.pk, asked="pool", at=at)  # type: ignore[arg-type]
    return decision.allow


def test_joining_gives_at_once_and_leaving_takes_at_the_next_check(desk: Desk, ada: Customer, acme: Company) -> None:
    desk.grant(make.plan(desk.club, permissions=["pool"]), acme, at=NOON)
    colleague, stranger = make.employee(acme), make.customer(desk.club)

    join_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR, via=Via.STAFF)
    assert swims(ada, NOON + DAY)
    assert not swims(ada, NOON + DAY - timedelta.resolution)
    assert not swims(stranger, NOON + DAY)
    leave_company(customer=ada, company=acme, at=NOON + 2 * DAY, actor=ACTOR)

    assert swims(ada, NOON + 2 * DAY - timedelta.resolution)
    assert not swims(ada, NOON + 2 * DAY)
    assert swims(colleague, NOON + 2 * DAY)


@pytest.mark.parametrize("company_memberships", [0, 1, 20])
def test_joining_and_leaving_write_one_affiliation_and_one_event_each(
    desk: Desk, ada: Customer, acme: Company, company_memberships: int
) -> None:
    for _ in range(company_memberships):
        desk.grant(make.plan(desk.club), acme, at=NOON)
    held = Membership.objects.count()

    with (
        CaptureQueriesContext(
            connection,
        ) as joining,
        one_event(desk.club, "affiliation.started") as started,
    ):
        affiliation = join_company(customer=ada, company=acme, at=NOON, actor=ACTOR, via=Via.API, title="Cook")
    with CaptureQueriesContext(connection) as leaving, one_event(desk.club, "affiliation.ended") as ended:
        leave_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR)

    row = Affiliation.objects.get(customer=ada, company=acme)
    assert row == affiliation
    assert (row.starts_at, row.ends_at, row.recorded_at, row.queue_at) == (NOON, NOON + DAY, NOON, NOON)
    assert (row.via, row.title) == ("api", "Cook")
    assert Membership.objects.count() == held
    public_id = ids.to_text(Prefix.AFFILIATION, row.pk)
    for event, data in (
        (started[0], {"affiliation": public_id, "starts_at": "2026-01-10T12:00:00Z"}),
        (ended[0], {"affiliation": public_id, "ended_at": "2026-01-11T12:00:00Z"}),
    ):
        assert (event.customer_id, event.company_id, event.membership_id) == (ada.pk, acme.pk, None)
        assert event.data == data
    for seen in (joining, leaving):
        assert not [query["sql"] for query in seen if "memberships_" in query["sql"]]


def test_belonging_may_be_planned_and_bounded(desk: Desk, ada: Customer, acme: Company) -> None:
    desk.grant(make.plan(desk.club, permissions=["pool"]), acme, at=NOON)

    join_company(
        customer=ada,
        company=acme,
        at=NOON,
        actor=ACTOR,
        via=Via.STAFF,
        starts_at=NOON + 2 * DAY,
        ends_at=NOON + 4 * DAY,
    )

    assert [swims(ada, NOON + number * DAY) for number in range(6)] == [False, False, True, True, False, False]


def test_what_is_inherited_is_the_intersection(desk: Desk, ada: Customer, acme: Company) -> None:
    plan = make.plan(desk.club, permissions=["pool"])
    desk.grant(plan, acme, at=NOON, starts_at=NOON + DAY, ends_at=NOON + 3 * DAY)

    join_company(customer=ada, company=acme, at=NOON, actor=ACTOR, via=Via.STAFF)
    leave_company(customer=ada, company=acme, at=NOON + 2 * DAY, actor=ACTOR)

    assert [swims(ada, NOON + number * DAY) for number in range(4)] == [False, True, False, False]


def test_own_and_inherited_add_up(desk: Desk, ada: Customer, acme: Company) -> None:
    globex = make.company(desk.club)
    for company in (acme, globex):
        desk.grant(make.plan(desk.club, permissions=["pool"]), company, at=NOON)
        join_company(customer=ada, company=company, at=NOON, actor=ACTOR, via=Via.STAFF)
    own = desk.grant(make.plan(desk.club, permissions=["pool"]), ada, at=NOON)

    leave_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR)
    assert swims(ada, NOON + DAY)
    desk.cancel_now(own, at=NOON + 2 * DAY)
    assert swims(ada, NOON + 2 * DAY)
    leave_company(customer=ada, company=globex, at=NOON + 3 * DAY, actor=ACTOR)

    assert not swims(ada, NOON + 3 * DAY)


def test_a_companys_pause_grace_and_end_are_everybodys(desk: Desk, acme: Company) -> None:
    plan = make.plan(desk.club, permissions=["pool"], pauses_allowed=True)
    ada, bruno = make.employee(acme), make.employee(acme)
    membership = desk.grant(plan, acme, at=NOON, renews=True)

    desk.pause(membership, at=NOON + DAY, ends_at=NOON + 2 * DAY)

    for person in (ada, bruno):
        assert swims(person, NOON)
        assert not swims(person, NOON + DAY)
        assert swims(person, NOON + 2 * DAY)
        assert swims(person, london("2026-02-16 23:59"))
        assert not swims(person, london("2026-02-17"))


def test_intervals_may_touch_but_not_overlap(desk: Desk, ada: Customer, acme: Company) -> None:
    at = {"at": NOON, "actor": ACTOR, "via": Via.STAFF}
    join_company(customer=ada, company=acme, starts_at=NOON + 2 * DAY, ends_at=NOON + 4 * DAY, **at)  # type: ignore[arg-type]

    for starts, until in ((1, 3), (3, 5), (2, 4), (0, None), (3, None)):
        with refused(AlreadyAffiliated, code="already_affiliated"):
            join_company(
                customer=ada,
                company=acme,
                at=NOON,
                actor=ACTOR,
                via=Via.STAFF,
                starts_at=NOON + starts * DAY,
                ends_at=None if until is None else NOON + until * DAY,
            )
    join_company(customer=ada, company=acme, ends_at=NOON + 2 * DAY, **at)  # type: ignore[arg-type]
    join_company(customer=ada, company=acme, starts_at=NOON + 4 * DAY, **at)  # type: ignore[arg-type]

    assert intervals(ada, acme) == [
        (NOON, NOON + 2 * DAY),
        (NOON + 2 * DAY, NOON + 4 * DAY),
        (NOON + 4 * DAY, None),
    ]


def test_an_end_before_the_start_is_refused(desk: Desk, ada: Customer, acme: Company) -> None:
    with refused(AffiliationEndsBeforeStart, code="affiliation_ends_before_start"):
        join_company(customer=ada, company=acme, at=NOON, actor=ACTOR, via=Via.STAFF, ends_at=NOON)


def test_the_banned_and_the_archived_join_nothing(desk: Desk, ada: Customer, acme: Company) -> None:
    closed = make.company(desk.club, status=CompanyStatus.ARCHIVED)
    with refused(HolderArchived, code="holder_archived"):
        join_company(customer=ada, company=closed, at=NOON, actor=ACTOR, via=Via.STAFF)

    Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED)  # since she was looked up
    with refused(HolderBanned, code="holder_banned"):
        join_company(customer=ada, company=acme, at=NOON, actor=ACTOR, via=Via.STAFF)


def test_the_banned_can_leave(desk: Desk, acme: Company) -> None:
    ada = make.employee(acme)
    Customer.objects.filter(pk=ada.pk).update(status=CustomerStatus.BANNED)

    leave_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR)

    assert intervals(ada, acme) == [(NOON, NOON + DAY)]


def test_who_does_not_belong_cannot_leave(desk: Desk, ada: Customer, acme: Company) -> None:
    make.employee(acme)
    with refused(NotAffiliated, code="not_affiliated"):
        leave_company(customer=ada, company=acme, at=NOON, actor=ACTOR)

    make.affiliation(ada, acme, ends_at=NOON + DAY)
    with refused(NotAffiliated, code="not_affiliated"):
        leave_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR)


def test_leaving_earlier_than_planned_moves_the_end(desk: Desk, ada: Customer, acme: Company) -> None:
    make.affiliation(ada, acme, ends_at=NOON + 10 * DAY)

    leave_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR)

    assert intervals(ada, acme) == [(NOON, NOON + DAY)]


def test_leaving_in_the_instant_of_joining_covers_nothing_and_is_kept(desk: Desk, ada: Customer, acme: Company) -> None:
    desk.grant(make.plan(desk.club, permissions=["pool"]), acme, at=NOON)
    join_company(customer=ada, company=acme, at=NOON, actor=ACTOR, via=Via.STAFF)

    leave_company(customer=ada, company=acme, at=NOON, actor=ACTOR)

    assert intervals(ada, acme) == [(NOON, NOON)]
    assert not swims(ada, NOON)
    join_company(customer=ada, company=acme, at=NOON, actor=ACTOR, via=Via.STAFF)
    assert swims(ada, NOON)


def test_what_is_only_planned_is_taken_back_after_what_runs(desk: Desk, ada: Customer, acme: Company) -> None:
    make.affiliation(ada, acme, ends_at=NOON + 5 * DAY)
    planned = make.affiliation(ada, acme, starts_at=NOON + 8 * DAY)

    leave_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR)
    assert intervals(ada, acme) == [(NOON, NOON + DAY), (NOON + 8 * DAY, None)]
    with one_event(desk.club, "affiliation.ended") as told:
        leave_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR)

    assert intervals(ada, acme) == [(NOON, NOON + DAY)]
    assert told[0].data["affiliation"] == ids.to_text(Prefix.AFFILIATION, planned.pk)


def test_somebody_who_left_can_come_back(desk: Desk, ada: Customer, acme: Company) -> None:
    join_company(customer=ada, company=acme, at=NOON, actor=ACTOR, via=Via.STAFF)
    leave_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR)

    join_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR, via=Via.STAFF)

    assert intervals(ada, acme) == [(NOON, NOON + DAY), (NOON + DAY, None)]


def test_a_seat_is_free_in_the_instant_its_holder_leaves(desk: Desk, acme: Company) -> None:
    desk.grant(make.plan(desk.club, permissions=["pool"], seats=1), acme, at=NOON)
    first, second = make.employee(acme), make.employee(acme, starts_at=NOON + DAY)
    assert [swims(person, NOON + DAY) for person in (first, second)] == [True, False]

    leave_company(customer=first, company=acme, at=NOON + 2 * DAY, actor=ACTOR)

    assert [swims(person, NOON + 2 * DAY) for person in (first, second)] == [False, True]


@pytest.mark.parametrize(
    ("position", "fields"),
    [
        ({"title": "Cook"}, None),
        ({"title": "Chef"}, ["title"]),
        ({"company_admin": True, "title": "Chef"}, ["company_admin", "title"]),
    ],
)
def test_a_new_position_is_an_event_that_names_what_changed_and_the_same_one_is_none(
    desk: Desk, ada: Customer, acme: Company, position: Position, fields: list[str] | None
) -> None:
    affiliation = make.affiliation(ada, acme, title="Cook")

    inheritance.change_position(affiliation=affiliation, at=NOON, actor=ACTOR, **position)

    told = list(Event.objects.filter(organization=desk.club))
    assert [event.type for event in told] == ([] if fields is None else ["affiliation.updated"])
    assert [event.data["fields"] for event in told] == ([] if fields is None else [fields])
    assert "Chef" not in str([event.data for event in told])


def test_a_companys_seats_can_be_changed_and_who_joined_first_keeps_one(desk: Desk, acme: Company) -> None:
    membership = desk.grant(make.plan(desk.club, permissions=["pool"], seats=5), acme, at=NOON, seats=2)
    people = [make.employee(acme) for _ in range(3)]

    with one_event(desk.club, "membership.seats_changed") as told:
        desk.change_seats(membership, 1, at=NOON)

    assert (told[0].data["from_seats"], told[0].data["seats"]) == (2, 1)
    assert [swims(person, NOON) for person in people] == [True, False, False]
    desk.change_seats(membership, None, at=NOON)
    assert [swims(person, NOON) for person in people] == [True, True, True]


def test_seats_are_a_companys_and_a_running_memberships(desk: Desk, ada: Customer, acme: Company) -> None:
    own = desk.grant(make.plan(desk.club), ada, at=NOON)
    over = desk.grant(make.plan(desk.club), acme, at=NOON)
    desk.cancel_now(over, at=NOON)

    with refused(NoSeats, code="seats_not_possible"):
        desk.change_seats(own, 3, at=NOON)
    with refused(MembershipExpired, code="membership_is_expired"):
        desk.change_seats(over, 3, at=NOON)
