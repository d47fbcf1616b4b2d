"""What was given up: work for the organization that failed for good, to be run again or dropped."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.once import once
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.jobs import parked
from tessera.jobs.parked import JobUnknown, Parked
from tessera.organizations import parked as of_staff
from tessera.organizations.rights import Right

# What the jobs of an organization are for; others are called by their function.
_WORK: Final[Mapping[str, object]] = {
    "tessera.events.reacting.react": _("Reacting to what happened"),
    "tessera.config.reactions.react_alone": _("Reacting to one thing that happened"),
    "tessera.config.schedule.do_what_is_due": _("Announcing what fell due"),
    "tessera.lifecycle.tasks.delete_organization": _("Deleting the organization"),
    "tessera.memberships.tasks.run_bulk": _("Doing something with many customers"),
    "tessera.organizations.tasks.move_test_clock": _("Moving the test clock"),
    "tessera.webhooks.tasks.send": _("Sending webhooks"),
    "tessera.notices.tasks.send_waiting": _("Sending mails"),
    "tessera.transfer.tasks.go_on": _("Importing a file"),
    "tessera.transfer.tasks.write_export": _("Writing an export"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A parked job, as the page shows it."""

    reference: str
    work: str
    failures: int
    parked_at: datetime | None
    error: str
    trace: str


@staff_may(Right.ORGANIZATION_WRITE)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """Everything that was given up, the latest first."""
    lines = [_line(job) for job in parked.parked_jobs(request.staff.organization.pk)]
    return answers.page(request, "console/jobs/list.html", section="jobs", jobs=lines)


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def again(request: StaffRequest, ref: str) -> HttpResponse:
    """Have it carried out again."""
    staff = request.staff
    return _asked(
        request,
        ref,
        lambda key: of_staff.run_again(organization=staff.organization, job_id=key, at=staff.at, actor=staff.actor),
        title=gettext("Run it again"),
        sentences=[
            gettext("It is carried out as if it were new. What it had done before it failed is not done twice.")
        ],
        button=gettext("Run it again"),
        done=gettext("It will be carried out in a moment."),
    )


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def drop(request: StaffRequest, ref: str) -> HttpResponse:
    """Give it up for good."""
    staff = request.staff
    return _asked(
        request,
        ref,
        lambda key: of_staff.drop(organization=staff.organization, job_id=key, at=staff.at, actor=staff.actor),
        title=gettext("Drop it"),
        sentences=[gettext("What it was to do is not done. This cannot be undone.")],
        button=gettext("Drop it"),
        done=gettext("It is dropped."),
        hurts=True,
    )


def _asked(request: StaffRequest, ref: str, run: Callable[[UUID], object], *, done: str, **words: Any) -> HttpResponse:
    """Ask before it is done; done twice, as by a double click, it is done once."""
    organization = request.staff.organization
    key = ids.from_text(Prefix.JOB, ref)
    if key is None:
        raise JobUnknown("there is no such parked job")
    address = reverse("console:jobs", args=[organization.slug])

    def carry_out() -> str:
        run(key)
        return address

    if request.method == "POST":
        return answers.done(request, answers.carried_out(lambda: once(request, carry_out)), done)
    parked.parked_job(key, organization_id=organization.pk)
    return answers.drawer(request, "console/_confirm.html", section="jobs", action=request.path, back=address, **words)


def _line(job: Parked) -> Line:
    work = _WORK.get(job.task)
    return Line(
        reference=ids.to_text(Prefix.JOB, job.id),
        work=str(work) if work else job.task.rpartition(".")[2].replace("_", " ").capitalize(),
        failures=job.failures,
        parked_at=job.parked_at,
        error=job.error,
        trace=job.trace,
    )
