"""Keeping and giving up pictures. Whoever's record names one calls these within its own change."""

from datetime import datetime
from uuid import UUID

from tessera import db
from tessera.core.ids import new_id
from tessera.events.types import Actor
from tessera.files import storage
from tessera.files.decoding import renditions
from tessera.files.models import Picture
from tessera.files.types import Kind
from tessera.organizations import services as organizations
from tessera.organizations.models import Organization


def written(
    content: bytes, *, organization: Organization, kind: Kind, instead_of: UUID | None, at: datetime
) -> Picture | None:
    """Return a picture whose files are on the disk and which is not saved yet: `keep` does that, in the change.

    None if it is the very picture that `instead_of` names: then there is nothing to change. Outside a transaction,
    for it takes a while. Files that nobody keeps are removed after an hour. Raises what `decoding.renditions` raises.
    """
    made = renditions(content, kind=kind)
    if (
        instead_of is not None
        and Picture.objects.filter(organization=organization, pk=instead_of, digest=made.digest).exists()
    ):
        return None
    picture = Picture(
        id=new_id(),
        organization=organization,
        kind=kind,
        digest=made.digest,
        width=made.width,
        height=made.height,
        created_at=at,
    )
    storage.write(organization.pk, picture.pk, made)
    return picture


def keep(picture: Picture) -> None:
    """Save a picture, in the change that has a record name it."""
    picture.save(force_insert=True)


def give_up(picture_id: UUID | None) -> None:
    """Forget a picture that no record names any more. At once nobody sees it; its files go within about an hour."""
    if picture_id is not None:
        Picture.objects.filter(pk=picture_id).delete()


def set_organization_logo(*, organization: Organization, content: bytes, at: datetime, actor: Actor) -> None:
    """Give the organization a logo. The one that it has, again, changes nothing. Raises as `written` does."""
    picture = written(content, organization=organization, kind=Kind.ORGANIZATION, instead_of=organization.logo, at=at)
    if picture is None:
        return
    with db.transaction():
        keep(picture)
        give_up(organizations.set_logo(organization=organization, logo=picture.pk, at=at, actor=actor))


def remove_organization_logo(*, organization: Organization, at: datetime, actor: Actor) -> None:
    """Take the organization's logo away. Without one, nothing happens."""
    with db.transaction():
        give_up(organizations.set_logo(organization=organization, logo=None, at=at, actor=actor))
