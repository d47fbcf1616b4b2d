from collections.abc import Iterator

import pytest

from tessera.events.models import Event
from tessera.memberships.models import Membership, Term
from tessera.people.models import Company, Customer
from tests import make
from tests.memberships.desk import Desk


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    """The desk of a club, without reminders. Another member of it and one of another club stand by: nothing happens."""
    desk, elsewhere = Desk.open(reminder_days=0), make.organization("Elsewhere")
    neighbour = make.membership(make.plan(desk.club, "Silver"), customer=make.customer(desk.club))
    stranger = make.membership(
        make.plan(elsewhere, "Gold"), customer=make.customer(elsewhere), ends_at=make.FEB_10, renews=True
    )
    standing_by = [neighbour.pk, stranger.pk]

    def seen() -> list[object]:
        return [
            *Membership.objects.filter(pk__in=standing_by).order_by("pk").values(),
            *Term.objects.filter(membership__in=standing_by).order_by("pk").values(),
            *Event.objects.filter(organization=elsewhere).values(),
            *Event.objects.filter(membership_id__in=standing_by).values(),
        ]

    before = seen()
    yield desk
    assert seen() == before


@pytest.fixture
def ada(desk: Desk) -> Customer:
    """A customer of the club."""
    return make.customer(desk.club, first_name="Ada")


@pytest.fixture
def acme(desk: Desk) -> Company:
    """A company that the club knows."""
    return make.company(desk.club, "Acme Ltd")
