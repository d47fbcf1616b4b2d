"""Photos and logos, on the disk too."""

from io import BytesIO

from PIL import Image

from tessera.files import services as files
from tessera.files.models import Picture
from tessera.files.types import Kind
from tessera.organizations.models import Organization
from tessera.people.models import Company, Customer
from tests.make.basics import JAN_10, serials


def photo(of: Customer, *, size: tuple[int, int] = (64, 64)) -> Picture:
    """The customer has a photo, on the disk too, of a colour of its own."""
    row = _picture(of.organization, Kind.CUSTOMER, size)
    Customer.objects.filter(pk=of.pk).update(photo=row)
    of.photo = row
    return row


def logo(of: Company | Organization) -> Picture:
    """The company, or the organization, has a logo, on the disk too."""
    if isinstance(of, Company):
        row = _picture(of.organization, Kind.COMPANY, (64, 32))
        Company.objects.filter(pk=of.pk).update(logo=row)
        of.logo = row
    else:
        row = _picture(of, Kind.ORGANIZATION, (64, 32))
        Organization.objects.filter(pk=of.pk).update(logo=row.pk)
        of.logo = row.pk
    return row


def _picture(club: Organization, kind: Kind, size: tuple[int, int]) -> Picture:
    serial = next(serials)
    drawn = BytesIO()
    Image.new("RGB", size, (serial % 256, serial // 256 % 256, 90)).save(drawn, "PNG")
    row = files.written(drawn.getvalue(), organization=club, kind=kind, instead_of=None, at=JAN_10)
    assert row is not None
    files.keep(row)
    return row
