"""Where staff begin."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from tessera.console.access import StaffRequest, staff_may
from tessera.organizations.rights import Right


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def home(request: StaffRequest) -> HttpResponse:
    """Go to the customers: the page that is asked for most."""
    return redirect("console:customers", request.staff.organization.slug)
