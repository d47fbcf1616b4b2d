"""Saving the filters of a list as a view, changing it, and choosing columns."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers, companies, customers, membership_list, saving
from tessera.console.access import StaffRequest, not_found, staff_may
from tessera.console.listing import VIEW, Column
from tessera.console.once import once
from tessera.console.saving import View
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.memberships.filters import CompanyFilter, CustomerFilter, MembershipFilter
from tessera.organizations.rights import Right

_FILTERS: Final[Mapping[str, Any]] = {
    "customers": CustomerFilter,
    "companies": CompanyFilter,
    "memberships": MembershipFilter,
}
_COLUMNS: Final[Mapping[str, tuple[Sequence[Column], Sequence[str]]]] = {
    "customers": (customers.COLUMNS, customers.USUAL),
    "companies": (companies.COLUMNS, companies.USUAL),
    "memberships": (membership_list.COLUMNS, membership_list.USUAL),
}


class ViewForm(forms.Form):
    """The name of a view, and whether all see it. `take_over`: the filters of the page replace those of the view."""

    name = forms.CharField(label=_("Name"), max_length=saving.LONGEST_NAME, help_text=_("Such as “Ending soon”."))
    shared = forms.BooleanField(
        label=_("Everybody sees it"), required=False, help_text=_("A tab for all who work here, not for you alone.")
    )
    take_over = forms.BooleanField(
        label=_("With the filters as they are now"), required=False, help_text=_("They replace those of the view.")
    )
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2000)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)

    def __init__(self, *args: Any, may_share: bool, changed: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not may_share:
            del self.fields["shared"]
        if not changed:
            del self.fields["take_over"]


@staff_may(Right.CUSTOMERS_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest, listed: str) -> HttpResponse:
    """Save the filters of a list under a name."""
    staff = request.staff
    if listed not in _FILTERS:
        return not_found(request)
    told = {"query": _query(listed, request.GET.dict())}
    form = ViewForm(answers.sent(request), initial=told, may_share=_may_share(request), changed=False)
    if request.method == "POST" and form.is_valid():

        def make() -> str:
            view = saving.save(
                staff=staff.row,
                listed=listed,
                name=form.cleaned_data["name"],
                query=_query(listed, dict(parse_qsl(form.cleaned_data["query"]))),
                shared=form.cleaned_data.get("shared", False),
                at=staff.at,
                actor=staff.actor,
            )
            return _address(request, listed, view)

        try:
            address = answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, address, gettext("View saved."))
    return _drawer(request, listed, form, title=gettext("Save this view"), button=gettext("Save the view"), view=None)


@staff_may(Right.CUSTOMERS_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, ref: str) -> HttpResponse:
    """Rename, share or change a view."""
    staff = request.staff
    key = ids.from_text(Prefix.SAVED_VIEW, ref)
    view, listed = saving.view(staff=staff.row, view_id=key)
    query = _query(listed, request.GET.dict())
    changed = request.method == "POST" or (bool(request.GET) and query != view.query)
    first = {"name": view.name, "shared": view.shared, "query": query, "version": view.version, "take_over": changed}
    form = ViewForm(answers.sent(request), initial=first, may_share=_may_share(request), changed=changed)
    if request.method == "POST" and form.is_valid():
        told: dict[str, Any] = {"name": form.cleaned_data["name"]}
        if "shared" in form.cleaned_data:
            told["shared"] = form.cleaned_data["shared"]
        if form.cleaned_data.get("take_over"):
            told["query"] = _query(listed, dict(parse_qsl(form.cleaned_data["query"])))
        version = form.cleaned_data["version"]
        try:
            after = answers.carried_out(
                lambda: saving.change(
                    staff=staff.row, view_id=key, version=version, at=staff.at, actor=staff.actor, **told
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, _address(request, listed, after), gettext("View saved."))
    title = gettext("Edit the view %(name)s") % {"name": view.name}
    return _drawer(request, listed, form, title=title, button=gettext("Save the view"), view=view)


@staff_may(Right.CUSTOMERS_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: StaffRequest, ref: str) -> HttpResponse:
    """Remove a view; what it lists stays what it is."""
    staff = request.staff
    key = ids.from_text(Prefix.SAVED_VIEW, ref)
    view, listed = saving.view(staff=staff.row, view_id=key)
    back = reverse(f"console:{listed}", args=[staff.organization.slug])
    if request.method == "POST":
        answers.carried_out(lambda: saving.remove(staff=staff.row, view_id=key, at=staff.at, actor=staff.actor))
        return answers.done(request, back, gettext("View removed."))
    shared = [gettext("Everybody who works here sees this view; nobody will any more.")] if view.shared else []
    return answers.drawer(
        request,
        "console/_confirm.html",
        section=listed,
        title=gettext("Remove the view %(name)s") % {"name": view.name},
        sentences=[*shared, gettext("What it lists stays as it is.")],
        button=gettext("Remove the view"),
        hurts=True,
        action=request.path,
        back=back,
    )


@staff_may(Right.CUSTOMERS_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: StaffRequest, listed: str) -> HttpResponse:
    """Choose which columns to see in a list."""
    staff = request.staff
    if listed not in _COLUMNS:
        return not_found(request)
    known, usual = _COLUMNS[listed]
    back = reverse(f"console:{listed}", args=[staff.organization.slug])
    if request.method == "POST":
        chosen = [each.name for each in known if each.name in request.POST.getlist("column")]
        answers.carried_out(lambda: saving.choose_columns(staff=staff.row, listed=listed, chosen=chosen))
        return answers.go(request, back)
    shown = saving.columns(staff=staff.row, listed=listed, known=[each.name for each in known], usual=usual)
    return answers.drawer(
        request,
        "console/lists/columns.html",
        section=listed,
        choices=[(each.name, each.label, each.name in shown) for each in known],
        action=request.path,
        back=back,
    )


def _drawer(
    request: StaffRequest, listed: str, form: ViewForm, *, title: str, button: str, view: View | None
) -> HttpResponse:
    return answers.drawer(
        request,
        "console/lists/view.html",
        section=listed,
        status=422 if request.method == "POST" else 200,
        form=form,
        title=title,
        button=button,
        view=view,
        action=request.path,
        back=reverse(f"console:{listed}", args=[request.staff.organization.slug]),
    )


def _query(listed: str, given: Mapping[str, str]) -> str:
    """Return the filters of an address as a view keeps them: only what the list can read."""
    return urlencode(_FILTERS[listed].parse(given).address())


def _address(request: StaffRequest, listed: str, view: View) -> str:
    page = reverse(f"console:{listed}", args=[request.staff.organization.slug])
    own = urlencode({VIEW: view.reference})
    return f"{page}?{view.query}&{own}" if view.query else f"{page}?{own}"


def _may_share(request: StaffRequest) -> bool:
    return Right.CUSTOMERS_WRITE in request.staff.rights
