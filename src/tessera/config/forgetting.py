"""What is forgotten of a person who is erased, beside what refers to them: the third list of what follows.

Each is called with who it is, as they were known until then. Those of `AT_ONCE` are part of the erasure's transaction;
those `AFTERWARDS` look through files once it is kept, and what they are interrupted over goes when its time is over.
"""

from typing import Final

from tessera.console import saving
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.http import idempotency, mailbox
from tessera.jobs import forgetting as jobs
from tessera.memberships import bulk
from tessera.people import company_joining
from tessera.people.erasure import Forget, Person
from tessera.transfer import forgetting as transfer
from tessera.webhooks import forgetting as webhooks


def kept_answers(person: Person) -> None:
    """Forget what was answered to requests about the person."""
    idempotency.forget([ids.to_text(Prefix.CUSTOMER, key) for key in person.keys])


def failures(person: Person) -> None:
    """Forget what jobs failed with that speaks of the person."""
    jobs.forget(person.organization_id, person.is_in)


def mails(person: Person) -> None:
    """Forget the mails of a demo's mailbox."""
    mailbox.forget(person.is_in)


AT_ONCE: Final[tuple[Forget, ...]] = (
    company_joining.forget,
    bulk.forget,
    webhooks.forget,
    saving.forget,
    kept_answers,
    failures,
)
AFTERWARDS: Final[tuple[Forget, ...]] = (transfer.forget, mails)
