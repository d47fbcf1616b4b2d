from django.db import models
from django.db.models import F, Q

from tessera.core.ids import new_id
from tessera.jobs.types import State


class Job(models.Model):
    """One call of a task, to be carried out by a worker. All instants are real time.

    Done ones are kept an hour so that their result can be asked for; parked ones until somebody deals with them.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField(null=True)  # whose staff sees it when it is parked; no foreign key: it may wait
    task = models.CharField(max_length=200)  # dotted path of the function
    arguments = models.JSONField()  # {"args": [...], "kwargs": {...}}
    queue = models.CharField(max_length=32)
    priority = models.SmallIntegerField(default=0)  # -100 to 100, the higher the sooner
    key = models.CharField(max_length=200, blank=True)  # at most one waits and at most one runs with the same key
    state = models.CharField(max_length=10, choices=[(each, each) for each in State])
    run_after = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)  # how often it was taken up
    failures = models.PositiveIntegerField(default=0)  # how often it raised
    losses = models.PositiveIntegerField(default=0)  # how often its worker died over it, or over others it held
    errors = models.JSONField(default=list)  # the last few failures: [{"class": ..., "traceback": ..., "at": ...}]
    result = models.JSONField(null=True)
    worker = models.CharField(max_length=120, blank=True)  # who has it, or had it last
    lease = models.UUIDField(null=True)  # of this taking-up; only who still has it may say how it ended
    leased_until = models.DateTimeField(null=True)
    enqueued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    attempted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="job_waits_once", fields=["key"], condition=Q(state=State.WAITING) & ~Q(key="")
            ),
            models.UniqueConstraint(
                name="job_runs_once", fields=["key"], condition=Q(state=State.RUNNING) & ~Q(key="")
            ),
        ]
        indexes = [
            models.Index(
                F("queue"),
                F("priority").desc(),
                "run_after",
                "id",
                name="job_to_take",
                condition=Q(state=State.WAITING),
            ),
            models.Index(name="job_next", fields=["queue", "run_after"], condition=Q(state=State.WAITING)),
            models.Index(name="job_leases", fields=["leased_until"], condition=Q(state=State.RUNNING)),
            models.Index(name="job_ended", fields=["state", "finished_at"], condition=Q(finished_at__isnull=False)),
            models.Index(
                name="job_parked_of", fields=["organization_id", "finished_at"], condition=Q(state=State.PARKED)
            ),
        ]

    def __str__(self) -> str:
        return self.task


class Lease(models.Model):
    """A part that one process at a time has, such as leading: enqueueing what is periodic."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=120)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"


class Periodic(models.Model):
    """When something periodic is next to be enqueued."""

    name = models.CharField(max_length=80, primary_key=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
