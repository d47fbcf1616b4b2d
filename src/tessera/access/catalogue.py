"""What questions come to in the club's catalogue of permissions and plans, for many questions at once."""

from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from tessera.access.facts import Question, key_of, question_of
from tessera.access.facts import RowId as PlanId
from tessera.access.types import PERMISSION, USE, Asked, Target
from tessera.plans.models import Permission, PermissionTarget, PlanPermission


class Granted(NamedTuple):
    """A permission that some plan grants."""

    key: str
    name: str


def questions(organization_id: UUID, asked: Collection[Asked]) -> dict[Asked, Question]:
    """Return what each of `asked` comes to, with at most three queries however many there are.

    The same answers as `facts.read` gives for one question (2-domain, "Permission"). Growth: with the targets that
    share action and type with a question and are a prefix, and with what grants the permissions that match.
    """
    targets = {each for each in asked if isinstance(each, Target)}
    keys = {each for each in asked if not isinstance(each, Target)} | {
        each.resource_id for each in targets if (each.action, each.resource_type) == (USE, PERMISSION)
    }
    exact, prefixes = _targets(organization_id, targets)
    matching: dict[Asked, set[str]] = {}
    for each in asked:
        if isinstance(each, Target):
            found = set(exact.get(each, ()))
            found.update(
                key
                for prefix, key in prefixes.get((each.action, each.resource_type), ())
                if each.resource_id.startswith(prefix)
            )
            if (each.action, each.resource_type) == (USE, PERMISSION):
                found.add(each.resource_id)
        else:
            found = {each}
        matching[each] = found
    wanted = keys.union(*matching.values())
    granted_by: dict[str, list[str]] = {}
    for key, plan_id in _grants(organization_id, wanted):
        granted_by.setdefault(key, []).append(plan_id)
    return {
        each: question_of((plan, key) for key in found if key in granted_by for plan in granted_by[key])
        for each, found in matching.items()
    }


def granted_by(plan_ids: Iterable[PlanId]) -> dict[Granted, Question]:
    """Return every permission that any of these plans grants, in order of keys, as the question after it."""
    pairs: dict[Granted, list[tuple[str, str]]] = {}
    rows = PlanPermission.objects.filter(plan_id__in={key_of(plan_id) for plan_id in plan_ids})
    for plan_id, key, name in rows.order_by("permission__key").values_list(
        "plan_id", "permission__key", "permission__name"
    ):
        pairs.setdefault(Granted(key, name), []).append((plan_id.hex, key))
    return {permission: question_of(of_plans) for permission, of_plans in pairs.items()}


def _targets(
    organization_id: UUID, targets: Collection[Target]
) -> tuple[dict[Target, set[str]], dict[tuple[str, str], list[tuple[str, str]]]]:
    """Return which keys have exactly one of `targets`, and which a prefix of an action and type that is asked for."""
    exact: dict[Target, set[str]] = {}
    prefixes: dict[tuple[str, str], list[tuple[str, str]]] = {}
    if not targets:
        return exact, prefixes
    rows = PermissionTarget.objects.filter(
        Q(resource_id__in={each.resource_id for each in targets}) | Q(resource_id__endswith="*"),
        organization_id=organization_id,
        action__in={each.action for each in targets},
        resource_type__in={each.resource_type for each in targets},
    )
    for action, kind, resource_id, key in rows.values_list("action", "resource_type", "resource_id", "permission__key"):
        exact.setdefault(Target(action, kind, resource_id), set()).add(key)
        if resource_id.endswith("*"):
            prefixes.setdefault((action, kind), []).append((resource_id[:-1], key))
    return exact, prefixes


def _grants(organization_id: UUID, keys: Collection[str]) -> list[tuple[str, str]]:
    """Return the permissions among `keys` that there are, each with each plan that grants it, or with an empty one."""
    if not keys:
        return []
    known = dict(Permission.objects.filter(organization_id=organization_id, key__in=keys).values_list("id", "key"))
    if not known:
        return []
    found = [(key, "") for key in known.values()]
    rows = PlanPermission.objects.filter(permission_id__in=known).values_list("permission_id", "plan_id")
    found += [(known[permission_id], plan_id.hex) for permission_id, plan_id in rows]
    return found
