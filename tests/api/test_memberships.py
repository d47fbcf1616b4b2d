"""What can be done to a membership over HTTP, and what is refused; it is noon of 10 February 2026."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tessera.memberships.models import Membership
from tessera.people.types import CustomerStatus
from tessera.plans.types import Audience, Billing
from tests import make
from tests.api.calls import done, granted, membership_id, plan_id, price_id, refused
from tests.api.client import Developer
from tests.api.world import World

MARCH_10 = "2026-03-10T00:00:00Z"


def test_renewing_by_hand_books_the_next_term(api: Developer, world: World) -> None:
    held = granted(api, make.plan(world.club))

    renewed = done(api.post(f"/memberships/{held['id']}/renew"))

    # Summer time begins on 29 March: local midnight is an hour earlier then.
    assert (renewed["ends_at"], renewed["last_day"], renewed["version"]) == ("2026-04-09T23:00:00Z", "2026-04-09", 2)
    assert len(api.get(f"/memberships/{held['id']}/terms").json["data"]) == 2


def test_extending_moves_the_end(api: Developer, world: World) -> None:
    held = granted(api, make.plan(world.club))

    extended = done(api.post(f"/memberships/{held['id']}/extend", {"ends_at": "2026-03-20T00:00:00Z"}))

    assert (extended["ends_at"], extended["last_day"]) == ("2026-03-20T00:00:00Z", "2026-03-19")


def test_canceling_at_the_periods_end_can_be_undone(api: Developer, world: World) -> None:
    held = granted(api, make.plan(world.club), renews=True)

    booked = done(api.post(f"/memberships/{held['id']}/cancel"))
    undone = done(api.post(f"/memberships/{held['id']}/undo-cancel"))

    assert (held["renews"], held["grace_until"], held["cancel_at"]) == (True, "2026-03-17T00:00:00Z", None)
    assert (booked["renews"], booked["grace_until"], booked["cancel_at"]) == (False, None, MARCH_10)
    assert booked["status"] == "active"
    assert {**undone, "version": 1} == held


def test_canceling_now_ends_it_now(api: Developer, world: World) -> None:
    held = granted(api, make.plan(world.club))

    ended = done(api.post(f"/memberships/{held['id']}/cancel", {"when": "now"}))

    assert (ended["status"], ended["ended_reason"], ended["ended_at"]) == (
        "expired",
        "canceled",
        "2026-02-10T12:00:00Z",
    )
    assert (ended["ends_at"], ended["last_day"]) == (MARCH_10, "2026-02-10")


def test_pausing_and_resuming(api: Developer, world: World) -> None:
    held = granted(api, make.plan(world.club, pauses_allowed=True))

    paused = done(api.post(f"/memberships/{held['id']}/pause", {"ends_at": "2026-02-20T00:00:00Z", "reason": "Away"}))
    resumed = done(api.post(f"/memberships/{held['id']}/resume"))

    assert paused["status"] == "paused"
    assert paused["pause"] == {
        "starts_at": "2026-02-10T12:00:00Z",
        "ends_at": "2026-02-20T00:00:00Z",
        "reason": "Away",
    }
    assert (resumed["status"], resumed["pause"]) == ("active", None)


def test_an_application_is_approved(api: Developer, world: World) -> None:
    applied = granted(api, make.plan(world.club, needs_approval=True))

    approved = done(api.post(f"/memberships/{applied['id']}/approve"))

    assert (applied["status"], applied["awaiting"], applied["starts_at"]) == ("pending", ["approval"], None)
    assert (approved["status"], approved["awaiting"], approved["ends_at"]) == ("active", [], MARCH_10)


def test_an_application_is_rejected(api: Developer, world: World) -> None:
    applied = granted(api, make.plan(world.club, needs_approval=True))

    rejected = done(api.post(f"/memberships/{applied['id']}/reject"))

    assert (rejected["status"], rejected["ended_reason"]) == ("expired", "rejected")


def test_what_awaits_a_payment_has_a_day_for_it(api: Developer, world: World) -> None:
    held = granted(api, make.plan(world.club), await_payment=True)

    assert (held["status"], held["awaiting"]) == ("pending", ["payment"])
    assert held["pending_until"] == "2026-02-11T12:00:00Z"


def test_a_membership_is_taken_away(api: Developer, world: World) -> None:
    held = granted(api, make.plan(world.club))

    revoked = done(api.post(f"/memberships/{held['id']}/revoke"))

    assert (revoked["status"], revoked["ended_reason"]) == ("expired", "revoked")
    again = api.post(f"/memberships/{held['id']}/renew")
    assert refused(again) == (409, "membership_not_renewable", [])


def test_the_plan_is_changed_now_or_with_the_next_term(api: Developer, world: World) -> None:
    held = granted(api, make.plan(world.club), renews=True)
    silver, bronze = make.plan(world.club, "Silver", permissions=["gym"]), make.plan(world.club, "Bronze")

    now = done(api.post(f"/memberships/{held['id']}/change-plan", {"plan": plan_id(silver)}))
    later = done(api.post(f"/memberships/{held['id']}/change-plan", {"plan": plan_id(bronze), "when": "renewal"}))

    assert (now["id"], now["plan"]["name"], now["permissions"]) == (held["id"], "Silver", ["gym"])
    assert (now["starts_at"], now["ends_at"]) == (held["starts_at"], held["ends_at"])
    assert (later["plan"]["name"], later["next_plan"]) == ("Silver", {"id": plan_id(bronze), "name": "Bronze"})


def running(world: World) -> Membership:
    return make.membership(make.plan(world.club), customer=world.ada, ends_at=make.FEB_10 + timedelta(days=10))


def renewing(world: World) -> Membership:
    return make.membership(
        make.plan(world.club), customer=world.ada, ends_at=make.FEB_10 + timedelta(days=10), renews=True
    )


def in_grace(world: World) -> Membership:
    return make.membership(
        make.plan(world.club, pauses_allowed=True),
        customer=world.ada,
        ends_at=make.FEB_10 - timedelta(days=1),
        grace_until=make.FEB_10 + timedelta(days=1),
        renews=True,
    )


def over(world: World) -> Membership:
    return make.membership(
        make.plan(world.club, pauses_allowed=True), customer=world.ada, ends_at=make.FEB_10 - timedelta(days=1)
    )


def pending(world: World) -> Membership:
    return make.membership(make.plan(world.club), customer=world.ada, starts_at=None, needs_approval=True)


def without_end(world: World) -> Membership:
    return make.membership(make.plan(world.club, billing=Billing.OPEN), customer=world.ada)


def pausable(world: World) -> Membership:
    return make.membership(
        make.plan(world.club, pauses_allowed=True), customer=world.ada, ends_at=make.FEB_10 + timedelta(days=10)
    )


def paused(world: World) -> Membership:
    membership = pausable(world)
    make.pause(membership, starts_at=make.JAN_10)
    return membership


def of_a_banned_customer(world: World) -> Membership:
    banned = make.customer(world.club, status=CustomerStatus.BANNED)
    return make.membership(make.plan(world.club), customer=banned, ends_at=make.FEB_10 + timedelta(days=10))


@pytest.mark.parametrize(
    ("present", "verb", "said", "refusal"),
    [
        (renewing, "renew", None, (409, "membership_already_renewing", [])),
        (pending, "renew", None, (409, "membership_is_pending", [])),
        (without_end, "renew", None, (409, "membership_open_ended", [])),
        (of_a_banned_customer, "renew", None, (409, "holder_banned", [])),
        (over, "extend", {"ends_at": "2026-09-01T00:00:00Z"}, (409, "membership_is_expired", [])),
        (pending, "extend", {"ends_at": "2026-09-01T00:00:00Z"}, (409, "membership_is_pending", [])),
        (without_end, "extend", {"ends_at": "2026-09-01T00:00:00Z"}, (409, "membership_open_ended", [])),
        (running, "extend", {"ends_at": "2026-02-11T00:00:00Z"}, (422, "end_not_later", ["/ends_at"])),
        (running, "extend", {}, (422, "invalid", ["/ends_at"])),
        (running, "extend", None, (422, "invalid", [""])),
        (running, "cancel", None, (409, "membership_not_renewing", [])),
        (running, "cancel", {"when": "tomorrow"}, (422, "invalid", ["/when"])),
        (pending, "cancel", None, (409, "membership_is_pending", [])),
        (over, "cancel", None, (409, "membership_is_expired", [])),
        (over, "cancel", {"when": "now"}, (409, "membership_is_expired", [])),
        (in_grace, "cancel", None, (409, "membership_in_grace", [])),
        (without_end, "cancel", None, (409, "membership_open_ended", [])),
        (running, "undo-cancel", None, (409, "cancel_not_booked", [])),
        (running, "pause", None, (409, "pauses_not_allowed", [])),
        (over, "pause", None, (409, "membership_is_expired", [])),
        (pending, "pause", None, (409, "membership_is_pending", [])),
        (in_grace, "pause", None, (409, "membership_in_grace", [])),
        (paused, "pause", None, (409, "pause_overlaps", ["/starts_at"])),
        (pausable, "pause", {"starts_at": "2026-02-01T00:00:00Z"}, (422, "pause_in_past", ["/starts_at"])),
        (pausable, "pause", {"ends_at": "2026-02-10T12:00:00Z"}, (422, "ends_before_start", ["/ends_at"])),
        (pausable, "pause", {"starts_at": "2026-08-01T00:00:00Z"}, (409, "pause_outside_term", ["/starts_at"])),
        (running, "resume", None, (409, "membership_not_paused", [])),
        (over, "resume", None, (409, "membership_is_expired", [])),
        (running, "approve", None, (409, "membership_not_pending", [])),
        (over, "approve", None, (409, "membership_is_expired", [])),
        (running, "reject", None, (409, "membership_not_pending", [])),
        (over, "reject", None, (409, "membership_is_expired", [])),
        (over, "revoke", None, (409, "membership_is_expired", [])),
    ],
)
def test_a_verb_that_makes_no_sense_is_refused_and_changes_nothing(
    api: Developer,
    world: World,
    present: Callable[[World], Membership],
    verb: str,
    said: dict[str, object] | None,
    refusal: tuple[int, str, list[str]],
) -> None:
    membership = present(world)
    before = api.get(f"/memberships/{membership_id(membership)}").json
    numbered = api.get("/events").json

    answer = api.post(f"/memberships/{membership_id(membership)}/{verb}", said)

    assert refused(answer) == refusal
    assert api.get(f"/memberships/{membership_id(membership)}").json == before
    assert api.get("/events").json == numbered


def test_changes_of_plan_that_make_no_sense_are_refused(api: Developer, world: World) -> None:
    held = running(world)
    there = f"/memberships/{membership_id(held)}/change-plan"
    own = held.terms.get().plan
    other, archived = make.plan(world.club), make.plan(world.club, archived_at=make.JAN_10)
    for_companies = make.plan(world.club, audience=Audience.COMPANIES)
    for plan, refusal in (
        (own, (409, "nothing_to_change", [])),
        (world.plan, (409, "membership_already_held", ["/plan"])),
        (archived, (409, "plan_archived", ["/plan"])),
        (for_companies, (409, "wrong_audience", ["/plan"])),
    ):
        assert refused(api.post(there, {"plan": plan_id(plan)})) == refusal
    foreign_price = {"plan": plan_id(other), "price": price_id(world.price)}
    assert refused(api.post(there, foreign_price)) == (422, "price_not_of_plan", ["/price"])
    gone = api.post(f"/memberships/{membership_id(over(world))}/change-plan", {"plan": plan_id(other)})
    asleep = api.post(f"/memberships/{membership_id(paused(world))}/change-plan", {"plan": plan_id(other)})
    assert refused(gone) == (409, "membership_is_expired", [])
    assert refused(asleep) == (409, "membership_is_paused", [])


@pytest.mark.parametrize(
    "given", ["nothing", "mem_", "mem_01jh2xcejqtf2nbrexx3vqjhp4", "cus_01jh2xcejqtf2nbrexx3vqjhp4"]
)
def test_a_membership_that_there_is_not_is_not_found(api: Developer, world: World, given: str) -> None:
    for answer in (
        api.get(f"/memberships/{given}"),
        api.get(f"/memberships/{given}/terms"),
        api.post(f"/memberships/{given}/renew"),
    ):
        assert refused(answer) == (404, "membership_not_found", [])
