"""A membership's life as a ribbon: what it is made of agrees with its status, and how it is laid out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.console.life import Kind, stretches
from tessera.console.ribbon import Ribbon, ribbon
from tessera.memberships import queries
from tessera.memberships.models import Membership
from tessera.memberships.status import State, state_at
from tessera.memberships.types import EndedReason, Status
from tessera.memberships.views import Life
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization
from tests import make
from tests.memberships import histories
from tests.memberships.desk import facts, london
from tests.memberships.histories import History
from tests.scale import scaled

pytestmark = pytest.mark.django_db

NOON = make.JAN_10
JAN_1, FEB_1, MAR_1, APR_1 = (london(f"2026-{month:02}-01") for month in (1, 2, 3, 4))


def life(of: Membership, at: datetime = NOON) -> Life:
    return queries.life(organization=of.organization, membership_id=of.pk, at=at)


def drawn(of: Membership, at: datetime = NOON) -> Ribbon:
    found = ribbon(life(of, at), formats=Formats.of(of.organization), at=at)
    assert found is not None
    return found


def made_of(of: Membership, at: datetime = NOON) -> list[tuple[str, str, str]]:
    """Kind, day and end of each stretch, by London's calendar."""
    zone = Formats.of(of.organization).zone
    return [
        (
            each.kind.value,
            f"{each.starts_at.astimezone(zone):%d %b}",
            f"{each.ends_at.astimezone(zone):%d %b}" if each.ends_at else each.open_end,
        )
        for each in stretches(life(of, at), at)
    ]


def held(club: Organization, **membership: object) -> Membership:
    return make.membership(make.plan(club, "Gold"), customer=make.customer(club), **membership)  # type: ignore[arg-type]


def test_a_term_is_lived_and_the_next_is_booked(club: Organization) -> None:
    membership = held(club, starts_at=JAN_1, ends_at=FEB_1)
    make.term(membership, make.plan(club, "Silver"), starts_at=FEB_1, ends_at=MAR_1)
    assert made_of(membership) == [("term", "01 Jan", "01 Feb"), ("booked", "01 Feb", "01 Mar")]
    found = drawn(membership)
    assert [row.what for row in found.rows] == ["Gold", "Booked: Silver"]
    assert [(row.from_text, row.until_text) for row in found.rows] == [
        ("Thu 1 Jan 2026", "Sat 31 Jan 2026"),
        ("Sun 1 Feb 2026", "Sat 28 Feb 2026"),
    ]
    assert [plan.name for plan in found.plans] == ["Gold", "Silver"]
    assert found.label == "Gold: 2 terms, from Thu 1 Jan 2026 to Sat 28 Feb 2026."


def test_one_plan_throughout_needs_no_names_above_and_one_kind_no_legend(club: Organization) -> None:
    found = drawn(held(club, starts_at=JAN_1, ends_at=FEB_1))
    assert (found.plans, found.legend) == ([], [])


def test_pieces_lie_where_their_days_do(club: Organization) -> None:
    membership = held(club, starts_at=JAN_1, ends_at=JAN_1 + timedelta(days=20))
    make.pause(membership, starts_at=JAN_1 + timedelta(days=5), ends_at=JAN_1 + timedelta(days=10))
    found = drawn(membership, JAN_1 + timedelta(days=15))
    assert [(piece.kind, piece.x, piece.width) for piece in found.pieces] == [("term", 0, 100), ("pause", 25, 25)]
    assert (found.today, found.today_word) == (75, "middle")
    assert found.legend == [("term", "Term"), ("pause", "Pause")]
    assert found.label == "Gold: 1 term and 1 pause, from Thu 1 Jan 2026 to Tue 20 Jan 2026."


def test_a_trial_and_the_grace_after_it_are_told_apart_from_terms(club: Organization) -> None:
    membership = held(
        club, starts_at=JAN_1, ends_at=london("2026-01-15"), grace_until=london("2026-01-16"), trial=True, renews=True
    )
    assert made_of(membership) == [("trial", "01 Jan", "15 Jan"), ("grace", "15 Jan", "16 Jan")]


def test_grace_counts_only_while_the_membership_renews(club: Organization) -> None:
    membership = held(club, starts_at=JAN_1, ends_at=FEB_1, grace_until=london("2026-02-08"))
    assert made_of(membership) == [("term", "01 Jan", "01 Feb")]


def test_time_between_terms_is_a_gap_that_is_in_the_table_and_not_drawn(club: Organization) -> None:
    membership = held(club, starts_at=JAN_1, ends_at=FEB_1)
    make.term(membership, make.plan(club, "Gold"), starts_at=MAR_1, ends_at=APR_1)
    assert made_of(membership, APR_1)[1] == ("gap", "01 Feb", "01 Mar")
    found = drawn(membership, APR_1)
    assert [piece.kind for piece in found.pieces] == ["term", "term"]
    assert [row.gap for row in found.rows] == [False, True, False]


def test_what_was_booked_and_cut_off_by_an_end_is_greyed(club: Organization) -> None:
    membership = held(club, starts_at=JAN_1, ends_at=FEB_1, ended_at=NOON, ended_reason=EndedReason.REVOKED)
    make.term(membership, make.plan(club, "Gold"), starts_at=FEB_1, ends_at=MAR_1)
    make.pause(membership, starts_at=london("2026-01-08"), ends_at=london("2026-01-20"))
    make.pause(membership, starts_at=london("2026-02-08"), ends_at=london("2026-02-20"))
    assert made_of(membership) == [
        ("term", "01 Jan", "10 Jan"),
        ("pause", "08 Jan", "10 Jan"),
        ("cut-off", "10 Jan", "01 Feb"),
        ("cut-off", "01 Feb", "01 Mar"),
    ]


def test_a_pause_until_resumed_goes_on_to_the_edge_and_more_faintly_from_today_on(club: Organization) -> None:
    membership = held(club, starts_at=JAN_1, ends_at=FEB_1)
    make.pause(membership, starts_at=london("2026-01-05"), extends=True)
    assert made_of(membership)[1] == ("pause", "05 Jan", "until somebody resumes it")
    found = drawn(membership)
    assert [piece.kind for piece in found.pieces] == ["term", "pause", "pause-on"]
    assert found.opens
    assert found.pieces[1].x + found.pieces[1].width == pytest.approx(found.today)
    assert found.pieces[2].x + found.pieces[2].width == pytest.approx(100)


def test_a_pause_takes_nothing_where_nothing_is_held(club: Organization) -> None:
    membership = held(club, starts_at=JAN_1, ends_at=FEB_1)
    make.pause(membership, starts_at=london("2026-01-25"), ends_at=london("2026-02-10"))
    assert made_of(membership)[1] == ("pause", "25 Jan", "01 Feb")


def test_what_has_no_end_runs_on_past_today_and_opens(club: Organization) -> None:
    found = drawn(held(club, starts_at=JAN_1))
    assert [(piece.kind, piece.x, piece.width) for piece in found.pieces] == [("term", 0, 100)]
    assert found.opens
    assert found.today is not None
    assert found.today < 90
    assert found.rows[0].until_text == "no end"


def test_an_application_waits_and_shows_what_was_asked_for(club: Organization) -> None:
    plan = make.plan(club, "Patron")
    waits = make.membership(plan, customer=make.customer(club), starts_at=None, needs_approval=True)
    assert made_of(waits) == [("waiting", "10 Jan", "not known yet")]
    to_pay = make.membership(
        plan, customer=make.customer(club), starts_at=None, awaits_payment=True, pending_until=london("2026-01-17")
    )
    Membership.objects.filter(pk=to_pay.pk).update(agreed_start_at=FEB_1, agreed_end_at=MAR_1)
    assert made_of(to_pay) == [("waiting", "10 Jan", "17 Jan"), ("booked", "01 Feb", "01 Mar")]
    found = drawn(to_pay)
    assert [row.what for row in found.rows] == ["Waits for its payment", "Asked for: Patron"]
    assert found.label == "Patron: Waits for its payment."


def test_an_agreed_start_that_has_passed_is_no_longer_shown(club: Organization) -> None:
    waits = held(club, starts_at=None, needs_approval=True)
    Membership.objects.filter(pk=waits.pk).update(agreed_start_at=london("2026-01-12"))
    assert made_of(waits, FEB_1) == [("waiting", "10 Jan", "not known yet")]


def test_what_was_never_begun_is_only_the_wait(club: Organization) -> None:
    abandoned = held(club, starts_at=None, awaits_payment=True, pending_until=london("2026-01-11"))
    assert made_of(abandoned, FEB_1) == [("cut-off", "10 Jan", "11 Jan")]
    rejected = held(club, starts_at=None, ended_at=NOON, ended_reason=EndedReason.REJECTED)
    assert [piece.kind for piece in drawn(rejected).pieces] == ["cut-off"]


def test_of_a_life_that_began_and_ended_in_one_instant_there_is_no_picture(club: Organization) -> None:
    membership = held(club, starts_at=NOON, ended_at=NOON)
    assert ribbon(life(membership), formats=Formats.of(club), at=NOON) is None


@pytest.mark.parametrize(
    ("at", "today", "last_is_at"),
    [
        ("2026-01-16 12:00", 50, 100),  # inside
        ("2026-02-16 12:00", 100, 66.67),  # over, and not long ago
        ("2036-02-16 12:00", None, 90.91),  # long over: its life is not crowded at one edge
        ("2025-12-17 00:00", 0, 100),  # soon to come
        ("2019-12-17 00:00", None, 100),  # far ahead
    ],
)
def test_the_present_is_in_the_picture_unless_it_would_crowd_the_life(
    club: Organization, at: str, today: float | None, last_is_at: float
) -> None:
    found = drawn(held(club, starts_at=JAN_1, ends_at=FEB_1), london(at))
    assert found.today == (None if today is None else pytest.approx(today, abs=0.01))
    assert found.pieces[-1].x + found.pieces[-1].width == pytest.approx(last_is_at, abs=0.01)


@pytest.mark.parametrize(
    ("start", "end", "texts"),
    [
        ("2026-01-01", "2026-01-05", ["1 Jan", "2 Jan", "3 Jan", "4 Jan", ""]),
        ("2026-01-01", "2026-02-01", ["5 Jan", "12 Jan", "19 Jan", "26 Jan"]),
        ("2026-01-31", "2026-05-31", ["Feb 2026", "Mar", "Apr", "May"]),
        ("2025-05-10", "2026-05-10", ["Jul 2025", "Oct", "Jan 2026", "Apr"]),
        ("2024-02-10", "2027-02-10", ["Jul 2024", "Jan 2025", "Jul", "Jan 2026", "Jul", ""]),
        ("2016-02-10", "2026-02-10", ["Feb 2016", "2018", "2020", "2022", "2024", ""]),
        ("2025-10-20", "2026-10-20", ["Oct 2025", "Jan 2026", "Apr", "Jul", "Oct"]),
        ("2025-01-10", "2025-12-10", ["Jan 2025", "Apr", "Jul", "Oct"]),
        ("1926-01-01", "2026-01-01", ["1940", "1960", "1980", "2000", "2020"]),
    ],
)
def test_the_calendar_below_has_as_many_words_as_there_is_room_for(
    club: Organization, start: str, end: str, texts: list[str]
) -> None:
    found = drawn(held(club, starts_at=london(start), ends_at=london(end)), london(start))
    assert [tick.text for tick in found.ticks] == texts


def test_where_there_is_little_room_januaries_keep_their_words(club: Organization) -> None:
    found = drawn(held(club, starts_at=london("2024-03-10"), ends_at=london("2025-09-10")), london("2025-09-10"))
    assert [(tick.text, tick.minor) for tick in found.ticks] == [
        ("Apr 2024", True), ("Jul", False), ("Oct", True), ("Jan 2025", False), ("Apr", True), ("Jul", True),
    ]  # fmt: skip


@pytest.mark.parametrize(("months", "cuts"), [(12, {"", "clear"}), (100, {"", "fine"}), (400, {""})])
def test_terms_are_parted_as_finely_as_they_are_many(club: Organization, months: int, cuts: set[str]) -> None:
    plan = make.plan(club)
    membership = make.membership(plan, customer=make.customer(club), starts_at=JAN_1, ends_at=JAN_1 + timedelta(30))
    for number in range(1, months):
        begin = JAN_1 + timedelta(30 * number)
        make.term(membership, plan, starts_at=begin, ends_at=begin + timedelta(30))
    found = drawn(membership)
    assert {piece.cut for piece in found.pieces} == cuts
    assert found.pieces[0].cut == ""


def test_it_reads_by_the_clubs_zone_and_language() -> None:
    club = make.organization(time_zone="Pacific/Auckland", locale="de-DE")
    membership = held(
        club, starts_at=datetime(2025, 12, 31, 11, tzinfo=UTC), ends_at=datetime(2026, 5, 31, 12, tzinfo=UTC)
    )
    found = drawn(membership)
    assert [tick.text for tick in found.ticks] == ["Jan. 2026", "Feb", "Mär", "Apr", "Mai", ""]
    assert (found.rows[0].from_text, found.rows[0].until_text) == ("Do., 1. Jan. 2026", "So., 31. Mai 2026")


@settings(max_examples=scaled(60))
@given(histories.histories(), st.sampled_from(histories.instants()))
def test_what_a_life_is_made_of_agrees_with_its_status(history: History, at: datetime) -> None:
    with histories.taken_back():
        club = make.organization()
        membership = histories.write(history, club, [make.plan(club), make.plan(club)])
        state = state_at(facts(membership), at)
        kinds = {
            each.kind
            for each in stretches(life(membership, at), at)
            if each.starts_at <= at and (each.ends_at is None or at < each.ends_at)
        }
        assert _as_the_picture_says(kinds, renews=history.renews) == _as_it_is(state)


def _as_the_picture_says(kinds: set[Kind], *, renews: bool) -> str:
    if Kind.PAUSE in kinds:
        return "paused"
    if kinds & {Kind.TERM, Kind.TRIAL, Kind.BOOKED}:
        return "active"
    if Kind.GRACE in kinds and renews:  # a grace between two terms was one, also of what renews by hand since
        return "in grace"
    return "nothing"


def _as_it_is(state: State) -> str:
    if state.status is Status.PAUSED:
        return "paused"
    if state.status is Status.ACTIVE:
        return "in grace" if state.in_grace else "active"
    return "nothing"


@settings(max_examples=scaled(60))
@given(histories.histories(), st.sampled_from(histories.instants()))
def test_everything_lies_inside_the_picture(history: History, at: datetime) -> None:
    with histories.taken_back():
        club = make.organization()
        membership = histories.write(history, club, [make.plan(club), make.plan(club)])
        found = ribbon(life(membership, at), formats=Formats.of(club), at=at)
        if found is None:
            return
        spans = [(each.x, each.width) for each in found.pieces] + [(each.x, each.width) for each in found.plans]
        assert all(0 <= x < x + width <= 100.001 for x, width in spans)
        assert [tick.x for tick in found.ticks] == sorted(tick.x for tick in found.ticks)
        assert all(0 <= tick.x <= 100 for tick in found.ticks)
        assert found.today is None or 0 <= found.today <= 100
        assert len(found.rows) >= 1
