"""Permissions: what they are called, what they mean outside, and that they stay while plans grant them."""

from typing import Any

import pytest

from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.organizations.models import Organization
from tessera.plans import errors, permissions, queries
from tessera.plans.models import Permission
from tessera.plans.types import Target
from tests import make

ACTOR = Actor.system("tests")
DOOR = Target("enter", "door", "main")
PAGES = Target("read", "page", "/members/*")


def made(club: Organization, key: str = "pool", **details: Any) -> Permission:
    """A permission made by the service."""
    return permissions.create_permission(organization=club, key=key, at=make.JAN_10, actor=ACTOR, **details)


def changed(permission: Permission, **details: Any) -> Permission:
    """The permission after a change by the service."""
    return permissions.update_permission(permission=permission, at=make.FEB_10, actor=ACTOR, **details)


def test_a_permission_is_called_by_its_key_until_it_has_a_name(club: Organization) -> None:
    pool = made(club, "pool.main:1_a-b")

    assert pool.name == "pool.main:1_a-b"
    assert changed(pool, name="Pool").name == "Pool"
    assert changed(pool, name=" ").name == "pool.main:1_a-b"


@pytest.mark.parametrize("key", ["", "Pool", "-pool", ".a", "a b", "é", "a" * 81, "a/b", "pool\n"])
def test_a_key_has_a_grammar(club: Organization, key: str) -> None:
    with pytest.raises(errors.PermissionKeyInvalid):
        made(club, key)


def test_a_key_is_used_once_in_an_organization(club: Organization, elsewhere: Organization) -> None:
    pool = made(club)

    with pytest.raises(errors.PermissionKeyTaken) as refusal:
        made(club, targets=[DOOR])

    assert refusal.value.extra == {"holder": ids.to_text(ids.Prefix.PERMISSION, pool.pk)}
    assert queries.permission(pool).targets == ()
    assert made(elsewhere).key == "pool"


WRONG: list[tuple[str, dict[str, Any], type[TesseraError]]] = [
    ("/targets/0/action", {"targets": [Target("", "door", "main")]}, errors.TargetInvalid),
    ("/targets/0/action", {"targets": [Target("go in", "door", "main")]}, errors.TargetInvalid),
    ("/targets/0/resource_type", {"targets": [Target("enter", "*", "main")]}, errors.TargetInvalid),
    ("/targets/1/resource_id", {"targets": [DOOR, Target("enter", "door", "a*b")]}, errors.TargetInvalid),
    ("/targets/0/resource_id", {"targets": [Target("enter", "door", "**")]}, errors.TargetInvalid),
    ("/targets/0/resource_id", {"targets": [Target("enter", "door", "")]}, errors.TargetInvalid),
    ("/targets/0/resource_id", {"targets": [Target("enter", "door", "x" * 201)]}, errors.TargetInvalid),
    ("/targets/0/resource_id", {"targets": [Target("enter", "door", "a b")]}, errors.TargetInvalid),
    ("/targets/1", {"targets": [DOOR, DOOR]}, errors.TargetInvalid),
    ("/targets", {"targets": [Target("enter", "door", str(n)) for n in range(101)]}, errors.TargetInvalid),
    ("/name", {"name": "x" * 201}, errors.PlanInvalid),
    ("/description", {"description": "x" * 2001}, errors.PlanInvalid),
]


@pytest.mark.parametrize(("pointer", "details", "error"), WRONG)
def test_what_cannot_be_meant_is_refused(
    club: Organization, pointer: str, details: dict[str, Any], error: type[TesseraError]
) -> None:
    with pytest.raises(error) as refusal:
        made(club, **details)

    assert refusal.value.pointer == pointer
    assert not Permission.objects.exists()


def test_targets_are_replaced_as_a_whole_list(club: Organization) -> None:
    pool, bystander = made(club, targets=[DOOR, PAGES]), make.permission(club, "gym", targets=["enter door:gym"])

    changed(pool, targets=[PAGES, Target("enter", "door", "*")])

    assert set(queries.permission(pool).targets) == {PAGES, Target("enter", "door", "*")}
    assert queries.permission(bystander).targets == (Target("enter", "door", "gym"),)


def test_a_change_is_recorded_once_and_one_that_changes_nothing_is_not(club: Organization) -> None:
    pool = made(club, targets=[DOOR, PAGES])

    changed(pool, name="Pool", description="The big one", targets=[PAGES, DOOR])
    changed(pool, name="Pool", targets=[DOOR, PAGES])
    changed(pool, targets=[])

    events = list(Event.objects.order_by("sequence").values_list("type", "data__fields"))
    assert events == [
        ("permission.created", None),
        ("permission.updated", ["description", "name"]),
        ("permission.updated", ["targets"]),
    ]


def test_a_permission_goes_only_when_no_plan_grants_it(club: Organization) -> None:
    pool, gym = made(club), made(club, "gym", targets=[DOOR])
    plan = make.plan(club, permissions=[pool])

    with pytest.raises(errors.PermissionInUse) as refusal:
        permissions.delete_permission(permission=pool, at=make.FEB_10, actor=ACTOR)
    permissions.delete_permission(permission=gym, at=make.FEB_10, actor=ACTOR)

    assert refusal.value.extra == {"plans": [ids.to_text(ids.Prefix.PLAN, plan.pk)]}
    assert [row.key for row in queries.permissions(club).data] == ["pool"]
    assert queries.plans_granting(pool) == ((plan.pk, plan.name),)
    assert Event.objects.filter(type="permission.deleted").count() == 1
