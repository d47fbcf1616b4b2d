"""Random histories of a customer, and a naive reading of them that knows nothing of how the decision is made."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from tessera.memberships.models import Membership
from tessera.memberships.types import EndedReason
from tessera.organizations.models import Organization
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import CustomerStatus
from tessera.plans.models import Plan
from tests import make

DAYS = 24
Interval = tuple[int, int | None]  # in days after JAN_10; no end: open


def day(number: int) -> datetime:
    return make.JAN_10 + timedelta(days=number)


@dataclass(frozen=True)
class Term:
    plan: int  # 0 and 1 grant, 2 does not
    interval: Interval
    grace_days: int | None


@dataclass(frozen=True)
class Pause:
    interval: Interval
    extends: bool


@dataclass(frozen=True)
class Held:
    terms: list[Term]
    pauses: list[Pause]
    renews: bool
    ended: int | None
    pending_until: int | None
    seats: int | None


@dataclass(frozen=True)
class Belongs:
    interval: Interval
    recorded: int
    status: CustomerStatus = CustomerStatus.ACTIVE


@dataclass(frozen=True)
class Employer:
    held: list[Held]
    ours: list[Belongs]
    others: list[Belongs]


@dataclass(frozen=True)
class History:
    own: list[Held]
    employers: list[Employer]
    plan_seats: list[int | None]
    status: CustomerStatus


@dataclass(frozen=True)
class Queued:
    interval: Interval
    place: tuple[datetime, UUID]
    takes_seat: bool


@dataclass
class Written:
    """A history as it lies in the database: who it is about, and which row each part became."""

    customer: Customer
    own: list[tuple[Held, Membership]] = field(default_factory=list)
    inherited: list[tuple[Held, Membership, Queued, list[Queued]]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)


@st.composite
def intervals(draw: st.DrawFn, most: int, *, least: int = 0) -> list[Interval]:
    """From `least` to `most` intervals in order that do not overlap; some touch, the last may be open.

    They begin early and are long, so that those of one history meet.
    """
    found: list[Interval] = []
    start = draw(st.integers(0, 8))
    for _ in range(draw(st.integers(least, most))):
        end = start + draw(st.integers(1, 9))
        found.append((start, end))
        start = end + draw(st.sampled_from([0, 0, 1, 3]))
    open_ended = draw(st.booleans())
    if found and open_ended:
        found[-1] = (found[-1][0], None)
    return found


@st.composite
def held(draw: st.DrawFn) -> Held:
    terms = [
        Term(
            draw(st.sampled_from([0, 0, 0, 1, 2])),
            interval,
            draw(st.none() | st.integers(0, 5)) if interval[1] is not None else None,
        )
        for interval in draw(intervals(3, least=draw(st.sampled_from([0, 1, 1, 1]))))
    ]
    pauses = [Pause(interval, draw(st.booleans())) for interval in draw(intervals(2))]
    return Held(
        terms,
        pauses if draw(st.integers(0, 2)) == 0 else [],
        draw(st.booleans()),
        draw(st.integers(0, DAYS)) if draw(st.integers(0, 5)) == 0 else None,
        draw(st.none() | st.integers(0, DAYS)),
        draw(st.sampled_from([None, None, 0, 1, 1, 2])),
    )


@st.composite
def employers(draw: st.DrawFn) -> Employer:
    recorded = st.sampled_from([0, 0, 0, 5, DAYS])
    statuses = st.sampled_from([CustomerStatus.ACTIVE] * 4 + [CustomerStatus.BANNED, CustomerStatus.ARCHIVED])
    ours = [Belongs(each, draw(recorded)) for each in draw(intervals(2, least=1))]
    others = [
        Belongs(each, draw(recorded), draw(statuses))
        for _ in range(draw(st.integers(0, 4)))
        for each in draw(intervals(2, least=1))
    ]
    return Employer(draw(st.lists(held(), min_size=1, max_size=2)), ours, others)


def histories() -> st.SearchStrategy[History]:
    return st.builds(
        History,
        st.lists(held(), max_size=2),
        st.lists(employers(), max_size=2),
        st.lists(st.sampled_from([None, 1, 1, 2]), min_size=3, max_size=3),
        st.sampled_from([CustomerStatus.ACTIVE] * 8 + [CustomerStatus.BANNED, CustomerStatus.ARCHIVED]),
    )


def write(history: History, club: Organization) -> Written:
    """Put a history into the database, straight past the services."""
    plans = [
        make.plan(club, permissions=["pool"] if number < 2 else ["other"], seats=seats)
        for number, seats in enumerate(history.plan_seats)
    ]
    written = Written(make.customer(club, status=history.status), plans=plans)
    written.own = [(each, _membership(each, plans, customer=written.customer)) for each in history.own]
    for employer in history.employers:
        company = make.company(club)
        rows = [(each, _membership(each, plans, company=company)) for each in employer.held]
        queue = []
        for other in employer.others:
            person = make.customer(club, status=other.status)
            affiliation = _affiliation(person, company, other)
            place = (affiliation.queue_at, affiliation.pk)
            queue.append(Queued(other.interval, place, other.status == CustomerStatus.ACTIVE))
        for belonging in employer.ours:
            affiliation = _affiliation(written.customer, company, belonging)
            place = (affiliation.queue_at, affiliation.pk)
            ours = Queued(belonging.interval, place, takes_seat=True)
            written.inherited += [(each, row, ours, queue) for each, row in rows]
    return written


def _affiliation(person: Customer, company: Company, belonging: Belongs) -> Affiliation:
    start, end = belonging.interval
    return make.affiliation(
        person,
        company,
        starts_at=day(start),
        ends_at=None if end is None else day(end),
        recorded_at=day(belonging.recorded),
    )


def _membership(
    wanted: Held, plans: list[Plan], *, customer: Customer | None = None, company: Company | None = None
) -> Membership:
    row = make.membership(
        plans[0],
        customer=customer,
        company=company,
        starts_at=None,
        renews=wanted.renews,
        seats=wanted.seats,
        pending_until=None if wanted.pending_until is None else day(wanted.pending_until),
        ended_at=None if wanted.ended is None else day(wanted.ended),
        ended_reason=None if wanted.ended is None else EndedReason.REVOKED,
    )
    for term in wanted.terms:
        start, end = term.interval
        make.term(
            row,
            plans[term.plan],
            starts_at=day(start),
            ends_at=None if end is None else day(end),
            grace_until=None if end is None or term.grace_days is None else day(end + term.grace_days),
        )
    for pause in wanted.pauses:
        start, end = pause.interval
        make.pause(row, starts_at=day(start), ends_at=None if end is None else day(end), extends=pause.extends)
    return row


def covers(interval: Interval, at: datetime) -> bool:
    start, end = interval
    return day(start) <= at and (end is None or at < day(end))


def active_term(wanted: Held, at: datetime) -> tuple[Term, bool] | None:
    """The term that makes the membership active at `at`, and whether in its grace; read off 2-domain's table."""
    if wanted.ended is not None and day(wanted.ended) <= at:
        return None
    covering = [term for term in wanted.terms if covers(term.interval, at)]
    for pause in wanted.pauses:
        begun_inside = any(covers(term.interval, day(pause.interval[0])) for term in wanted.terms)
        if covers(pause.interval, at) and (covering or (pause.extends and begun_inside)):
            return None
    if covering:
        return covering[0], False
    ended = [term for term in wanted.terms if term.interval[1] is not None and day(term.interval[1]) <= at]
    if not wanted.renews or not ended:
        return None
    last = ended[-1]
    assert last.interval[1] is not None
    if last.grace_days is None or day(last.interval[1] + last.grace_days) <= at:
        return None
    return last, True


def granting(history: History, written: Written, at: datetime) -> list[tuple[bool, Membership, bool]]:
    """Every source that grants `pool` at `at`: whether it is the customer's own, its row, whether it is in grace."""
    found: list[tuple[bool, Membership, bool]] = []
    if history.status != CustomerStatus.ACTIVE:
        return found
    for wanted, row in written.own:
        active = active_term(wanted, at)
        if active is not None and active[0].plan < 2:
            found.append((True, row, active[1]))
    for wanted, row, ours, queue in written.inherited:
        active = active_term(wanted, at)
        if active is None or active[0].plan == 2 or not covers(ours.interval, at):
            continue
        seats = wanted.seats if wanted.seats is not None else history.plan_seats[active[0].plan]
        before = [each for each in queue if each.takes_seat and covers(each.interval, at) and each.place < ours.place]
        if seats is None or len(before) < seats:
            found.append((False, row, active[1]))
    return found


def boundaries(history: History) -> list[datetime]:
    """Every instant at which anything in the history begins or ends, grace and seats of others included."""
    employers_held = [each for employer in history.employers for each in employer.held]
    edges: set[int | None] = set()
    for wanted in history.own + employers_held:
        edges.add(wanted.ended)
        for term in wanted.terms:
            edges.update(term.interval)
            if term.grace_days is not None and term.interval[1] is not None:
                edges.add(term.interval[1] + term.grace_days)
        for pause in wanted.pauses:
            edges.update(pause.interval)
    for employer in history.employers:
        for belonging in employer.ours + employer.others:
            edges.update(belonging.interval)
    return [day(edge) for edge in sorted(edge for edge in edges if edge is not None)]
