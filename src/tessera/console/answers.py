"""What the pages answer with: a page or a drawer, the same again with what was refused, or where to go next."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django_htmx.http import HttpResponseClientRedirect

from tessera import db
from tessera.console import navigation
from tessera.console.access import StaffRequest
from tessera.console.conflicts import VersionedForm
from tessera.console.once import token
from tessera.core.errors import TesseraError
from tessera.organizations.formatting import sentence

T = TypeVar("T")


def page(request: StaffRequest, template: str, *, section: str, status: int = 200, **context: object) -> HttpResponse:
    """Return a whole page of the console. `section` is the part of the navigation that it belongs to."""
    return render(request, template, {**shell(request, section), **context}, status=status)


def drawer(request: StaffRequest, template: str, *, section: str, status: int = 200, **context: object) -> HttpResponse:
    """Return what asks before something is done: a drawer over the present page, or a page where there is no script."""
    layout = "console/_drawer.html" if request.htmx else "console/_asking.html"
    return page(request, template, section=section, status=status, layout=layout, **context)


def done(request: StaffRequest, address: str, message: str) -> HttpResponse:
    """Say what happened and go on to `address`."""
    messages.success(request, message)
    return go(request, address)


def go(request: StaffRequest, address: str) -> HttpResponse:
    """Go on to `address`."""
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def carried_out(run: Callable[[], T]) -> T:
    """Return what a change came to, tried again when the database chose it as the victim of a deadlock."""
    return db.retrying_deadlocks(run)


def sent(request: StaffRequest) -> QueryDict | None:
    """Return the form that was sent; None if the page is only looked at."""
    return request.POST if request.method == "POST" else None


def told(request: StaffRequest) -> QueryDict | None:
    """Return the form that was sent, or what is asked about before it is; None if nothing was told yet."""
    return request.POST if request.method == "POST" else request.GET or None


def refuse(
    form: BaseForm,
    refusal: TesseraError,
    fields: Mapping[str, str] | None = None,
    *,
    present: Callable[[], Mapping[str, Any]] | None = None,
) -> None:
    """Mark the form with a refusal: at the field that its pointer names, else on top.

    `fields` maps beginnings of pointers, without the slash, to fields that are called otherwise. `present` returns what
    a VersionedForm would begin with now: if the record was changed meanwhile, both versions are shown.
    """
    pointer = (refusal.pointer or "").strip("/")
    names = {**{name: name for name in form.fields}, **(fields or {})}
    field = next((name for begins, name in names.items() if f"{pointer}/".startswith(f"{begins}/")), None)
    text = sentence(refusal.detail)
    if refusal.code == "version_stale":
        field, text = None, gettext("Somebody has changed this meanwhile. Open it again to see how it is now.")
        if present is not None and isinstance(form, VersionedForm):
            form.set_against(present())
            text = (
                gettext("Somebody has changed this meanwhile. Both versions are shown; nothing is saved yet.")
                if form.differing
                else gettext(
                    "Somebody has changed something else here meanwhile. What you typed still fits: save again."
                )
            )
    form.add_error(field, text)


def shell(request: StaffRequest, section: str) -> dict[str, Any]:
    """Return what every page of the console needs."""
    staff = request.staff
    return {
        "organization": staff.organization,
        "staff": staff,
        "section": section,
        "may": {str(right) for right in staff.rights},
        "at": staff.at,
        "formats": staff.formats,
        "once": token(),
        "parts": navigation.parts(staff.rights),
        "settings_nav": navigation.settings(staff.rights, is_test=staff.organization.is_test),
        "in_settings": navigation.within_settings(section),
    }


STATUS_WORDS = {
    "active": gettext_lazy("Active"),
    "archived": gettext_lazy("Archived"),
    "banned": gettext_lazy("Banned"),
}
