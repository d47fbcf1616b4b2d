"""The permissions that plans can grant: what they are called, what they mean to doors and sites, who grants them."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.console.plan_forms import PermissionForm, first_permission_values
from tessera.core.errors import TesseraError
from tessera.organizations.formatting import joined, sentence
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right
from tessera.plans import queries
from tessera.plans.permissions import create_permission, delete_permission, update_permission

_A_PAGE = 100


@staff_may(Right.PERMISSIONS_READ)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The permissions in order of their keys, with the plans that grant each."""
    organization = request.staff.organization
    found = queries.permissions(organization, limit=_A_PAGE, cursor=request.GET.get("cursor") or None)
    granting = queries.granting_plans(organization, [each.id for each in found.data])
    return answers.page(
        request,
        "console/plans/permissions.html",
        section="plans",
        rows=[(each, granting.get(each.id, ())) for each in found.data],
        first_url="?" if request.GET.get("cursor") else "",
        next_url=next_page(request, found.next_cursor),
    )


@staff_may(Right.PERMISSIONS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Make a permission that plans can grant."""
    staff = request.staff
    form = PermissionForm(answers.sent(request))
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data

        def make() -> str:
            create_permission(
                organization=staff.organization,
                key=told["key"],
                at=staff.at,
                actor=staff.actor,
                name=told["name"],
                description=told["description"],
                targets=told["targets"],
            )
            return _list(staff.organization)

        try:
            address = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, address, gettext("Permission made. Plans can grant it now."))
    title, button = gettext("Make a permission"), gettext("Make the permission")
    return _form(request, form, title=title, button=button)


@staff_may(Right.PERMISSIONS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, key: str) -> HttpResponse:
    """Change what a permission is called and what it means. Its key never changes."""
    staff = request.staff
    row = queries.permission_by_key(staff.organization, key)
    known = queries.permission(row)
    form = PermissionForm(answers.sent(request), initial=first_permission_values(known), known=True)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            answers.carried_out(
                lambda: update_permission(
                    permission=row,
                    version=told["version"],
                    at=staff.at,
                    actor=staff.actor,
                    name=told["name"],
                    description=told["description"],
                    targets=told["targets"],
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: _now(staff.organization, key))
        else:
            return answers.done(request, _list(staff.organization), gettext("Permission saved."))
    title = gettext("Edit %(name)s") % {"name": known.name}
    return _form(request, form, title=title, button=gettext("Save the permission"), key=key)


@staff_may(Right.PERMISSIONS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: StaffRequest, key: str) -> HttpResponse:
    """Delete a permission that no plan grants."""
    staff = request.staff
    row = queries.permission_by_key(staff.organization, key)
    plans = [name for _key, name in queries.plans_granting(row)]
    problem = (
        ngettext(
            "%(plans)s grants it. Take it off that plan first.",
            "%(plans)s grant it, archived plans counted. Take it off them first.",
            len(plans),
        )
        % {"plans": joined(plans)}
        if plans
        else ""
    )
    if request.method == "POST":
        try:
            answers.carried_out(lambda: delete_permission(permission=row, at=staff.at, actor=staff.actor))
        except TesseraError as refusal:
            problem = problem or sentence(refusal.detail)
        else:
            return answers.done(request, _list(staff.organization), gettext("Permission deleted."))
    return answers.drawer(
        request,
        "console/plans/confirm.html",
        section="plans",
        status=422 if request.method == "POST" else 200,
        title=gettext("Delete %(name)s") % {"name": row.name},
        sentences=[
            gettext(
                "Nobody has it through a plan. Doors and sites that ask for it are told that there is no such thing."
            ),
            gettext("This cannot be undone; one of the same key can be made again."),
        ],
        button=gettext("Delete the permission"),
        hidden={},
        problem=problem,
        hurts=True,
        action=request.path,
        back=_list(staff.organization),
    )


def _now(organization: Organization, key: str) -> dict[str, Any]:
    return first_permission_values(queries.permission(queries.permission_by_key(organization, key)))


def _form(request: StaffRequest, form: PermissionForm, *, title: str, button: str, key: str = "") -> HttpResponse:
    return answers.drawer(
        request,
        "console/plans/permission.html",
        section="plans",
        status=422 if request.method == "POST" else 200,
        form=form,
        key=key,
        title=title,
        button=button,
        action=request.path,
        back=_list(request.staff.organization),
    )


def _list(organization: Organization) -> str:
    return reverse("console:permissions", args=[organization.slug])
