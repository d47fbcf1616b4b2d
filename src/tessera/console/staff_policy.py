"""Settings, staff: which roles work here only with a second factor."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.conflicts import VersionedForm
from tessera.console.staff_member import ROLES
from tessera.core.errors import TesseraError
from tessera.organizations import queries, team
from tessera.organizations.formatting import joined
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right, Role
from tessera.organizations.services import update_organization


class PolicyForm(VersionedForm):
    """The roles."""

    roles = forms.MultipleChoiceField(
        choices=ROLES, required=False, widget=forms.CheckboxSelectMultiple, label=_("Roles that need a second factor")
    )


@staff_may(Right.STAFF_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: StaffRequest) -> HttpResponse:
    """Ask for a second factor by role. The drawer says who has none now."""
    club = request.staff.organization
    form = PolicyForm(answers.sent(request), initial=_first_values(club))
    if request.method == "POST" and form.is_valid():
        try:
            answers.carried_out(
                lambda: update_organization(
                    organization=club,
                    changes={"second_factor_roles": form.cleaned_data["roles"]},
                    version=form.cleaned_data["version"],
                    at=request.staff.at,
                    actor=request.staff.actor,
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: _first_values(queries.organization_by_slug(club.slug)))
        else:
            back = reverse("console:staff", args=[club.slug])
            return answers.done(request, back, gettext("Saved. It holds from everybody's next click on."))
    chosen = set(form["roles"].value() or ())
    people = [each for each in team.team_of(club) if not each.disabled]
    return answers.drawer(
        request,
        "console/staff/policy.html",
        section="staff",
        status=422 if form.errors else 200,
        form=form,
        roles=[(role, role.called, _who(role, people), role in chosen) for role in Role],
        action=request.path,
        back=reverse("console:staff", args=[club.slug]),
    )


def _first_values(club: Organization) -> dict[str, Any]:
    return {"roles": club.second_factor_roles, "version": club.version}


def _who(role: Role, people: list[team.TeamMember]) -> str:
    """Whom it concerns now: who of the role has no second factor."""
    having = [each for each in people if each.role is role]
    lacking = [each.name for each in having if not each.factors]
    if not having:
        return gettext("Nobody has this role.")
    if not lacking:
        return ngettext("The one who has it has one.", "All %(many)d have one.", len(having)) % {"many": len(having)}
    few = joined(lacking) if len(lacking) <= 3 else gettext("%(some)s and others") % {"some": ", ".join(lacking[:3])}
    said = ngettext(
        "%(lacking)d of %(many)d would set one up before going on: %(names)s.",
        "%(lacking)d of %(many)d would set one up before going on: %(names)s.",
        len(lacking),
    )
    return said % {"lacking": len(lacking), "many": len(having), "names": few}
