"""What happens by itself as time passes: the one list of what falls due. The other list is `reactions.py`.

What falls due in an organization's own time is looked for by the worker, and by the test clock on its way. What is
periodic goes by real time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from tessera import db, organizations
from tessera.cli.examination import examine
from tessera.console.sessions import forget_old_sessions
from tessera.events import reacting
from tessera.files import tasks as files
from tessera.identity import tasks as identity
from tessera.jobs import pruning
from tessera.jobs.leading import Every, Schedule
from tessera.jobs.queue import enqueue, task
from tessera.lifecycle import tasks as lifecycle
from tessera.memberships import announcing
from tessera.memberships import tasks as memberships
from tessera.notices import tasks as notices
from tessera.organizations.clock import DueWork
from tessera.organizations.models import Organization
from tessera.transfer import tasks as transfer
from tessera.webhooks import tasks as webhooks


class FallsDue(DueWork, Protocol):
    """Work that falls due at instants of an organization's time."""

    def organizations_due(self, at: datetime) -> list[UUID]:
        """Return the live organizations in which something is due at `at`: one cheap read, for it is asked often."""


# By a name that is kept in jobs. Where several things are due at one instant, they are done in this order.
FALLS_DUE: Final[dict[str, FallsDue]] = {"memberships": announcing}


class Unsound(Exception):
    """What is stored does not agree with what it is derived from. `tessera doctor` says where."""


def enqueue_what_falls_due(at: datetime) -> None:
    """Enqueue, for each live organization in which something is due at `at`, doing it."""
    due = list(_due(at))
    if not due:  # an idle worker takes no lock
        return
    with db.transaction():
        for name, organization_id in due:
            key = f"due:{name}:{organization_id}"
            enqueue(do_what_is_due, name, str(organization_id), key=key, organization_id=organization_id)


@task(queue="network")  # a midnight at which many memberships end takes a while, and holds nothing up there
def do_what_is_due(name: str, organization_id: str) -> None:
    """Do all of one kind that is due in the organization by now."""
    organization = Organization.objects.get(pk=organization_id)
    FALLS_DUE[name].run_due(organization=organization, at=organizations.now(organization))


@task(queue="network", attempts=1)
def examine_everything() -> None:
    """Examine the database as `tessera doctor` does. Raises Unsound, so that whoever looks at jobs sees it."""
    wrong = [f"{part.what}: {part.wrong} wrong, such as {'; '.join(part.examples)}" for part in examine() if part.wrong]
    if wrong:
        raise Unsound("; ".join(wrong))


SCHEDULE: Final = Schedule(
    sweeps=(enqueue_what_falls_due,),
    periodic=(
        Every("react to what was left over", timedelta(minutes=1), reacting.catch_up),
        Every("wake senders of webhooks", timedelta(minutes=1), webhooks.wake_due),
        Every("send mails that wait", timedelta(minutes=1), notices.catch_up),
        Every("carry on with many customers", timedelta(minutes=1), memberships.catch_up),
        Every("go on with imports and exports", timedelta(minutes=1), transfer.catch_up),
        Every("remove exports and imports that are over", timedelta(minutes=10), transfer.prune),
        Every("forget jobs that are over", timedelta(minutes=10), pruning.forget_old_jobs),
        Every("forget deliveries that are long over", timedelta(hours=1), webhooks.prune, first=timedelta(minutes=5)),
        Every("remove files of no picture", timedelta(hours=1), files.sweep, first=timedelta(minutes=10)),
        Every("go on deleting organizations", timedelta(minutes=10), lifecycle.catch_up),
        Every("forget sessions that are over", timedelta(days=1), forget_old_sessions, first=timedelta(minutes=5)),
        Every("renew keys that sign", timedelta(hours=1), identity.tend_signing_keys, first=timedelta(minutes=5)),
        Every(
            "forget how people signed in long ago", timedelta(minutes=10), identity.prune, first=timedelta(minutes=5)
        ),
        Every("examine the database", timedelta(days=1), examine_everything, first=timedelta(minutes=10)),
    ),
)


def _due(at: datetime) -> Iterator[tuple[str, UUID]]:
    for name, kind in FALLS_DUE.items():
        for organization_id in kind.organizations_due(at):
            yield name, organization_id
