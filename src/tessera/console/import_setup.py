"""Which column of a file is what, and what becomes of rows that are known already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tessera.console import answers
from tessera.console.access import StaffRequest, staff_may
from tessera.console.imports import KINDS, address_of
from tessera.core.errors import TesseraError
from tessera.organizations.formatting import sentence
from tessera.organizations.rights import Right
from tessera.transfer import cells, importing, queries, tasks
from tessera.transfer.fields import FIELDS, MATCHES, NEEDED, Field
from tessera.transfer.limits import SHOWN_ROWS
from tessera.transfer.queries import ImportFacts
from tessera.transfer.types import DateOrder, ImportStatus, Kind, Line, Match, Policy, Setup

_MATCHES: Final[Mapping[Match, object]] = {
    Match.EXTERNAL_ID: _("the same own id"),
    Match.NUMBER: _("the same number"),
    Match.EMAIL: _("the same e-mail address"),
    Match.VERIFIED_EMAIL: _("the same e-mail address, if it is verified"),
    Match.NAME: _("the same name"),
}
_POLICIES: Final[Mapping[Policy, object]] = {
    Policy.SKIP: _("Leave them as they are, and pass over the row"),
    Policy.UPDATE: _("Update what the row says; empty cells change nothing"),
    Policy.REFUSE: _("Refuse the row"),
}
_DATES: Final[Mapping[DateOrder, str]] = {
    DateOrder.ISO: "2026-03-31",
    DateOrder.DAY_FIRST: "31/03/2026, 31.03.2026",
    DateOrder.MONTH_FIRST: "03/31/2026",
}
_SHOWN: Final = 60  # characters of a cell
_LOOKED_THROUGH: Final = 50  # rows, for how days are written and for examples


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice: its value, what it is called, and whether it is made."""

    value: str
    label: object
    made: bool


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field, the column that is to hold it, what all rows have otherwise, and what is wrong with that."""

    field: Field
    columns: tuple[Choice, ...]
    constant: str
    example: str
    needed: bool
    problem: str


@staff_may(Right.IMPORTS_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: StaffRequest, ref: str) -> HttpResponse:
    """Say which column is what. Then the rows are checked, and nothing is written."""
    staff = request.staff
    found = queries.import_by_ref(staff.organization, ref)
    if request.method != "POST" and found.status not in (ImportStatus.UPLOADED, ImportStatus.CHECKED):
        return answers.go(request, address_of(staff, found))
    lines = queries.first_rows(found, _LOOKED_THROUGH)
    refusal: TesseraError | None = None
    if request.method == "POST":
        setup = _told(request.POST, found.kind)
        try:
            answers.carried_out(
                lambda: tasks.enqueue_import(
                    importing.prepare(
                        organization=staff.organization,
                        import_id=found.id,
                        setup=setup,
                        at=staff.at,
                        actor=staff.actor,
                    )
                )
            )
        except TesseraError as reason:
            refusal = reason
        else:
            return answers.go(request, address_of(staff, found))
    else:
        setup = found.setup or _proposed(request, found, lines)
    return answers.page(
        request,
        "console/imports/columns.html",
        section="imports",
        status=422 if refusal else 200,
        found=found,
        kind=KINDS[found.kind],
        lines=[_cut(line, len(found.headers)) for line in lines[:SHOWN_ROWS]],
        rows=[_row(field, setup, found, lines, refusal) for field in FIELDS[found.kind]],
        matches=[Choice(each.value, _MATCHES[each], each in setup.match) for each in MATCHES[found.kind]],
        policies=[Choice(each.value, _POLICIES[each], each is setup.policy) for each in _policies(found.kind)],
        dates=[Choice(each.value, text, each is setup.dates) for each, text in _DATES.items()],
        has_dates=any(field.is_date for field in FIELDS[found.kind]),
        may_welcome=found.kind is Kind.MEMBERSHIPS,
        welcome=setup.welcome,
        problem=sentence(refusal.detail) if refusal else "",
        back=reverse("console:import_cancel", args=[staff.organization.slug, ref]),
        steps=[(_("File"), "done"), (_("Columns"), "now"), (_("Check"), ""), (_("Import"), "")],
    )


def _policies(kind: Kind) -> Sequence[Policy]:
    return [each for each in Policy if not (kind is Kind.MEMBERSHIPS and each is Policy.UPDATE)]


def _told(sent: QueryDict, kind: Kind) -> Setup:
    """Return what a form says; what it says of fields that there are not is left aside."""
    places = {field.name: sent.get(f"column.{field.name}", "") for field in FIELDS[kind]}
    constants = {field.name: sent.get(f"constant.{field.name}", "")[:200].strip() for field in FIELDS[kind]}
    return Setup(
        columns={name: int(place) for name, place in places.items() if place.isdecimal() and len(place) < 5},
        constants={name: text for name, text in constants.items() if text},
        dates=next((each for each in DateOrder if each.value == sent.get("dates")), DateOrder.ISO),
        match=tuple(each for each in MATCHES[kind] if each.value in sent.getlist("match")),
        policy=next((each for each in _policies(kind) if each.value == sent.get("policy")), Policy.SKIP),
        welcome=kind is Kind.MEMBERSHIPS and "welcome" in sent,
    )


def _proposed(request: StaffRequest, found: ImportFacts, lines: Sequence[Line]) -> Setup:
    """Return what the columns seem to be; the rest as it was last time."""
    organization = request.staff.organization
    places, last = queries.proposed(organization, found)
    days = {place for field in FIELDS[found.kind] if field.is_date and (place := places.get(field.name)) is not None}
    texts = [line.cells[place] for line in lines for place in days if place < len(line.cells)]
    usual = tuple(each for each in MATCHES[found.kind] if each not in (Match.VERIFIED_EMAIL, Match.EMAIL))
    return Setup(
        columns=places,
        dates=cells.likely_order(texts, month_first=organization.locale == "en-US"),
        match=last.match if last else usual,
        policy=last.policy if last else Policy.SKIP,
    )


def _row(
    field: Field, setup: Setup, found: ImportFacts, lines: Sequence[Line], refusal: TesseraError | None
) -> FieldRow:
    place = setup.columns.get(field.name)
    texts = (line.cells[place] for line in lines if place is not None and place < len(line.cells))
    wrong = refusal is not None and (refusal.pointer or "").strip("/") == field.name
    return FieldRow(
        field=field,
        columns=tuple(Choice(str(each), header, each == place) for each, header in enumerate(found.headers)),
        constant=setup.constants.get(field.name, ""),
        example=next((_short(text) for text in texts if text.strip()), ""),
        needed=any(group == (field.name,) for group in NEEDED[found.kind]),
        problem=sentence(refusal.detail) if refusal is not None and wrong else "",
    )


def _cut(line: Line, headers: int) -> list[str]:
    return [_short(cell) for cell in [*line.cells, *[""] * headers][:headers]]


def _short(text: str) -> str:
    bare = " ".join(text.replace("\0", " ").split())
    return bare if len(bare) <= _SHOWN else gettext("%(beginning)s…") % {"beginning": bare[:_SHOWN]}
