"""Finding pictures, always through the organization."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.files import storage
from tessera.files.errors import PictureUnknown
from tessera.files.models import Picture
from tessera.files.types import SIZES, Kind
from tessera.organizations.models import Organization


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture in one size: where it is, and what it is."""

    path: Path
    media_type: str
    name: str

    def content(self) -> bytes:
        """Return it. Raises PictureUnknown if the file is gone, which `tessera doctor` finds."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError as reason:
            raise PictureUnknown("there is no picture there") from reason


def picture(organization: Organization, kind: Kind, ref: str, size: int) -> PictureFile:
    """Return a picture of the organization, of this kind, by its public id. Raises PictureUnknown."""
    key = ids.from_text(Prefix.PICTURE, ref)
    if key is None or size not in SIZES:
        raise PictureUnknown("there is no picture there")
    if not Picture.objects.filter(organization=organization, pk=key, kind=kind).exists():
        raise PictureUnknown("there is no picture there")
    return picture_file(organization.pk, kind, key, size)


def picture_file(organization_id: UUID, kind: Kind, picture_id: UUID, size: int) -> PictureFile:
    """Return one size of a picture that is known to be the organization's."""
    path = storage.path_of(organization_id, picture_id, kind, size)
    return PictureFile(path, kind.media_type, f"{ids.to_text(Prefix.PICTURE, picture_id)}-{size}.{kind.ending}")
