"""What hurts everybody at once: another address, every key gone, everybody signed out, the end of the organization."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F

from tessera import db
from tessera.core import ids
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import rules, sessions
from tessera.organizations.errors import NameNotTyped, SlugTaken
from tessera.organizations.models import ApiKey, Organization, Staff


def change_slug(*, organization: Organization, slug: str, at: datetime, actor: Actor) -> Organization:
    """Have the organization's addresses begin otherwise, at once. The one it has, again, changes nothing.

    Raises SlugInvalid; SlugTaken.
    """
    wanted = rules.check_slug(slug.strip())
    with db.transaction():
        present = _locked(organization)
        if present.slug == wanted:
            return present
        try:
            with db.transaction():
                Organization.objects.filter(pk=present.pk).update(slug=wanted, version=F("version") + 1)
        except IntegrityError as reason:
            raise SlugTaken(said("another organization is at {wanted}", wanted=wanted), pointer="/slug") from reason
        _record(EventType.ORGANIZATION_ADDRESS_CHANGED, present, at, actor, slug=wanted)
        present.refresh_from_db()
    return present


def revoke_all_keys(*, organization: Organization, real_at: datetime, at: datetime, actor: Actor) -> int:
    """Take every key away, at once and for good; return how many there were. `real_at`: keys live in real time."""
    with db.transaction():
        _locked(organization)
        keys = ApiKey.objects.select_for_update().filter(organization=organization, revoked_at=None).order_by("pk")
        gone: list[UUID] = list(keys.values_list("pk", flat=True))
        ApiKey.objects.filter(pk__in=gone).update(revoked_at=real_at)
        for key in gone:
            _record(EventType.API_KEY_REVOKED, organization, at, actor, key=ids.to_text(ids.Prefix.API_KEY, key))
    return len(gone)


def sign_everybody_out(*, organization: Organization, at: datetime, actor: Actor) -> int:
    """End every session of everybody who works for the organization, wherever else they work; return how many.

    Whoever asks is signed out, too. It costs with those people and their browsers, whoever else is signed in here.
    """
    with db.transaction():
        users: list[UUID] = list(Staff.objects.filter(organization=organization).values_list("user_id", flat=True))
        gone = sessions.end_all(*users)
        _record(EventType.ORGANIZATION_STAFF_SIGNED_OUT, organization, at, actor, sessions=gone)
    return gone


def begin_deletion(*, organization: Organization, typed: str, real_at: datetime, at: datetime, actor: Actor) -> None:
    """Shut the organization for everybody, at once and for good; what it has is removed by a job of `lifecycle`.

    `typed` is its name, as whoever asks has typed it. Doing it again does nothing. Raises NameNotTyped.
    """
    if typed.strip() != organization.name.strip():
        raise NameNotTyped(said("type the name exactly: {name}", name=organization.name), pointer="/typed")
    with db.transaction():
        present = _locked(organization)
        if present.deleting_since is None:
            Organization.objects.filter(pk=present.pk).update(deleting_since=real_at, version=F("version") + 1)
            _record(EventType.ORGANIZATION_DELETION_STARTED, present, at, actor)


def _locked(organization: Organization) -> Organization:
    return Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)


def _record(what: EventType, organization: Organization, at: datetime, actor: Actor, **data: object) -> None:
    events.record(events.Happened(organization_id=organization.pk, type=what, at=at, actor=actor, data=data))
