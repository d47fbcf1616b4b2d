"""What the page around a list reads, together: the plans to filter by, views, columns, the company it is of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, F, Model, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast

from tessera.console.models import ListColumns
from tessera.console.saving import View, visible
from tessera.organizations.models import Staff
from tessera.people.models import Company
from tessera.plans.models import Plan

_MOST_PLANS: Final = 200


class _Kind(IntEnum):
    PLAN, VIEW, COLUMNS, COMPANY = range(4)


@dataclass(slots=True)
class Beside:
    """The first 200 plans, archived ones too, and the saved views, both by name; which columns were chosen, None if
    never any; what the company is called, empty if it is none of the organization's."""

    plans: list[tuple[UUID, str]] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    columns: Sequence[str] | None = None
    company: str = ""


def beside(staff: Staff, listed: str, *, plans: bool, company_id: UUID | None) -> Beside:
    """Return what stands around the list for a staff member; plans only if asked for. One query."""
    no = Value(False)
    of = {"organization_id": staff.organization_id}
    parts = [
        _told(
            visible(staff).filter(listed=listed), _Kind.VIEW,
            "pk", F("name"), F("query"), F("shared"), _own(staff), F("version"),
        ),
        _told(
            ListColumns.objects.filter(staff=staff, listed=listed), _Kind.COLUMNS,
            "staff_id", Value(""), Cast("columns", TextField()), no, no, Value(0),
        ),
    ]  # fmt: skip
    if plans:
        parts.append(_told(Plan.objects.filter(**of), _Kind.PLAN, "pk", F("name"), Value(""), no, no, Value(0)))
    if company_id is not None:
        company = Company.objects.filter(**of, pk=company_id)
        parts.append(_told(company, _Kind.COMPANY, "pk", F("name"), Value(""), no, no, Value(0)))
    found = Beside()
    for kind, key, name, text, shared, own, version in parts[0].union(*parts[1:], all=True):
        if kind == _Kind.PLAN:
            found.plans.append((key, name))
        elif kind == _Kind.VIEW:
            found.views.append(View(key, version, name, text, bool(shared), bool(own)))
        elif kind == _Kind.COLUMNS:
            found.columns = json.loads(text)
        else:
            found.company = name
    found.plans = sorted(found.plans, key=lambda each: (each[1].casefold(), each[0]))[:_MOST_PLANS]
    found.views.sort(key=lambda each: (each.name.casefold(), each.id))
    return found


def _own(staff: Staff) -> Any:
    return ExpressionWrapper(Q(staff=staff), BooleanField())


def _told(
    rows: QuerySet[Model], kind: _Kind, key: str, name: Any, text: Any, shared: Any, own: Any, version: Any
) -> QuerySet[Any, Any]:
    columns = {"a_kind": Value(int(kind)), "a_key": F(key), "a_name": name, "a_text": text, "a_shared": shared}
    told = rows.order_by().annotate(**columns, a_own=own, a_version=version)
    found: QuerySet[Any, Any] = told.values_list(*columns, "a_own", "a_version")
    return found
