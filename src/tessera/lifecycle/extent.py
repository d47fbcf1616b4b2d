"""How much an organization has: what would be lost with it."""

from dataclasses import dataclass

from django.db.models import Q

from tessera import organizations
from tessera.events.models import EventCounter
from tessera.files.models import Picture
from tessera.memberships.models import Membership
from tessera.organizations.models import ApiKey, Organization, Staff
from tessera.people.models import Company, Customer
from tessera.plans.models import Plan


@dataclass(frozen=True, slots=True)
class Extent:
    """Numbers of records of an organization. `running`: memberships that are not over."""

    customers: int
    companies: int
    memberships: int
    running: int
    plans: int
    pictures: int
    events: int
    keys: int
    staff: int


def extent(organization: Organization) -> Extent:
    """Return how much the organization has."""
    of = {"organization": organization}
    at = organizations.now(organization)
    over = Q(ended_at__lte=at) | Q(ends_at__lte=at)
    counter = EventCounter.objects.filter(**of).first()
    memberships = Membership.objects.filter(**of).count()
    return Extent(
        customers=Customer.objects.filter(**of, merged_into=None).count(),
        companies=Company.objects.filter(**of).count(),
        memberships=memberships,
        running=memberships - Membership.objects.filter(over, **of).count(),
        plans=Plan.objects.filter(**of).count(),
        pictures=Picture.objects.filter(**of).count(),
        events=counter.last if counter is not None else 0,
        keys=ApiKey.objects.filter(**of, revoked_at=None).count(),
        staff=Staff.objects.filter(**of).count(),
    )
