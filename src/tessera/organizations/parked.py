"""What an organization's staff do about its parked jobs, and that they did it."""

from datetime import datetime
from uuid import UUID

from tessera import db
from tessera.core import ids
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.jobs import parked
from tessera.jobs.parked import Parked
from tessera.organizations.models import Organization


def run_again(*, organization: Organization, job_id: UUID, at: datetime, actor: Actor) -> Parked:
    """Have a parked job carried out again. Raises JobUnknown."""
    with db.transaction():
        job = parked.run_again(job_id, organization_id=organization.pk)
        _record(EventType.JOB_RUN_AGAIN, organization, job, at, actor)
    return job


def drop(*, organization: Organization, job_id: UUID, at: datetime, actor: Actor) -> Parked:
    """Give a parked job up for good. Raises JobUnknown."""
    with db.transaction():
        job = parked.drop(job_id, organization_id=organization.pk)
        _record(EventType.JOB_DROPPED, organization, job, at, actor)
    return job


def _record(what: EventType, organization: Organization, job: Parked, at: datetime, actor: Actor) -> None:
    data = {"job": ids.to_text(ids.Prefix.JOB, job.id), "task": job.task}
    events.record(events.Happened(organization_id=organization.pk, type=what, at=at, actor=actor, data=data))
