from django.db import models

from tessera.core.ids import new_id
from tessera.files.types import Kind
from tessera.organizations.models import Organization


class Picture(models.Model):
    """A photo or logo. Its files, one for each size, are below TESSERA_HOME/media and are named by its id.

    It never changes: another picture is another row. A row is there only while somebody's record names it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="pictures")
    kind = models.CharField(max_length=12, choices=[(each, each) for each in Kind])
    digest = models.CharField(max_length=64)  # SHA-256, in hex, of all sizes: the same picture again has the same
    width = models.PositiveIntegerField()  # as it was read: upright, a large photo at a half, a quarter or an eighth
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="picture_of_organization", fields=["organization", "id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.width} by {self.height}"
