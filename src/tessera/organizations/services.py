"""Founding an organization and changing how it is set up."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypedDict
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F

from tessera import db
from tessera.core import ids
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import rules, versions
from tessera.organizations.errors import SlugTaken
from tessera.organizations.models import Organization


class OrganizationChanges(TypedDict, total=False):
    """What can be changed later. The currency cannot: prices are in it."""

    name: str
    time_zone: str
    locale: str
    accent: str
    contact_email: str
    allowed_origins: list[str]
    subject_types: list[str]
    grace_days: int
    reminder_days: int
    second_factor_roles: list[str]


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": rules.check_name,
    "time_zone": rules.check_time_zone,
    "locale": rules.check_locale,
    "accent": rules.check_accent,
    "contact_email": rules.check_contact_email,
    "allowed_origins": rules.check_origins,
    "subject_types": rules.check_subject_types,
    "grace_days": rules.check_grace_days,
    "reminder_days": rules.check_reminder_days,
    "second_factor_roles": rules.check_roles,
}


def create_organization(
    *,
    slug: str,
    name: str,
    time_zone: str,
    currency: str,
    locale: str = "en-GB",
    test_now: datetime | None = None,
    at: datetime,
    actor: Actor,
) -> Organization:
    """Found an organization. With `test_now` it is one for tests, whose own clock stands there.

    Raises SlugInvalid, FieldInvalid, UnknownTimeZone, UnknownCurrency, LocaleInvalid; SlugTaken.
    """
    organization = Organization(
        slug=rules.check_slug(slug),
        name=rules.check_name(name),
        time_zone=rules.check_time_zone(time_zone),
        currency=rules.check_currency(currency),
        locale=rules.check_locale(locale),
        is_test=test_now is not None,
        test_now=test_now,
        created_at=test_now or at,
    )
    with db.transaction():
        try:
            with db.transaction():
                organization.save(force_insert=True)
        except IntegrityError as reason:
            raise SlugTaken(
                said("there is already an organization called {slug}", slug=slug), pointer="/slug"
            ) from reason
        events.record(
            events.Happened(
                organization_id=organization.pk,
                type=EventType.ORGANIZATION_CREATED,
                at=organization.created_at,
                actor=actor,
                data={
                    "organization": ids.to_text(ids.Prefix.ORGANIZATION, organization.pk),
                    "test": organization.is_test,
                },
            )
        )
    return organization


def update_organization(
    *,
    organization: Organization,
    changes: OrganizationChanges,
    version: int | None = None,
    at: datetime,
    actor: Actor,
) -> Organization:
    """Change what is named in `changes`. What is already so is not written; if all is, nothing happens.

    Raises what the fields' rules raise; VersionStale if `version` is given and no longer the present one.
    """
    wanted: dict[str, Any] = {name: _RULES[name](value) for name, value in changes.items()}
    with db.transaction():
        present = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        versions.check(
            present.version,
            version,
            detail=said("the organization has been changed: its version is {version}", version=str(present.version)),
        )
        fields = {name: value for name, value in wanted.items() if getattr(present, name) != value}
        if fields:
            Organization.objects.filter(pk=present.pk).update(**fields, version=F("version") + 1)
            _record(EventType.ORGANIZATION_UPDATED, present, at, actor, fields=sorted(fields))
            present.refresh_from_db()
    return present


def set_logo(*, organization: Organization, logo: UUID | None, at: datetime, actor: Actor) -> UUID | None:
    """Have the organization's logo be the picture of this id, or none; return the one before, which is nobody's now.

    None before and none now writes nothing. For `files`, which keeps the picture itself.
    """
    with db.transaction():
        present = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        before = present.logo
        if before != logo:
            Organization.objects.filter(pk=present.pk).update(logo=logo, version=F("version") + 1)
            _record(EventType.ORGANIZATION_UPDATED, present, at, actor, fields=["logo"])
    return before


def _record(what: EventType, organization: Organization, at: datetime, actor: Actor, **data: object) -> None:
    events.record(events.Happened(organization_id=organization.pk, type=what, at=at, actor=actor, data=data))
