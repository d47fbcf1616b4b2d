"""Changes to permissions: each is one transaction and one event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from django.db import IntegrityError

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import versions
from tessera.organizations.models import Organization
from tessera.plans import rules
from tessera.plans.errors import PermissionInUse, PermissionKeyTaken, PermissionNotFound
from tessera.plans.models import Permission, PermissionTarget, PlanPermission
from tessera.plans.types import PermissionDetails, Target

_MOST_NAMED = 10


def create_permission(
    *,
    organization: Organization,
    key: str,
    at: datetime,
    actor: Actor,
    **given: Unpack[PermissionDetails],
) -> Permission:
    """Make a permission. Its key never changes; without a name it is called by its key.

    Raises PermissionKeyInvalid, PermissionKeyTaken, TargetInvalid, PlanInvalid.
    """
    rules.check_key(key)
    permission = Permission(organization=organization, key=key, created_at=at, **_told(given))
    permission.name = permission.name or key
    try:
        with db.transaction():
            permission.save(force_insert=True)
            _write_targets(permission, rules.checked_targets(given.get("targets", ())))
            _record(EventType.PERMISSION_CREATED, permission, at=at, actor=actor)
    except IntegrityError as failure:
        holder = Permission.objects.filter(organization=organization, key=key).first()
        if holder is None:
            raise
        raise PermissionKeyTaken(
            said("there is a permission {key} already", key=key),
            pointer="/key",
            holder=ids.to_text(Prefix.PERMISSION, holder.pk),
        ) from failure
    return permission


def update_permission(
    *,
    permission: Permission,
    version: int | None = None,
    at: datetime,
    actor: Actor,
    **given: Unpack[PermissionDetails],
) -> Permission:
    """Change what a permission is called and what it means; checks see it at once. Targets are replaced whole.

    If nothing differs, nothing is written. Raises PermissionNotFound if it was deleted meanwhile; VersionStale if
    `version` is given and not the present one; TargetInvalid, PlanInvalid.
    """
    told = _told(given)
    with db.transaction():
        permission = _locked(permission)
        versions.check(permission.version, version)
        if told.get("name") == "":
            told["name"] = permission.key
        columns = {name: value for name, value in told.items() if getattr(permission, name) != value}
        fields = sorted(columns)
        if "targets" in given:
            targets = rules.checked_targets(given["targets"])
            if set(targets) != set(_targets_of(permission)):
                PermissionTarget.objects.filter(permission=permission).delete()
                _write_targets(permission, targets)
                fields.append("targets")
        if not fields:
            return permission
        for name, value in columns.items():
            setattr(permission, name, value)
        permission.version += 1  # its row is locked
        permission.save(update_fields=["version", *columns])
        _record(EventType.PERMISSION_UPDATED, permission, at=at, actor=actor, fields=fields)
    return permission


def delete_permission(*, permission: Permission, at: datetime, actor: Actor) -> None:
    """Delete a permission that no plan grants, archived ones included.

    Raises PermissionInUse, naming up to ten of the plans; PermissionNotFound if somebody was faster.
    """
    with db.transaction():
        # A plan that is being given the permission holds its row: either it is waited for, or it finds it gone.
        permission = _locked(permission, for_good=True)
        granting = PlanPermission.objects.filter(permission=permission).order_by("plan_id")
        plans = [ids.to_text(Prefix.PLAN, key) for key in granting.values_list("plan_id", flat=True)[:_MOST_NAMED]]
        if plans:
            raise PermissionInUse(
                said("plans grant {permission}; take it off them first", permission=permission.key), plans=plans
            )
        _record(EventType.PERMISSION_DELETED, permission, at=at, actor=actor)
        permission.delete()


def _locked(permission: Permission, *, for_good: bool = False) -> Permission:
    """The permission as it is now, locked; `for_good`: also against plans that are being given it."""
    row = Permission.objects.select_for_update(no_key=not for_good).filter(pk=permission.pk).first()
    if row is None:
        raise PermissionNotFound("there is no such permission")
    return row


def _told(given: PermissionDetails) -> dict[str, str]:
    told: dict[str, str] = {}
    if "name" in given:
        told["name"] = rules.line(given["name"], pointer="/name")
    if "description" in given:
        told["description"] = rules.paragraphs(given["description"], longest=2_000)
    return told


def _targets_of(permission: Permission) -> list[Target]:
    rows = PermissionTarget.objects.filter(permission=permission)
    return [Target(row.action, row.resource_type, row.resource_id) for row in rows]


def _write_targets(permission: Permission, targets: Sequence[Target]) -> None:
    PermissionTarget.objects.bulk_create(
        PermissionTarget(
            organization_id=permission.organization_id,
            permission=permission,
            action=target.action,
            resource_type=target.resource_type,
            resource_id=target.resource_id,
        )
        for target in targets
    )


def _record(what: EventType, permission: Permission, *, at: datetime, actor: Actor, fields: Sequence[str] = ()) -> None:
    data: dict[str, object] = {"permission": ids.to_text(Prefix.PERMISSION, permission.pk), "key": permission.key}
    if fields:
        data["fields"] = list(fields)
    events.record(events.Happened(organization_id=permission.organization_id, type=what, at=at, actor=actor, data=data))
