"""What the lists of customers, companies and memberships share: filters in the address, views, columns, orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tessera.console import saving
from tessera.console.access import StaffRequest
from tessera.console.beside import Beside
from tessera.console.saving import View
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.memberships.filters import Holding

Choices = list[tuple[str, str | Promise]]
VIEW: Final = "view"

HOLDINGS: Final[Choices] = [
    (Holding.NONE.value, _("No membership")),
    (Holding.ACTIVE.value, _("Active")),
    (Holding.GRACE.value, _("In grace")),
    (Holding.PAUSED.value, _("Paused")),
    (Holding.SCHEDULED.value, _("Scheduled")),
    (Holding.PENDING.value, _("Pending")),
    (Holding.EXPIRED.value, _("Expired")),
]
ENDINGS: Final[Choices] = [
    ("7", _("Within 7 days")),
    ("30", _("Within 30 days")),
    ("90", _("Within 90 days")),
    ("365", _("Within a year")),
]


@dataclass(frozen=True, slots=True)
class Choosing:
    """A filter of which one value is chosen; "" is all."""

    name: str
    label: str | Promise
    everything: str | Promise
    choices: Choices
    chosen: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab above a list: everything, or a saved view."""

    label: str | Promise
    address: str
    current: bool
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be shown or not. `sort` is the order that its heading leads to."""

    name: str
    label: str | Promise
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list's template needs beside its rows.

    `query` is the filters as the address has them, without view and page; `view` the saved view that is looked at, and
    `differs` whether the filters are not its own any more.
    """

    name: str
    address: str
    query: str
    filters: tuple[Choosing, ...]
    tabs: tuple[Tab, ...]
    view: View | None
    differs: bool
    columns: tuple[Column, ...]
    shown: frozenset[str]
    sort: str

    @property
    def can_be_saved(self) -> bool:
        return bool(self.query) and (self.view is None or self.differs)

    @property
    def view_reference(self) -> str:
        return self.view.reference if self.view else ""

    def sorted_by(self, sort: str) -> str:
        """The address of the same list in another order."""
        told = [(name, value) for name, value in parse_qsl(self.query) if name != "sort"]
        return f"?{urlencode([*told, ('sort', sort), *self._of_view()])}"

    @property
    def asked_sort(self) -> str:
        """The order that the address asks for; empty if it asks for none, so that a search puts the best first."""
        return dict(parse_qsl(self.query)).get("sort", "")

    @property
    def by_name(self) -> str:
        """The address of the same list by name."""
        return self.sorted_by("name").removeprefix("?")

    @property
    def headings(self) -> list[tuple[Column, str, str]]:
        """The columns that are shown: each with the address that sorts by it, and how it is sorted now."""
        found = []
        for column in self.columns:
            if column.name in self.shown:
                now = "" if column.sort != self.sort or not self.sort else _DIRECTION.get(self.sort, "ascending")
                found.append((column, self.sorted_by(column.sort) if column.sort else "", now))
        return found

    def _of_view(self) -> list[tuple[str, str]]:
        return [(VIEW, self.view.reference)] if self.view else []


_DIRECTION: Final = {"newest": "descending"}


def listing(
    request: StaffRequest,
    name: str,
    *,
    everything: str | Promise,
    told: Mapping[str, str],
    filters: Sequence[Choosing],
    columns: Sequence[Column],
    usual: Sequence[str],
    sort: str,
    around: Beside,
) -> Listing:
    """Return what the list `name` needs. `told` is its filter as an address; `around` has been read. No query."""
    staff = request.staff
    address = reverse(f"console:{name}", args=[staff.organization.slug])
    query = urlencode(told)
    saved = around.views
    key = ids.from_text(Prefix.SAVED_VIEW, request.GET.get(VIEW, ""))
    view = next((each for each in saved if each.id == key), None)
    if view is None:
        view = next((each for each in saved if query and each.query == query), None)
    known = [column.name for column in columns]
    shown = saving.shown(around.columns, known=known, usual=usual)
    tabs = [Tab(everything, address, current=view is None)]
    tabs += [
        Tab(each.name, f"{address}?{_join(each.query, urlencode({VIEW: each.reference}))}", each == view, each.shared)
        for each in saved
    ]
    return Listing(
        name=name,
        address=address,
        query=query,
        filters=tuple(filters),
        tabs=tuple(tabs),
        view=view,
        differs=view is not None and view.query != query,
        columns=tuple(columns),
        shown=frozenset(shown),
        sort=sort,
    )


def opens(request: StaffRequest, q: str) -> bool:
    """Whether Enter was pressed in the search of a list: then who is meant is opened."""
    return bool(q) and "open" in request.GET and "cursor" not in request.GET and not request.htmx


def company_choice(around: Beside, company_id: UUID | None) -> tuple[str, str] | None:
    """Return the company that a list is of: its public id and name."""
    if company_id is None:
        return None
    return ids.to_text(Prefix.COMPANY, company_id), around.company or gettext("an unknown company")


def plan_choices(around: Beside) -> Choices:
    """Return the plans that a list can be of."""
    return [(ids.to_text(Prefix.PLAN, key), name) for key, name in around.plans]


def context(page: Any, built: Listing, request: StaffRequest, next_url: str) -> dict[str, Any]:
    """Return the names that every list's template knows."""
    return {
        "list": built,
        "more_found": page.more_found,
        "first_url": f"?{_join(built.query, urlencode({VIEW: built.view_reference} if built.view else {}))}"
        if request.GET.get("cursor")
        else "",
        "next_url": next_url,
    }


def _join(*parts: str) -> str:
    return "&".join(part for part in parts if part)
