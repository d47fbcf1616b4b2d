"""What comes of a membership as time passes: all that its status does by itself, and one reminder. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.core.local_time import local_days_before
from tessera.events.types import EventType
from tessera.memberships.calendar import remind_at
from tessera.memberships.milestones import KINDS, REMINDERS, Milestone, milestones
from tessera.memberships.status import Facts, lapses_at, state_at
from tessera.memberships.types import Status
from tests.memberships import histories
from tests.memberships.desk import LONDON, london
from tests.memberships.histories import MICROSECOND, History, day
from tests.scale import scaled

NEVER = day(-1)


@dataclass
class Term:
    starts_at: datetime
    ends_at: datetime | None
    grace_until: datetime | None


@dataclass
class Pause:
    starts_at: datetime
    ends_at: datetime | None
    extends: bool


@dataclass
class Membership:
    renews: bool = False
    pending_until: datetime | None = None
    ended_at: datetime | None = None
    ended_reason: str = ""
    cancel_booked_at: datetime | None = None
    remind_at: datetime | None = None


def told(
    membership: Membership, terms: list[Term], pauses: list[Pause], after: datetime = NEVER
) -> list[tuple[str, int | float]]:
    """What comes of it, with the days after day 0."""
    return [
        (str(each.event).removeprefix("membership."), (each.at - day(0)) / timedelta(days=1))
        for each in milestones(membership, terms, pauses, after=after)
    ]


def term(start: int, end: int | None, grace: int | None = None) -> Term:
    return Term(day(start), None if end is None else day(end), None if grace is None else day(grace))


def pause(start: int, end: int | None, *, extends: bool = False) -> Pause:
    return Pause(day(start), None if end is None else day(end), extends)


def test_a_plain_life() -> None:
    assert told(Membership(remind_at=day(23)), [term(5, 30)], [pause(10, 12), pause(15, 16)]) == [
        ("started", 5),
        ("pause_started", 10),
        ("pause_ended", 12),
        ("pause_started", 15),
        ("pause_ended", 16),
        ("expiry_due", 23),
        ("expired", 30),
    ]


def test_what_is_not_later_is_left_out() -> None:
    assert told(Membership(remind_at=day(23)), [term(5, 30)], [], after=day(23)) == [("expired", 30)]
    assert told(Membership(remind_at=day(23)), [term(5, 30)], [], after=day(30)) == []


def test_a_renewals_term_starts_nothing() -> None:
    assert told(Membership(), [term(0, 10), term(10, 20)], []) == [("started", 0), ("expired", 20)]


def test_after_a_gap_it_starts_again() -> None:
    assert told(Membership(), [term(0, 10), term(12, 20)], [], after=day(0)) == [("started", 12), ("expired", 20)]
    in_grace = [term(0, 10, 11), term(12, 20)]
    assert told(Membership(renews=True), in_grace, [], after=day(0)) == [("started", 12), ("expired", 20)]


def test_pauses_that_touch_are_one() -> None:
    assert told(Membership(), [term(0, None)], [pause(3, 5), pause(5, 9)], after=day(0)) == [
        ("pause_started", 3),
        ("pause_ended", 9),
    ]


def test_it_can_start_paused() -> None:
    assert told(Membership(), [term(2, None)], [pause(2, 4)]) == [
        ("started", 2),
        ("pause_started", 2),
        ("pause_ended", 4),
    ]


def test_a_pause_that_outlasts_the_membership_does_not_end() -> None:
    assert told(Membership(), [term(0, 10)], [pause(8, 12)], after=day(0)) == [("pause_started", 8), ("expired", 10)]


def test_a_pause_that_the_membership_does_not_reach_does_not_begin() -> None:
    assert told(Membership(), [term(0, 10)], [pause(12, 14)], after=day(0)) == [("expired", 10)]


def test_while_an_extending_pause_is_open_nobody_knows_the_end() -> None:
    open_pause = [pause(3, None, extends=True)]
    assert told(Membership(remind_at=day(8)), [term(0, 10)], open_pause, after=day(0)) == [("pause_started", 3)]


def test_what_renews_by_payment_is_reminded_of_the_renewal_and_expires_after_its_grace() -> None:
    assert told(Membership(renews=True, remind_at=day(7)), [term(0, 10, 13)], [], after=day(0)) == [
        ("renewal_due", 7),
        ("expired", 13),
    ]


def test_who_has_canceled_is_not_reminded() -> None:
    leaving = Membership(cancel_booked_at=day(2), remind_at=day(7))
    assert told(leaving, [term(0, 10)], [], after=day(0)) == [("expired", 10)]


def test_a_reminder_no_later_than_the_terms_start_is_none() -> None:
    for reminded, expected in ((-3, []), (0, []), (1, [("expiry_due", 1)])):
        short = Membership(remind_at=day(reminded))
        assert told(short, [term(0, 3)], [], after=day(-9)) == [("started", 0), *expected, ("expired", 3)]


def test_nothing_comes_of_what_somebody_ended() -> None:
    for terms in ([term(0, 10)], [term(5, 10)], []):
        ended = Membership(ended_at=day(2), ended_reason="revoked", pending_until=day(4), remind_at=day(7))
        assert told(ended, terms, [pause(6, 8)], after=day(2)) == []


def test_an_application_is_abandoned() -> None:
    assert told(Membership(pending_until=day(1)), [], []) == [("expired", 1)]
    assert told(Membership(), [], []) == []


@dataclass
class Life:
    """A random history, in memory."""

    membership: Membership
    terms: list[Term]
    pauses: list[Pause]

    @classmethod
    def of(cls, history: History, reminded: int | None) -> "Life":
        ended = history.ended
        return cls(
            Membership(
                renews=history.renews,
                pending_until=None if history.pending_until is None else day(history.pending_until),
                ended_at=None if ended is None else day(ended[0]),
                ended_reason="" if ended is None else ended[1],
                remind_at=None if reminded is None else day(reminded),
            ),
            [
                term(start, end, None if end is None or written.grace_days is None else end + written.grace_days)
                for written in history.terms
                for start, end in [written.interval]
            ],
            [pause(start, end, extends=extends) for (start, end), extends in history.pauses],
        )

    @property
    def facts(self) -> Facts:
        return Facts(self.membership, self.terms, self.pauses)


lives = st.builds(Life.of, histories.histories(), st.none() | st.integers(0, 14))


def seen(life: Life) -> set[Milestone]:
    """What somebody sees who looks at the status at every instant at which it may have changed."""
    found = set()
    for at in histories.instants():
        before, now = (state_at(life.facts, instant).status for instant in (at - MICROSECOND, at))
        ended_by_somebody = life.membership.ended_at is not None and life.membership.ended_at <= at
        if before is now or ended_by_somebody:
            continue
        if now is Status.EXPIRED:
            found.add(Milestone(at, EventType.MEMBERSHIP_EXPIRED))
        if before is Status.SCHEDULED:
            found.add(Milestone(at, EventType.MEMBERSHIP_STARTED))
        if now is Status.PAUSED:
            found.add(Milestone(at, EventType.MEMBERSHIP_PAUSE_STARTED))
        if before is Status.PAUSED and now is Status.ACTIVE:
            found.add(Milestone(at, EventType.MEMBERSHIP_PAUSE_ENDED))
    return found


@settings(max_examples=scaled(3000), deadline=None)
@given(lives)
def test_all_that_the_status_does_by_itself_is_a_milestone_and_nothing_else_is(life: Life) -> None:
    found = milestones(life.membership, life.terms, life.pauses, after=NEVER)

    changes = {each for each in found if each.event not in REMINDERS}
    expected = seen(life)
    if life.membership.ended_at is not None:  # an expiry that somebody's ending forestalls is not one
        expected = {each for each in expected if each.event is not EventType.MEMBERSHIP_EXPIRED}
    assert changes == expected
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert len(found) == len(set(found)) == len({(each.at, KINDS.index(each.event)) for each in found})


@settings(max_examples=scaled(3000), deadline=None)
@given(lives)
def test_a_reminder_is_of_an_end_that_will_come(life: Life) -> None:
    reminders = [
        each for each in milestones(life.membership, life.terms, life.pauses, after=NEVER) if each.event in REMINDERS
    ]

    assert len(reminders) <= 1
    for reminder in reminders:
        last = life.terms[-1]
        assert last.starts_at < reminder.at == life.membership.remind_at
        assert lapses_at(life.facts) is not None
        by_payment = reminder.event is EventType.MEMBERSHIP_RENEWAL_DUE
        assert by_payment is (life.membership.renews and last.grace_until is not None)


@settings(max_examples=scaled(1000), deadline=None)
@given(lives, st.sampled_from(histories.instants()))
def test_looking_later_finds_the_same_less_what_has_passed(life: Life, after: datetime) -> None:
    everything = milestones(life.membership, life.terms, life.pauses, after=NEVER)
    later = milestones(life.membership, life.terms, life.pauses, after=after)

    ended_at = life.membership.ended_at
    assert later == [each for each in everything if each.at > after and (ended_at is None or ended_at > after)]


def test_days_before_an_end_are_whole_local_days() -> None:
    facts = [
        ("2026-02-10", 7, "2026-02-03"),
        ("2026-03-02", 7, "2026-02-23"),
        ("2028-03-01", 1, "2028-02-29"),
        ("2026-03-31", 7, "2026-03-24"),  # over the change to summer time: the same wall clock, 167 hours
        ("2026-10-29", 7, "2026-10-22"),  # and back: 169 hours
        ("2026-04-02 18:30", 7, "2026-03-26 18:30"),
        ("2026-04-05 01:30", 7, "2026-03-29 02:00"),  # 01:30 did not exist that day
        ("2026-02-10", 60, "2025-12-12"),
    ]
    for end, days, expected in facts:
        assert remind_at(london(end), days=days, zone=LONDON) == london(expected), end


def test_no_days_are_no_reminder() -> None:
    assert remind_at(london("2026-02-10"), days=0, zone=LONDON) is None
    assert remind_at(None, days=7, zone=LONDON) is None


@given(st.integers(0, 5 * 366 * 24 * 60), st.integers(1, 60))
def test_a_reminder_comes_before_its_end_by_days_give_or_take_the_clocks(minutes: int, days: int) -> None:
    end = day(0) + timedelta(minutes=minutes)
    reminder = local_days_before(end, days, LONDON)

    assert abs((end - reminder) - timedelta(days=days)) <= timedelta(hours=1)
    assert remind_at(end, days=days, zone=LONDON) == reminder < end
