"""Exports: a list as a file, for those who may take it along. It is gone after a day."""

from collections.abc import Mapping
from typing import Final, cast
from uuid import UUID

from django.http import FileResponse, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.listing import HOLDINGS
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.core import ids
from tessera.core.errors import Forbidden, TesseraError
from tessera.core.ids import Prefix
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.transfer import exporting, queries, tasks
from tessera.transfer.lists import LISTS, Listed, list_named

_FILTERS: Final = {
    "q": _("found by “%(value)s”"),
    "status": _("status: %(value)s"),
    "plan": _("of one plan"),
    "company": _("of one company"),
    "customer": _("of one customer"),
    "membership": _("membership: %(value)s"),
    "ending": _("ending within %(value)s days"),
    "tag": _("tagged “%(value)s”"),
    "source": _("come by: %(value)s"),
    "holder": _("held by: %(value)s"),
    "renews": _("renewing: %(value)s"),
    "payment": _("payment missing"),
    "over": _("with more people than seats"),
    "belonging": _("belonging: %(value)s"),
    "type": _("of some types"),
    "actor": _("by one of the staff"),
    "until": _("up to %(value)s"),
}
_PAGES: Final = frozenset({"customers", "companies", "memberships", "events", "plans"})
_WORDS: Final[Mapping[str, str | Promise]] = {**dict(HOLDINGS), **answers.STATUS_WORDS}


@staff_may(Right.EXPORTS_WRITE)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """The exports of the last day, and what can be exported."""
    cursor = request.GET.get("cursor") or None
    rows, next_cursor = queries.exports(request.staff.organization, cursor=cursor)
    return answers.page(
        request,
        "console/exports/list.html",
        section="exports",
        rows=[(each, LISTS[each.list].label, _said(each.filters)) for each in rows if each.list in LISTS],
        lists=[(name, each.label) for name, each in LISTS.items() if each.right in request.staff.rights],
        first_url="?" if cursor else "",
        next_url=next_page(request, next_cursor),
    )


@staff_may(Right.EXPORTS_WRITE, recent=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Ask for a list as a file: as it is narrowed down in the address, or those that were picked out (`id`)."""
    staff = request.staff
    told = request.POST if request.method == "POST" else request.GET
    name = told.get("list", "customers")
    found = _list(staff, name)
    narrowed = QueryDict(told.get("which", ""))  # as the forms of lists send it
    filters = {each: text[:200] for each in found.filters if (text := told.get(each) or narrowed.get(each, ""))}
    picked = [] if told.get("all") else [*told.getlist("id"), *told.getlist("c")]
    problem = ""
    if request.method == "POST" and "format" in told:

        def ask() -> str:
            row = exporting.request(
                organization=staff.organization,
                name=name,
                filters=filters,
                selection=picked or None,
                excel=told.get("format") == "excel",
                at=staff.at,
                actor=staff.actor,
            )
            tasks.enqueue_export(row)
            return _address(staff, row.pk)

        try:
            return answers.go(request, answers.carried_out(lambda: once(request, ask)))
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
    return answers.drawer(
        request,
        "console/exports/new.html",
        section="exports",
        status=422 if problem else 200,
        problem=problem,
        title=gettext("Export %(list)s") % {"list": str(found.label)},
        list=name,
        label=found.label,
        filters=filters,
        said=_said(filters),
        picked=picked,
        action=reverse("console:export_new", args=[staff.organization.slug]),
        back=_back(staff, told),
    )


@staff_may(Right.EXPORTS_WRITE)
@require_safe
def profile(request: StaffRequest, ref: str) -> HttpResponse:
    """How far it is, and then the file."""
    found = queries.export_by_ref(request.staff.organization, ref)
    _list(request.staff, found.list)
    return answers.page(
        request,
        "console/exports/profile.html",
        section="exports",
        found=found,
        reference=ref,
        label=LISTS[found.list].label,
        said=_said(found.filters),
        address=request.path,
    )


@staff_may(Right.EXPORTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def download(request: StaffRequest, ref: str) -> HttpResponse:
    """Take the file along; who did is in the log, so that looking at an address is not enough."""
    staff = request.staff
    found = queries.export_by_ref(staff.organization, ref)
    _list(staff, found.list)
    if request.method != "POST":
        return answers.go(request, _address(staff, found.id))
    file = exporting.download(organization=staff.organization, export_id=found.id, at=staff.at, actor=staff.actor)
    day = f"{answers.shell(request, 'exports')['formats'].local(found.created_at):%Y-%m-%d}"
    answer = FileResponse(file, as_attachment=True, filename=f"{found.list}-{day}.csv", content_type="text/csv")
    answer["X-Content-Type-Options"] = "nosniff"
    return cast("HttpResponse", answer)


@staff_may(Right.EXPORTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: StaffRequest, ref: str) -> HttpResponse:
    """Remove the file before its time."""
    staff = request.staff
    found = queries.export_by_ref(staff.organization, ref)
    address = reverse("console:exports", args=[staff.organization.slug])
    if request.method == "POST":
        exporting.remove(organization=staff.organization, export_id=found.id, at=staff.at, actor=staff.actor)
        return answers.done(request, address, gettext("The file is removed."))
    return answers.drawer(
        request,
        "console/_confirm.html",
        section="exports",
        title=gettext("Remove the file"),
        sentences=[gettext("It can be exported again at any time.")],
        button=gettext("Remove the file"),
        hurts=True,
        action=request.path,
        back=_address(staff, found.id),
    )


def _list(staff: Member, name: str) -> Listed:
    """Return the list. Raises ListUnknown; Forbidden if whoever asks may not see it on a page either."""
    found = list_named(name)
    if found.right not in staff.rights:
        raise Forbidden("this list is not for your role")
    return found


def _said(filters: object) -> list[str]:
    told = cast("dict[str, str]", filters)
    return [
        str(_FILTERS[name]) % {"value": str(_WORDS.get(value, value)) if name in ("status", "membership") else value}
        for name, value in told.items()
        if name in _FILTERS
    ]


def _back(staff: Member, told: QueryDict) -> str:
    """Where the list is that is to be exported, as it was narrowed down there."""
    listed = told.get("list", "")
    return reverse(f"console:{listed if listed in _PAGES else 'exports'}", args=[staff.organization.slug])


def _address(staff: Member, key: UUID) -> str:
    return reverse("console:export", args=[staff.organization.slug, ids.to_text(Prefix.EXPORT, key)])
