"""The first page of the settings: where each of them is."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.organizations.rights import Right


@staff_may(Right.ORGANIZATION_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The parts of the settings that whoever looks can open."""
    return answers.page(request, "console/settings/index.html", section="settings")
