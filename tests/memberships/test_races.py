"""Who wins: real threads, each on a connection of its own, on a real file or server."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tessera import db
from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.memberships import held
from tessera.memberships.inheritance import join_company, leave_company
from tessera.memberships.models import Membership
from tessera.people.models import Affiliation, Company, Customer
from tessera.people.types import Via
from tests import make
from tests.memberships.desk import ACTOR, Desk, london, pauses, status, terms, told
from tests.people.racing import at_once
from tests.scale import scaled

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

NOON = make.JAN_10
DAY = timedelta(days=1)
ROUNDS = scaled(40)


def outcomes(runs: Sequence[Callable[[], object]]) -> Counter[str]:
    """Do all of it at once and count what it came to: "done", or the code of a refusal."""

    def run(what: Callable[[], object]) -> str:
        what()
        return "done"

    results = at_once([lambda what=what: run(what) for what in runs])  # type: ignore[misc]
    return Counter(result.code if isinstance(result, TesseraError) else str(result) for result in results)


@contextmanager
def all_looking_first(monkeypatch: pytest.MonkeyPatch, threads: int) -> Iterator[None]:
    """Inside, verbs on a membership wait, before they take their turn, until all of them have looked at it."""
    looked = threading.Barrier(threads)

    @contextmanager
    def after_all_looked() -> Iterator[None]:
        looked.wait(10)
        with db.transaction():
            yield

    with monkeypatch.context() as patch:
        patch.setattr(held, "db", SimpleNamespace(transaction=after_all_looked))
        yield


def numbers_of(desk: Desk) -> list[int]:
    """The numbers of the club's events, in order."""
    return list(Event.objects.filter(organization=desk.club).order_by("sequence").values_list("sequence", flat=True))


def test_one_plan_is_granted_to_one_holder_once() -> None:
    desk = Desk.open()
    plan, bystander = make.plan(desk.club), make.customer(desk.club)
    for _ in range(ROUNDS):
        ada = make.customer(desk.club)
        grants: list[Callable[[], object]] = [lambda: desk.grant(plan, ada, at=NOON)] * 4  # noqa: B023

        assert outcomes(grants) == {"done": 1, "membership_already_held": 3}

        assert Membership.objects.filter(customer=ada).count() == 1
    assert not Membership.objects.filter(customer=bystander).exists()
    assert told(desk.club) == ["membership.granted"] * ROUNDS
    assert numbers_of(desk) == list(range(1, ROUNDS + 1))


def test_different_holders_and_plans_do_not_stand_in_each_others_way() -> None:
    desk = Desk.open()
    gold, silver = make.plan(desk.club), make.plan(desk.club)
    ada, acme = make.customer(desk.club), make.company(desk.club)

    came_to = outcomes(
        [
            lambda: desk.grant(gold, ada, at=NOON),
            lambda: desk.grant(silver, ada, at=NOON),
            lambda: desk.grant(gold, acme, at=NOON),
            lambda: desk.grant(silver, acme, at=NOON),
        ]
    )

    assert came_to == {"done": 4}
    assert numbers_of(desk) == [1, 2, 3, 4]


def test_of_two_renewals_at_once_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk.open()
    for _ in range(ROUNDS):
        membership = desk.grant(make.plan(desk.club), make.customer(desk.club), at=NOON)

        with all_looking_first(monkeypatch, 2):
            came_to = outcomes([lambda: desk.renew(membership, at=NOON)] * 2)  # noqa: B023

        assert came_to == {"done": 1, "version_stale": 1}
        assert terms(membership) == [(NOON, london("2026-02-10")), (london("2026-02-10"), london("2026-03-10"))]
        assert Membership.objects.get(pk=membership.pk).version == 2
    assert told(desk.club) == ["membership.granted", "membership.renewed"] * ROUNDS


def test_renewals_that_only_come_close_stack_one_for_each_that_was_not_refused() -> None:
    desk = Desk.open()
    for _ in range(ROUNDS):
        membership = desk.grant(make.plan(desk.club), make.customer(desk.club), at=NOON)

        came_to = outcomes([lambda: desk.renew(membership, at=NOON)] * 4)  # noqa: B023

        assert set(came_to) <= {"done", "version_stale"}
        assert len(terms(membership)) == 1 + came_to["done"]
        assert Membership.objects.get(pk=membership.pk).version == 1 + came_to["done"]


def test_of_canceling_and_renewing_at_once_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk.open()
    for _ in range(ROUNDS):
        membership = desk.grant(make.plan(desk.club), make.customer(desk.club), at=NOON)

        with all_looking_first(monkeypatch, 2):
            came_to = outcomes(
                [lambda: desk.cancel_now(membership, at=NOON + DAY), lambda: desk.renew(membership, at=NOON + DAY)]  # noqa: B023
            )

        assert came_to == {"done": 1, "version_stale": 1}
        renewed, canceled = len(terms(membership)) == 2, status(membership, NOON + DAY) == "expired: canceled"
        assert renewed is not canceled


def test_of_several_pauses_at_once_one_wins() -> None:
    desk = Desk.open()
    plan = make.plan(desk.club, pauses_allowed=True, pauses_extend=True)
    for _ in range(ROUNDS):
        membership = desk.grant(plan, make.customer(desk.club), at=NOON)
        run: Callable[[], object] = lambda: desk.pause(membership, at=NOON, ends_at=NOON + 5 * DAY)  # noqa: B023, E731

        came_to = outcomes([run] * 3)

        assert came_to["done"] == 1
        assert set(came_to) <= {"done", "version_stale", "pause_overlaps"}
        assert pauses(membership) == [(NOON, NOON + 5 * DAY)]
        assert terms(membership) == [(NOON, london("2026-02-15"))]


def test_a_late_payment_and_a_new_grant_leave_one_membership_of_the_plan() -> None:
    desk = Desk.open()
    plan, later = make.plan(desk.club), NOON + 2 * DAY
    for _ in range(ROUNDS):
        ada = make.customer(desk.club)
        abandoned = desk.grant(plan, ada, at=NOON, await_payment=True)

        came_to = outcomes([lambda: desk.pay(abandoned, at=later), lambda: desk.grant(plan, ada, at=later)])  # noqa: B023

        assert came_to == {"done": 1, "membership_already_held": 1}
        active = [each for each in Membership.objects.filter(customer=ada) if status(each, later) == "active"]
        assert len(active) == 1


def test_of_two_changes_to_one_plan_by_two_memberships_one_wins() -> None:
    desk = Desk.open()
    gold = make.plan(desk.club)
    for _ in range(ROUNDS):
        ada = make.customer(desk.club)
        first, second = (desk.grant(make.plan(desk.club), ada, at=NOON) for _ in range(2))

        came_to = outcomes(
            [lambda: desk.change_now(first, gold, at=NOON), lambda: desk.change_at_renewal(second, gold, at=NOON)]  # noqa: B023
        )

        assert came_to == {"done": 1, "membership_already_held": 1}


def test_of_several_leaving_at_once_one_wins() -> None:
    desk = Desk.open()
    acme = make.company(desk.club)
    colleague = make.employee(acme)
    for _ in range(ROUNDS):
        ada = make.employee(acme)
        leaving: Callable[[], object] = lambda: leave_company(  # noqa: E731
            customer=ada,  # noqa: B023
            company=acme,
            at=NOON + DAY,
            actor=ACTOR,
        )

        assert outcomes([leaving] * 3) == {"done": 1, "not_affiliated": 2}

        assert Affiliation.objects.get(customer=ada).ends_at == NOON + DAY
    assert Affiliation.objects.get(customer=colleague).ends_at is None
    assert told(desk.club) == ["affiliation.ended"] * ROUNDS


def test_of_several_joining_at_once_one_wins() -> None:
    desk = Desk.open()
    acme = make.company(desk.club)
    for _ in range(ROUNDS):
        ada = make.customer(desk.club)
        joining: Callable[[], object] = lambda: join_company(  # noqa: E731
            customer=ada,  # noqa: B023
            company=acme,
            at=NOON,
            actor=ACTOR,
            via=Via.STAFF,
        )

        assert outcomes([joining] * 3) == {"done": 1, "already_affiliated": 2}
    assert told(desk.club) == ["affiliation.started"] * ROUNDS


def test_a_grant_to_a_company_and_somebody_leaving_it_both_happen() -> None:
    desk = Desk.open()
    for _ in range(ROUNDS):
        acme: Company = make.company(desk.club)
        plan, ada = make.plan(desk.club), make.employee(acme)

        came_to = outcomes(
            [
                lambda: desk.grant(plan, acme, at=NOON + DAY),  # noqa: B023
                lambda: leave_company(customer=ada, company=acme, at=NOON + DAY, actor=ACTOR),  # noqa: B023
                lambda: join_company(
                    customer=make.customer(desk.club),
                    company=acme,  # noqa: B023
                    at=NOON,
                    actor=ACTOR,
                    via=Via.STAFF,
                ),
            ]
        )

        assert came_to == {"done": 3}
        assert Affiliation.objects.get(customer=ada).ends_at == NOON + DAY
        assert Membership.objects.filter(company=acme).count() == 1


def test_announcers_at_once_announce_each_end_once() -> None:
    desk, many = Desk.open(), scaled(300)
    plan = make.plan(desk.club)
    people: list[Customer] = [make.customer(desk.club) for _ in range(many)]
    due = [desk.grant(plan, person, at=NOON) for person in people]
    counts: list[int] = []

    assert outcomes([lambda: counts.append(desk.announce(at=make.FEB_10))] * 4) == {"done": 4}

    assert sum(counts) == many
    expired = Event.objects.filter(organization=desk.club, type="membership.expired")
    assert sorted(event.membership_id for event in expired if event.membership_id) == sorted(each.pk for each in due)
    assert numbers_of(desk) == list(range(1, 2 * many + 1))


def test_a_start_is_announced_once_and_before_what_is_done_then() -> None:
    desk = Desk.open()
    plan, starts_at = make.plan(desk.club, pauses_allowed=True), NOON + DAY
    for _ in range(ROUNDS):
        membership = desk.grant(plan, make.customer(desk.club), at=NOON, starts_at=starts_at)

        came_to = outcomes(
            [
                lambda: desk.announce(at=starts_at),
                lambda: desk.pause(membership, at=starts_at),  # noqa: B023
                lambda: desk.announce(at=starts_at),
            ]
        )

        assert came_to == {"done": 3}
        of_it = Event.objects.filter(membership_id=membership.pk).order_by("sequence")
        assert [line.type for line in of_it] == ["membership.granted", "membership.started", "membership.paused"]
        assert [line.data["version"] for line in of_it] == [1, 1, 2]


def test_an_end_that_is_renewed_while_it_is_announced_is_announced_once_and_first() -> None:
    desk = Desk.open()
    plan = make.plan(desk.club, revival_days=30)
    for _ in range(ROUNDS):
        membership = desk.grant(plan, make.customer(desk.club), at=NOON)

        came_to = outcomes(
            [lambda: desk.announce(at=make.FEB_10), lambda: desk.renew(membership, at=make.FEB_10)]  # noqa: B023
        )

        assert came_to == {"done": 2}
        row = Membership.objects.get(pk=membership.pk)
        assert (row.ends_at, row.announce_at) == (london("2026-03-10"), london("2026-03-03"))
        told = Event.objects.filter(membership_id=membership.pk).order_by("sequence").values_list("type", flat=True)
        assert list(told) == ["membership.granted", "membership.expired", "membership.renewed"]
