"""Having somebody told of something: what is put down here, a job sends."""

from collections.abc import Sequence

from tessera.notices import recipients, services
from tessera.notices.tasks import enqueue_sending
from tessera.notices.types import Draft, News
from tessera.organizations.models import Organization


def tell(organization: Organization, drafts: Sequence[Draft]) -> None:
    """Put down the mails and have them sent. For reactions and tasks; part of the caller's transaction."""
    if drafts and services.put_down(organization, drafts):
        enqueue_sending(organization.pk)


def to_owners(organization: Organization, news: Sequence[News]) -> None:
    """Have everybody who owns the organization told of the news, each of them once of each."""
    owners = recipients.owners(organization) if news else []
    tell(organization, [Draft(each, to, key) for each in news for to, key in owners])
