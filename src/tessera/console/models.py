from django.db import models
from django.db.models import Q

from tessera.core.ids import new_id
from tessera.organizations.models import Organization, Staff


class SavedView(models.Model):
    """The filters and the order of a list under a name: of one staff member, or shared with all."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    staff = models.ForeignKey(Staff, models.CASCADE, related_name="+")  # who made it
    listed = models.CharField(max_length=20)  # the list: customers, companies, memberships
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)  # as in the address
    shared = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="saved_view_once", fields=["staff", "listed", "name"]),
            models.UniqueConstraint(
                name="saved_view_shared_once", fields=["organization", "listed", "name"], condition=Q(shared=True)
            ),
        ]
        indexes = [models.Index(name="saved_view_of_list", fields=["organization", "listed", "name"])]

    def __str__(self) -> str:
        return self.name


class ListColumns(models.Model):
    """Which columns a staff member wants to see in a list: how a page looks to them, and nothing more."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="+")
    listed = models.CharField(max_length=20)
    columns = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(name="list_columns_once", fields=["staff", "listed"])]

    def __str__(self) -> str:
        return self.listed
