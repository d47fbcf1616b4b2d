from django.db import models

from tessera.core.ids import new_id
from tessera.organizations.models import Organization
from tessera.transfer.types import ExportStatus, ImportStatus, Kind, Phase


class Import(models.Model):
    """A file of rows on its way into the organization. Its position moves in the transactions that write the rows."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="imports")
    kind = models.CharField(max_length=20, choices=[(each, each) for each in Kind])
    status = models.CharField(max_length=10, choices=[(each, each) for each in ImportStatus])
    actor = models.CharField(max_length=80)  # who brought it, as in events
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField()  # bytes, in UTF-8
    encoding = models.CharField(max_length=20)  # as it came
    delimiter = models.CharField(max_length=1)
    headers = models.JSONField()
    first_position = models.BigIntegerField()  # where, in bytes, the first row begins
    first_line = models.PositiveIntegerField()
    setup = models.JSONField(null=True)  # a types.Setup
    position = models.BigIntegerField()  # where the next row begins: all before has an outcome
    line = models.PositiveIntegerField()
    blocks = models.PositiveIntegerField(default=0)  # of the present phase
    rows = models.PositiveIntegerField(default=0)  # of the present phase, so far
    checked = models.JSONField(default=dict)  # {"created": 12, …}: what would happen
    written = models.JSONField(default=dict)  # what happened
    failure = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()  # the organization's time, as the next ones
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    kept_until = models.DateTimeField()  # real time

    class Meta:
        indexes = [
            models.Index(name="import_by_age", fields=["organization", "created_at", "id"]),
            models.Index(name="import_by_status", fields=["status"]),
            models.Index(name="import_kept", fields=["kept_until"]),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportBlock(models.Model):
    """What became of consecutive rows: written with them, so that no row is ever done twice."""

    work = models.ForeignKey(Import, models.CASCADE, related_name="outcomes")
    phase = models.CharField(max_length=5, choices=[(each, each) for each in Phase])
    number = models.PositiveIntegerField()
    letters = models.CharField(max_length=1000)  # one types.Outcome a row
    left_out = models.JSONField(default=list)  # [line, outcome, code, field, detail] of each row that was not written

    class Meta:
        constraints = [models.UniqueConstraint(name="import_block_once", fields=["work", "phase", "number"])]

    def __str__(self) -> str:
        return f"{self.phase} {self.number}"


class RememberedMapping(models.Model):
    """Which column is which, as the organization's staff said when they last imported rows of a kind."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=[(each, each) for each in Kind])
    headers = models.JSONField()  # {"vorname": "first_name"}: a folded header and its field
    setup = models.JSONField()  # the rest of it

    class Meta:
        constraints = [models.UniqueConstraint(name="mapping_once", fields=["organization", "kind"])]

    def __str__(self) -> str:
        return self.kind


class Export(models.Model):
    """A list on its way out: what was asked for, by whom, and the file until it is gone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="exports")
    list = models.CharField(max_length=20)  # a name in lists.LISTS
    filters = models.JSONField(default=dict)
    selection = models.JSONField(null=True)  # public ids; null: all that the filters let through
    excel = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=[(each, each) for each in ExportStatus])
    actor = models.CharField(max_length=80)
    rows = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()  # the organization's time
    kept_until = models.DateTimeField()  # real time

    class Meta:
        indexes = [
            models.Index(name="export_by_age", fields=["organization", "created_at", "id"]),
            models.Index(name="export_by_status", fields=["status"]),
            models.Index(name="export_kept", fields=["kept_until"]),
        ]

    def __str__(self) -> str:
        return self.list
