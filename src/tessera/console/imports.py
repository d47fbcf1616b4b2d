"""Imports: the list, a new file, and how one is going: what would happen, what did, which rows were left out."""

from typing import Final, cast

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.conflicts import version_told
from tessera.console.once import once
from tessera.console.pages import next_page
from tessera.console.uploads import takes_upload
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.transfer import importing, queries, tasks
from tessera.transfer.mending import left_out_csv
from tessera.transfer.queries import ImportFacts
from tessera.transfer.types import Kind

MOST_READ: Final = 202 * 1024 * 1024  # bytes: the largest import, and the form around it
KINDS: Final = {
    Kind.CUSTOMERS: _("Customers"),
    Kind.COMPANIES: _("Companies"),
    Kind.AFFILIATIONS: _("Who belongs to which company"),
    Kind.MEMBERSHIPS: _("Memberships"),
}


class UploadForm(forms.Form):
    """A file, and what its rows are."""

    kind = forms.ChoiceField(
        label=_("Each row is"),
        choices=[
            (Kind.CUSTOMERS.value, _("a customer")),
            (Kind.COMPANIES.value, _("a company")),
            (Kind.AFFILIATIONS.value, _("a customer who belongs to a company")),
            (Kind.MEMBERSHIPS.value, _("a membership")),
        ],
        widget=forms.RadioSelect,
        initial=Kind.CUSTOMERS.value,
    )
    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
        help_text=_("A CSV file with a first row that names the columns; up to 200 MB and 1,000,000 rows."),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
    )


@staff_may(Right.IMPORTS_WRITE)
@require_safe
def index(request: StaffRequest) -> HttpResponse:
    """All imports that are remembered, the latest first."""
    cursor = request.GET.get("cursor") or None
    rows, next_cursor = queries.imports(request.staff.organization, cursor=cursor)
    return answers.page(
        request,
        "console/imports/list.html",
        section="imports",
        rows=[(each, KINDS[each.kind]) for each in rows],
        first_url="?" if cursor else "",
        next_url=next_page(request, next_cursor),
    )


@staff_may(Right.IMPORTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
@takes_upload(MOST_READ)
def new(request: StaffRequest) -> HttpResponse:
    """Bring a file."""
    staff = request.staff
    sent = request.method == "POST"
    first = {"kind": request.GET.get("kind", Kind.CUSTOMERS.value)}
    form = UploadForm(request.POST, request.FILES) if sent else UploadForm(initial=first)
    if sent and form.is_valid():

        def bring() -> str:
            file = form.cleaned_data["file"]
            row = importing.upload(
                organization=staff.organization,
                kind=Kind(form.cleaned_data["kind"]),
                source=file.file,
                file_name=file.name or "",
                at=staff.at,
                actor=staff.actor,
            )
            return reverse("console:import_columns", args=[staff.organization.slug, _ref(row.pk)])

        try:
            return answers.go(request, once(request, bring))
        except TesseraError as refusal:
            form.add_error("file", sentence(refusal.detail))
    return answers.page(
        request,
        "console/imports/new.html",
        section="imports",
        status=422 if sent else 200,
        form=form,
        back=reverse("console:imports", args=[staff.organization.slug]),
    )


@staff_may(Right.IMPORTS_WRITE)
@require_safe
def profile(request: StaffRequest, ref: str) -> HttpResponse:
    """How it is going; asked again each second as long as something happens."""
    return _shown(request, queries.import_by_ref(request.staff.organization, ref))


@staff_may(Right.IMPORTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: StaffRequest, ref: str) -> HttpResponse:
    """Have the rows written that the check has found good."""
    staff = request.staff
    found = queries.import_by_ref(staff.organization, ref)
    if request.method != "POST":
        return answers.go(request, address_of(staff, found))
    version = request.POST.get("version", "")

    def begin() -> str:
        row = importing.start(
            organization=staff.organization,
            import_id=found.id,
            at=staff.at,
            actor=staff.actor,
            version=version_told(version) if version else None,
        )
        tasks.enqueue_import(row)
        return address_of(staff, found)

    try:
        return answers.go(request, answers.carried_out(lambda: once(request, begin)))
    except TesseraError as refusal:
        return _shown(request, queries.import_by_ref(staff.organization, ref), problem=sentence(refusal.detail))


@staff_may(Right.IMPORTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: StaffRequest, ref: str) -> HttpResponse:
    """Stop it; what has been written stays."""
    staff = request.staff
    found = queries.import_by_ref(staff.organization, ref)
    problem = ""
    if request.method == "POST":
        try:
            answers.carried_out(
                lambda: importing.cancel(
                    organization=staff.organization, import_id=found.id, at=staff.at, actor=staff.actor
                )
            )
        except TesseraError as refusal:
            problem = sentence(refusal.detail)
        else:
            return answers.done(request, address_of(staff, found), gettext("The import is canceled."))
    started = found.started_at is not None
    return answers.drawer(
        request,
        "console/_confirm.html",
        section="imports",
        status=422 if problem else 200,
        problem=problem,
        title=gettext("Cancel the import"),
        sentences=[
            gettext("Rows that have been written stay; those that come after are not written.")
            if started
            else gettext("Nothing has been written, and nothing will be.")
        ],
        button=gettext("Cancel the import"),
        hurts=True,
        action=reverse("console:import_cancel", args=[staff.organization.slug, ref]),
        back=address_of(staff, found),
    )


@staff_may(Right.IMPORTS_WRITE)
@require_safe
def left_out(request: StaffRequest, ref: str) -> HttpResponse:
    """The rows that were not written, as they stand in the file, with the reason: to be mended and imported again."""
    found = queries.import_by_ref(request.staff.organization, ref)
    answer = StreamingHttpResponse(left_out_csv(found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="left-out-{_ref(found.id)}.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    return cast("HttpResponse", answer)


def address_of(staff: Member, found: ImportFacts) -> str:
    """Return the address of an import's page."""
    return reverse("console:import", args=[staff.organization.slug, _ref(found.id)])


def _shown(request: StaffRequest, found: ImportFacts, problem: str = "") -> HttpResponse:
    address = address_of(request.staff, found)
    tally = found.written if found.started_at is not None else found.checked
    return answers.page(
        request,
        "console/imports/profile.html",
        section="imports",
        status=422 if problem else 200,
        found=found,
        reference=_ref(found.id),
        kind=KINDS[found.kind],
        tally=tally,
        to_write=tally.created + tally.updated,
        aside=_aside(found),
        reasons=[] if found.working else queries.reasons(found),
        problem=problem,
        address=address,
        steps=_steps(found),
    )


def _aside(found: ImportFacts) -> list[str]:
    """The columns of the file from which nothing is taken."""
    taken = found.setup.columns.values() if found.setup is not None else ()
    return [header for place, header in enumerate(found.headers) if place not in taken]


def _steps(found: ImportFacts) -> list[tuple[object, str]]:
    """The way of an import, and how far this one has come: each `done`, `now` or empty."""
    words = (_("File"), _("Columns"), _("Check"), _("Import"))
    place = 3 if found.started_at is not None else 1 if found.setup is None else 2
    done = found.over and found.started_at is not None and not found.failure
    return [
        (word, "done" if each < place or done else "now" if each == place else "") for each, word in enumerate(words)
    ]


def _ref(key: object) -> str:
    return ids.to_text(Prefix.IMPORT, key)  # type: ignore[arg-type]
