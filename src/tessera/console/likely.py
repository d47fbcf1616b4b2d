"""Who may be one person on two records, in the whole organization: by what they have in common, a stretch at a time."""

from typing import Final
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.memberships.filters import choice_of, text_of
from tessera.organizations.rights import Right
from tessera.people.duplicates import Likeness, groups

_KINDS: Final = {
    Likeness.EMAIL: _("Same e-mail"),
    Likeness.PHONE: _("Same phone"),
    Likeness.NAME_AND_BIRTHDAY: _("Same name and birthday"),
}


@staff_may(Right.CUSTOMERS_WRITE)
@require_safe
def page(request: StaffRequest) -> HttpResponse:
    """Records that are alike, group by group; each is compared with the oldest of its group and merged from there."""
    told = request.GET.dict()
    kind = choice_of(Likeness, told.get("by")) or Likeness.EMAIL
    after = text_of(told, "after")
    found = groups(request.staff.organization, kind, after=after)
    return answers.page(
        request,
        "console/customers/likely.html",
        section="customers",
        groups=found.groups,
        kinds=[(each.value, label, each is kind) for each, label in _KINDS.items()],
        by_name=kind is Likeness.NAME_AND_BIRTHDAY,
        first_url=f"?by={kind}" if after else "",
        next_url=f"?{urlencode({'by': kind.value, 'after': found.after})}" if found.after else "",
    )
