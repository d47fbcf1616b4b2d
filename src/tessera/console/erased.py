"""The page of a customer who was erased: since when and by whom, and what stays and names nobody."""

from django.http import HttpResponse
from django.urls import reverse

from tessera.console import answers, naming
from tessera.console.access import StaffRequest
from tessera.console.memberships import Held
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events import queries as events
from tessera.events.types import EventType
from tessera.memberships import queries as memberships
from tessera.people import queries
from tessera.people.models import Affiliation, Customer


def page(request: StaffRequest, row: Customer) -> HttpResponse:
    """What is left of a customer who was erased: since when and by whom, what they held, what happened."""
    staff = request.staff
    lines, _cursor = events.timeline(staff.organization, customer_id=row.pk, types=[EventType.CUSTOMER_ERASED], limit=1)
    actor = lines[0].actor if lines else ""
    names = naming.of_many(staff.organization, customers=(), companies=(), plans=(), actors=[actor])
    rows = Affiliation.objects.filter(customer=row).select_related("customer", "company").order_by("starts_at", "id")
    views = memberships.held_by_customer(organization=staff.organization, customer=row, at=staff.at)
    return answers.page(
        request,
        "console/customers/erased.html",
        section="customers",
        name=row.name,
        number=row.number,
        erased_at=row.erased_at,
        by=names.of_actors([actor])[actor],
        past=[Held(view, None, []) for view in views],
        affiliations=[queries.affiliated(each, staff.at) for each in rows],
        timeline_url=reverse(
            "console:customer_timeline", args=[staff.organization.slug, ids.to_text(Prefix.CUSTOMER, row.pk)]
        ),
    )
