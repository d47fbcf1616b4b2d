"""Settings, staff: another role for somebody, out, in again, and their second factors away. Each says what follows."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.core.errors import TesseraError
from tessera.organizations import rescuing
from tessera.organizations.factors import has_second_factor
from tessera.organizations.formatting import sentence
from tessera.organizations.models import Staff
from tessera.organizations.rights import CALLED, Right, Role
from tessera.organizations.staff import change_role, disable_staff, enable_staff
from tessera.organizations.team import staff_by_reference

ROLES_SAID: Final[Mapping[Role, object]] = {
    Role.OWNER: _("Everything, with staff, keys, webhooks and settings"),
    Role.MANAGER: _("All the daily work: customers, companies, plans, memberships, bans"),
    Role.FINANCE: _("Plans, prices and memberships; sees the rest"),
    Role.FRONT_DESK: _("Customers, companies and memberships; no plans, no bans"),
    Role.VIEWER: _("Sees, and changes nothing"),
}
ROLES: Final = tuple((role.value, CALLED[role]) for role in Role)


class RoleForm(forms.Form):
    """One of the roles."""

    role = forms.ChoiceField(choices=ROLES, widget=forms.RadioSelect, label=_("Role"))


@staff_may(Right.STAFF_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def role(request: StaffRequest, ref: str) -> HttpResponse:
    """Give somebody another role."""
    member = staff_by_reference(request.staff.organization, ref)
    form = RoleForm(answers.sent(request), initial={"role": member.role})
    if request.method == "POST" and form.is_valid():
        chosen = Role(form.cleaned_data["role"])
        try:
            answers.carried_out(
                lambda: change_role(staff=member, role=chosen, at=request.staff.at, actor=request.staff.actor)
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            told = {"name": member.user.name, "role": chosen.called}
            return answers.done(request, _back(request), gettext("%(name)s is now %(role)s.") % told)
    sentences = [
        gettext("It holds from %(name)s's next click on. API keys they made can do no more than they can.")
        % {"name": member.user.name},
        *_yourself(request, member, gettext("This is your own role: you may not be able to take it back.")),
    ]
    return answers.drawer(
        request,
        "console/staff/role.html",
        section="staff",
        status=422 if form.errors else 200,
        form=form,
        member=member,
        roles=[(each, each.called, str(ROLES_SAID[each])) for each in Role],
        chosen=form["role"].value(),
        sentences=sentences,
        action=request.path,
        back=_back(request),
    )


@staff_may(Right.STAFF_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def disable(request: StaffRequest, ref: str) -> HttpResponse:
    """Shut somebody out."""
    member = staff_by_reference(request.staff.organization, ref)
    named = {"name": member.user.name}
    return _asked(
        request,
        lambda: disable_staff(staff=member, at=request.staff.at, actor=request.staff.actor),
        title=gettext("Shut %(name)s out") % named,
        sentences=[
            gettext("From their next click on %(name)s sees nothing of this organization.") % named,
            gettext("API keys they made stop working at once."),
            gettext("What they did stays in the log. You can let them in again."),
            *_yourself(request, member, gettext("This is you: you cannot let yourself in again.")),
        ],
        button=gettext("Shut out"),
        done=gettext("%(name)s is shut out.") % named,
        hurts=True,
    )


@staff_may(Right.STAFF_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def enable(request: StaffRequest, ref: str) -> HttpResponse:
    """Let somebody in again."""
    member = staff_by_reference(request.staff.organization, ref)
    named = {"name": member.user.name, "role": Role(member.role).called}
    return _asked(
        request,
        lambda: enable_staff(staff=member, at=request.staff.at, actor=request.staff.actor),
        title=gettext("Let %(name)s in again") % named,
        sentences=[
            gettext("%(name)s works here again, as %(role)s.") % named,
            gettext("API keys they made work again, unless they were revoked."),
        ],
        button=gettext("Let in again"),
        done=gettext("%(name)s may work here again.") % named,
    )


@staff_may(Right.STAFF_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def reset_factors(request: StaffRequest, ref: str) -> HttpResponse:
    """Take the second factors of somebody away who has lost them."""
    member = staff_by_reference(request.staff.organization, ref)
    named = {"name": member.user.name}
    asked = member.role in member.organization.second_factor_roles
    after = (
        gettext("Signing in, %(name)s has to set up a new second factor before anything else.")
        if asked
        else gettext("Until %(name)s sets up a new one, the password alone opens their account.")
    )
    return _asked(
        request,
        lambda: rescuing.reset_second_factors(staff=member, actor=request.staff.actor),
        title=gettext("Remove the second factors of %(name)s") % named,
        sentences=[
            gettext("Do this only if you are certain whom you are speaking to: it is how accounts are stolen."),
            gettext("The authenticator app, all passkeys and the recovery codes of %(name)s count no more.") % named,
            gettext("%(name)s is signed out everywhere.") % named,
            after % named,
        ],
        button=gettext("Remove them"),
        done=gettext("The second factors of %(name)s are gone.") % named,
        hurts=True,
        problem="" if has_second_factor(member.user) else gettext("There are none at the moment."),
    )


def _asked(request: StaffRequest, run: Callable[[], object], *, done: str, **words: Any) -> HttpResponse:
    """Ask before it is done. Done twice, it is done once."""
    problem, status = words.pop("problem", ""), 200
    if request.method == "POST":
        try:
            answers.carried_out(run)
        except TesseraError as refusal:
            problem, status = sentence(refusal.detail), refusal.status
            status = 422 if request.htmx else status
        else:
            return answers.done(request, _back(request), done)
    return answers.drawer(
        request,
        "console/_confirm.html",
        section="staff",
        status=status,
        action=request.path,
        back=_back(request),
        problem=problem,
        **words,
    )


def _yourself(request: StaffRequest, member: Staff, said: str) -> list[str]:
    return [said] if member.pk == request.staff.row.pk else []


def _back(request: StaffRequest) -> str:
    return reverse("console:staff", args=[request.staff.organization.slug])
