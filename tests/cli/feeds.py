"""Where the feeds of an installation stand: last numbers, epochs, and what those come from."""

from uuid import UUID

from tessera.core import ids
from tessera.events.lineage import Fork
from tests.cli.databases import statement
from tests.cli.installation import Installation
from tests.migrations.answers import SLUG


def lasts(installation: Installation) -> dict[str, int]:
    """The last number of each organization's events."""
    rows = statement(
        installation,
        "SELECT slug, last FROM organizations_organization o JOIN events_eventcounter c ON c.organization_id = o.id",
    )
    return dict(rows)


def present_epoch(installation: Installation) -> str:
    """The epoch of the club's feed, as the API calls it."""
    opened = (
        "SELECT e.id FROM events_feedepoch e JOIN organizations_organization o ON o.id = e.organization_id"
        f" WHERE o.slug = '{SLUG}' ORDER BY e.number DESC LIMIT 1"
    )
    found = statement(installation, opened) or statement(
        installation, f"SELECT id FROM organizations_organization WHERE slug = '{SLUG}'"
    )
    return ids.to_text(ids.Prefix.FEED_EPOCH, UUID(str(found[0][0])))


def key_of(epoch: str) -> UUID:
    key = ids.from_text(ids.Prefix.FEED_EPOCH, epoch)
    assert key is not None
    return key


def forks_of(installation: Installation) -> dict[UUID, Fork]:
    rows = statement(installation, "SELECT id, forked_from, after FROM events_feedepoch")
    return {UUID(str(epoch)): Fork(UUID(str(epoch)), UUID(str(origin)), after) for epoch, origin, after in rows}
