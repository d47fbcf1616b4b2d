"""Each reason of a decision, and how the winner and the nearest miss are chosen."""

from datetime import datetime, timedelta

import pytest

from tessera.access.engine import decide
from tessera.access.types import Reason, Source, Target
from tessera.core.ids import new_id
from tessera.memberships.types import EndedReason
from tessera.organizations.models import Organization
from tessera.people.types import CustomerStatus
from tessera.plans.models import PlanPermission
from tests import make
from tests.access.asking import ask
from tests.make import JAN_10

pytestmark = pytest.mark.django_db


@pytest.fixture
def club() -> Organization:
    return make.organization()


def days(number: int) -> datetime:
    return JAN_10 + timedelta(days=number)


def test_a_running_membership_grants_what_its_plan_grants_and_nothing_else(club: Organization) -> None:
    gold = make.plan(club, "Gold", permissions=["pool"])
    make.permission(club, "sauna")
    ada, bystander = make.customer(club), make.customer(club)
    held = make.membership(gold, customer=ada, ends_at=days(30))

    decision = ask(ada)

    assert decision.allow
    assert decision.reason == Reason.GRANTED
    assert (decision.permission, decision.membership_id, decision.plan_id) == ("pool", held.pk, gold.pk)
    assert (decision.plan_name, decision.source, decision.in_grace) == ("Gold", Source.OWN, False)
    assert (decision.valid_until, decision.evaluated_at) == (days(30), JAN_10)
    assert ask(ada, "sauna").reason == Reason.NOT_IN_ANY_PLAN
    assert ask(bystander).reason == Reason.NOT_IN_ANY_PLAN


def test_a_term_begins_at_its_first_instant_and_is_over_at_its_end(club: Organization) -> None:
    ada = make.customer(club)
    make.membership(make.plan(club, permissions=["pool"]), customer=ada, starts_at=days(1), ends_at=days(2))
    moment = timedelta(microseconds=1)

    assert not ask(ada, at=days(1) - moment).allow
    assert ask(ada, at=days(1)).allow
    assert ask(ada, at=days(2) - moment).allow
    assert not ask(ada, at=days(2)).allow


def test_an_unknown_customer_is_unknown_and_so_is_one_of_another_club(club: Organization) -> None:
    stranger = make.customer(make.organization())
    make.permission(club, "pool")

    for nobody in (None, new_id(), stranger.pk):
        decision = decide(organization_id=club.pk, customer_id=nobody, asked="pool", at=JAN_10)
        assert (decision.allow, decision.reason, decision.valid_until) == (False, Reason.CUSTOMER_UNKNOWN, None)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (CustomerStatus.BANNED, Reason.CUSTOMER_BANNED),
        (CustomerStatus.ARCHIVED, Reason.CUSTOMER_ARCHIVED),
    ],
)
def test_a_banned_or_archived_customer_is_refused_everything_own_and_inherited(
    club: Organization, status: CustomerStatus, reason: Reason
) -> None:
    gold = make.plan(club, permissions=["pool"])
    acme = make.company(club)
    make.membership(gold, company=acme)
    ada = make.customer(club, status=status)
    make.affiliation(ada, acme)
    make.membership(gold, customer=ada)

    assert ask(ada).reason == reason
    assert ask(ada).valid_until is None
    assert ask(ada, "no-such-permission").reason == reason
    assert ask(make.employee(acme)).allow


def test_somebody_merged_into_another_is_that_other_one(club: Organization) -> None:
    ada = make.customer(club)
    held = make.membership(make.plan(club, permissions=["pool"]), customer=ada)
    twin = make.customer(club, status=CustomerStatus.ARCHIVED, merged_into=ada)

    assert ask(twin).membership_id == held.pk


def test_a_permission_nobody_made_is_unknown_and_so_is_one_of_another_club(club: Organization) -> None:
    make.permission(make.organization(), "sauna", targets=["enter door:sauna"])

    assert ask(make.customer(club), "sauna").reason == Reason.PERMISSION_UNKNOWN
    assert ask(make.customer(club), Target("enter", "door", "sauna")).reason == Reason.PERMISSION_UNKNOWN


@pytest.mark.parametrize(
    ("target", "resource_id", "matches"),
    [
        ("read page:/members/news", "/members/news", True),
        ("read page:/members/news", "/members/news/1", False),
        ("read page:*", "/anything", True),
        ("read page:*", "", True),
        ("read page:/members/*", "/members/", True),
        ("read page:/members/*", "/members/a/b", True),
        ("read page:/members/*", "/members", False),
        ("read page:/members/*", "/MEMBERS/a", False),
        ("read page:/50%/*", "/50%/a", True),
        ("read page:/50%/*", "/50x/a", False),
        ("read page:/a_c/*", "/abc/d", False),
        ("read page:/é*", "/été", True),
        ("read page:/members/*", "/members/" + "x" * 5_000, True),
        ("read page:" + "x" * 200, "x" * 200, True),
        ("read page:" + "x" * 200, "x" * 201, False),
        ("read page:" + "x" * 199 + "*", "x" * 5_000, True),
    ],
)
def test_a_target_names_a_resource_exactly_or_by_prefix(
    club: Organization, target: str, resource_id: str, matches: bool
) -> None:
    make.permission(club, "reading", targets=[target])
    ada = make.customer(club)
    make.membership(make.plan(club, permissions=["reading"]), customer=ada)

    assert ask(ada, Target("read", "page", resource_id)).allow is matches
    assert ask(ada, Target("write", "page", resource_id)).reason == Reason.PERMISSION_UNKNOWN
    assert ask(ada, Target("read", "door", resource_id)).reason == Reason.PERMISSION_UNKNOWN


def test_every_permission_can_be_used_by_its_key_as_well(club: Organization) -> None:
    ada = make.customer(club)
    make.membership(make.plan(club, permissions=["pool"]), customer=ada)

    assert ask(ada, Target("use", "permission", "pool")).allow
    assert not ask(ada, Target("enter", "permission", "pool")).allow


def test_any_one_of_several_matching_permissions_grants(club: Organization) -> None:
    make.permission(club, "all-doors", targets=["enter door:*"])
    make.permission(club, "front-door", targets=["enter door:front"])
    ada = make.customer(club)
    make.membership(make.plan(club, permissions=["front-door"]), customer=ada)

    assert ask(ada, Target("enter", "door", "front")).permission == "front-door"
    assert ask(ada, Target("enter", "door", "back")).reason == Reason.NOT_IN_ANY_PLAN


def test_in_grace_access_goes_on_only_while_the_membership_still_renews(club: Organization) -> None:
    gold = make.plan(club, permissions=["pool"])
    ada, leaver = make.customer(club), make.customer(club)
    for person, renews in ((ada, True), (leaver, False)):
        make.membership(gold, customer=person, ends_at=days(3), grace_until=days(10), renews=renews)

    decision = ask(ada, at=days(5))

    assert (decision.allow, decision.reason, decision.in_grace) == (True, Reason.IN_GRACE, True)
    assert decision.valid_until == days(10)
    assert ask(ada).valid_until == days(10)
    assert ask(ada, at=days(10)).reason == Reason.MEMBERSHIP_EXPIRED
    assert ask(leaver, at=days(5)).reason == Reason.MEMBERSHIP_EXPIRED


def test_a_pause_refuses_and_says_until_when(club: Organization) -> None:
    ada = make.customer(club)
    held = make.membership(make.plan(club, permissions=["pool"]), customer=ada, ends_at=days(60))
    make.pause(held, starts_at=days(5), ends_at=days(9))

    assert ask(ada).valid_until == days(5)
    paused = ask(ada, at=days(6))
    assert (paused.reason, paused.happens_at, paused.valid_until) == (Reason.MEMBERSHIP_PAUSED, days(9), days(9))
    assert ask(ada, at=days(9)).allow


def test_an_open_extending_pause_still_pauses_after_the_term_would_have_ended(club: Organization) -> None:
    gold = make.plan(club, permissions=["pool"])
    ada, other = make.customer(club), make.customer(club)
    for person, extends in ((ada, True), (other, False)):
        held = make.membership(gold, customer=person, ends_at=days(10))
        make.pause(held, starts_at=days(5), extends=extends)

    decision = ask(ada, at=days(20))

    assert (decision.reason, decision.valid_until) == (Reason.MEMBERSHIP_PAUSED, None)
    assert ask(other, at=days(20)).reason == Reason.MEMBERSHIP_EXPIRED


def test_a_membership_that_waits_for_payment_is_pending_until_it_is_abandoned(club: Organization) -> None:
    ada = make.customer(club)
    gold = make.plan(club, permissions=["pool"])
    make.membership(gold, customer=ada, starts_at=None, pending_until=days(1), awaits_payment=True)

    assert ask(ada).reason == Reason.MEMBERSHIP_PENDING
    assert ask(ada).happens_at == days(1)
    assert ask(ada).valid_until is None
    assert ask(ada, at=days(1)).reason == Reason.MEMBERSHIP_EXPIRED


def test_a_membership_that_starts_later_is_scheduled(club: Organization) -> None:
    ada = make.customer(club)
    make.membership(make.plan(club, permissions=["pool"]), customer=ada, starts_at=days(3))

    decision = ask(ada)

    assert (decision.reason, decision.happens_at) == (Reason.MEMBERSHIP_SCHEDULED, days(3))
    assert decision.valid_until == days(3)


def test_a_booked_change_of_plan_grants_from_its_first_instant(club: Organization) -> None:
    silver, gold = make.plan(club, "Silver"), make.plan(club, "Gold", permissions=["pool"])
    ada = make.customer(club)
    held = make.membership(silver, customer=ada, ends_at=days(5))
    make.term(held, gold, starts_at=days(5), ends_at=days(9))

    assert (ask(ada).reason, ask(ada).plan_name) == (Reason.MEMBERSHIP_SCHEDULED, "Gold")
    assert ask(ada).valid_until == days(5)
    assert ask(ada, at=days(5)).plan_name == "Gold"


def test_terms_that_follow_each_other_are_one_stretch_of_access(club: Organization) -> None:
    silver, gold = make.plan(club, permissions=["pool"]), make.plan(club, permissions=["pool"])
    ada = make.customer(club)
    held = make.membership(silver, customer=ada, ends_at=days(5))
    make.term(held, gold, starts_at=days(5), ends_at=days(9))

    assert ask(ada).valid_until == days(9)


def test_a_downgrade_does_not_call_a_running_membership_expired(club: Organization) -> None:
    gold, silver = make.plan(club, permissions=["pool"]), make.plan(club)
    ada = make.customer(club)
    held = make.membership(gold, customer=ada, starts_at=days(-9), ends_at=days(-1))
    make.term(held, silver, starts_at=days(-1))

    assert ask(ada).reason == Reason.NOT_IN_ANY_PLAN


@pytest.mark.parametrize("why", [EndedReason.CANCELED, EndedReason.REFUNDED, EndedReason.REVOKED])
def test_an_ended_membership_grants_nothing_though_its_term_runs_on(club: Organization, why: EndedReason) -> None:
    ada = make.customer(club)
    gold = make.plan(club, permissions=["pool"])
    make.membership(gold, customer=ada, ends_at=days(30), ended_at=days(2), ended_reason=why)

    assert ask(ada).valid_until == days(2)
    ended = ask(ada, at=days(2))
    assert (ended.reason, ended.happens_at, ended.valid_until) == (Reason.MEMBERSHIP_EXPIRED, days(2), None)


def test_own_memberships_win_over_inherited_ones_then_the_longest_then_the_oldest(club: Organization) -> None:
    gold, silver = make.plan(club, permissions=["pool"]), make.plan(club, permissions=["pool"])
    acme = make.company(club, "Acme Ltd")
    inherited = make.membership(gold, company=acme)
    ada = make.employee(acme)

    first = ask(ada)
    assert (first.membership_id, first.source) == (inherited.pk, Source.COMPANY)
    assert (first.company_id, first.company_name) == (acme.pk, "Acme Ltd")

    oldest = make.membership(silver, customer=ada, ends_at=days(5))
    assert ask(ada).membership_id == oldest.pk
    make.membership(gold, customer=ada, ends_at=days(5))
    assert ask(ada).membership_id == oldest.pk
    longest = make.membership(gold, customer=ada, ends_at=days(6))
    assert ask(ada).membership_id == longest.pk
    assert ask(ada).valid_until is None


def test_what_a_plan_grants_is_read_as_it_is_now(club: Organization) -> None:
    gold = make.plan(club, permissions=["pool"])
    ada = make.customer(club)
    make.membership(gold, customer=ada)
    assert ask(ada).allow

    PlanPermission.objects.filter(plan=gold).delete()

    assert ask(ada).reason == Reason.NOT_IN_ANY_PLAN


def test_the_nearest_miss_goes_by_reason_and_then_by_time(club: Organization) -> None:
    plans = [make.plan(club, permissions=["pool"]) for _ in range(6)]
    ada = make.customer(club)
    make.membership(plans[0], customer=ada, starts_at=days(-20), ends_at=days(-10))
    late = make.membership(plans[1], customer=ada, starts_at=days(-20), ends_at=days(-2))
    assert (ask(ada).reason, ask(ada).membership_id) == (Reason.MEMBERSHIP_EXPIRED, late.pk)

    make.membership(plans[2], customer=ada, starts_at=days(9))
    soon = make.membership(plans[3], customer=ada, starts_at=days(4))
    assert (ask(ada).reason, ask(ada).membership_id) == (Reason.MEMBERSHIP_SCHEDULED, soon.pk)

    make.membership(plans[4], customer=ada, starts_at=None)
    assert ask(ada).reason == Reason.MEMBERSHIP_PENDING

    paused = make.membership(plans[5], customer=ada)
    make.pause(paused, starts_at=days(-1))
    assert (ask(ada).reason, ask(ada).membership_id) == (Reason.MEMBERSHIP_PAUSED, paused.pk)
    assert ask(ada).valid_until == days(4)
