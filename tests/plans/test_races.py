"""Two changes to the catalogue at once: one result and one clear refusal."""

import pytest

from tessera.events.types import Actor
from tessera.plans import permissions, queries, services
from tessera.plans.errors import (
    LastActivePrice,
    PermissionInUse,
    PermissionKeyTaken,
    PermissionNotFound,
    PermissionUnknown,
)
from tessera.plans.models import Permission, Plan, Price
from tessera.plans.types import PriceTerms
from tests import make
from tests.people.racing import at_once

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

ACTOR = Actor.system("tests")


def test_of_a_plans_last_two_prices_only_one_goes_out_of_use() -> None:
    plan = make.plan(make.organization())
    make.price(plan)
    prices = list(Price.objects.filter(plan=plan).select_related("plan__organization"))

    outcomes = at_once(
        [
            lambda price=price: services.update_price(  # type: ignore[misc]
                price=price, active=False, at=make.FEB_10, actor=ACTOR
            )
            for price in prices
        ]
    )

    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, Price)] == [LastActivePrice]
    assert Price.objects.filter(plan=plan, active=True).count() == 1


def test_two_prices_added_at_once_are_both_there() -> None:
    plan = make.plan(make.organization())

    at_once(
        [lambda: services.add_price(plan=plan, terms=PriceTerms(4000), at=make.FEB_10, actor=ACTOR) for _ in range(2)]
    )

    assert len(queries.prices_of(plan).data) == 3


def test_of_two_permissions_with_one_key_one_is_made() -> None:
    club = make.organization()

    outcomes = at_once(
        [
            lambda: permissions.create_permission(organization=club, key="pool", at=make.JAN_10, actor=ACTOR)
            for _ in range(2)
        ]
    )

    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, Permission)] == [PermissionKeyTaken]


@pytest.mark.parametrize("attempt", range(3))
def test_a_permission_is_either_deleted_or_granted(attempt: int) -> None:
    club = make.organization()
    plan, pool = make.plan(club), make.permission(club, "pool")

    def delete() -> str:
        permissions.delete_permission(permission=pool, at=make.JAN_10, actor=ACTOR)
        return "deleted"

    def grant() -> str:
        services.update_plan(plan=plan, permissions=["pool"], at=make.JAN_10, actor=ACTOR)
        return "granted"

    outcomes = at_once([delete, grant])

    refused = [type(outcome) for outcome in outcomes if isinstance(outcome, PermissionInUse | PermissionUnknown)]
    assert len(refused) == 1
    assert Permission.objects.filter(key="pool").exists() is (refused == [PermissionInUse])


def test_of_two_who_delete_a_permission_one_did() -> None:
    pool = make.permission(make.organization(), "pool")

    def delete() -> str:
        permissions.delete_permission(permission=pool, at=make.JAN_10, actor=ACTOR)
        return "deleted"

    outcomes = at_once([delete, delete])

    assert [type(outcome) for outcome in outcomes if outcome != "deleted"] == [PermissionNotFound]


def test_two_changes_of_a_plan_at_once_are_both_kept() -> None:
    plan = make.plan(make.organization())

    at_once(
        [
            lambda: services.update_plan(plan=plan, name="Silver", at=make.JAN_10, actor=ACTOR),
            lambda: services.update_plan(plan=plan, seats=4, at=make.JAN_10, actor=ACTOR),
        ]
    )

    kept = Plan.objects.get(pk=plan.pk)
    assert (kept.name, kept.seats, kept.version) == ("Silver", 4, 3)
