"""Finding anything: the command palette, and the same as a page where there is no script."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from tessera.console import answers, navigation, standing
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.organizations.rights import Right
from tessera.people import queries as people
from tessera.people.finding import Found, companies_found
from tessera.people.names import folded
from tessera.plans import queries as plans

_MOST_PEOPLE, _MOST_COMPANIES, _MOST_PLANS, _MOST_PLACES = 6, 4, 4, 6
_PLANS_LOOKED_THROUGH = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing to go to. `icon`, or a person's photo or initials, stands before it; `aside` says which one it is."""

    text: str
    address: str
    aside: str = ""
    icon: str = ""
    person: bool = False
    photo: UUID | None = None
    status: str = ""
    in_grace: bool = False
    opens_drawer: bool = False


@dataclass(frozen=True, slots=True)
class Hits:
    """Hits of one kind. `id` is unlike any other on a page that has two lists."""

    label: str
    hits: tuple[Hit, ...]


@staff_may(Right.CUSTOMERS_READ)
@require_safe
def page(request: StaffRequest) -> HttpResponse:
    """What `q` finds: people, companies, plans, then pages and what can be begun. At most twelve queries."""
    q = request.GET.get("q", "")[:200].strip()
    groups = [each for each in _found(request.staff, q) if each.hits]
    context: dict[str, Any] = {
        "groups": groups,
        "q": q,
        "nothing": gettext("Nothing found for “%(q)s”.") % {"q": q} if q else "",
    }
    if request.htmx:
        box = "".join(each for each in request.GET.get("box", "") if each.isalnum() or each == "-")[:40]
        context |= {**answers.shell(request, "find"), "box": box or "found"}
        return render(request, "console/find/_found.html", context)
    return answers.page(request, "console/find/page.html", section="find", box="found", **context)


def _found(staff: Member, q: str) -> Iterator[Hits]:
    if q:
        companies = companies_found(staff.organization, q)
        yield Hits(gettext("Customers"), tuple(_customers(staff, q, companies)))
        if Right.COMPANIES_READ in staff.rights:
            yield Hits(gettext("Companies"), tuple(_companies(staff, q, companies)))
        if Right.PLANS_READ in staff.rights:
            yield Hits(gettext("Plans"), tuple(_plans(staff, q)))
    words = folded(q).split()
    places = (each for each in _places(staff) if all(word in folded(each.text) for word in words))
    yield Hits(gettext("Go to"), tuple(places)[: _MOST_PLACES if q else None])
    begins = (each for each in _begins(staff) if all(word in folded(each.text) for word in words))
    yield Hits(gettext("Begin"), tuple(begins))


def _customers(staff: Member, q: str, companies: Found) -> Iterator[Hit]:
    rows = people.customers(
        staff.organization, q=q, order="name", limit=_MOST_PEOPLE, at=staff.at, of_companies=companies
    ).data
    standings = standing.of_customers([each.id for each in rows], staff.at)
    for each in rows:
        now = standings.get(each.id)
        yield Hit(
            text=each.name,
            address=reverse("console:customer", args=[staff.organization.slug, ids.to_text(Prefix.CUSTOMER, each.id)]),
            aside=each.emails[0].address if each.emails else each.number,
            person=True,
            photo=each.photo,
            status=now.status.value if now else "",
            in_grace=now.in_grace if now else False,
        )


def _companies(staff: Member, q: str, found: Found) -> Iterator[Hit]:
    for each in people.companies(staff.organization, q=q, found=found, order="name", limit=_MOST_COMPANIES).data:
        key = ids.to_text(Prefix.COMPANY, each.id)
        address = reverse("console:company", args=[staff.organization.slug, key])
        yield Hit(text=each.name, address=address, aside=each.number, icon="building-2")


def _plans(staff: Member, q: str) -> Iterator[Hit]:
    words = folded(q).split()
    known = plans.plan_names(staff.organization, most=_PLANS_LOOKED_THROUGH)
    fitting = ((key, name) for key, name in known if all(word in folded(name) for word in words))
    for key, name in islice(fitting, _MOST_PLANS):
        address = reverse("console:plan", args=[staff.organization.slug, ids.to_text(Prefix.PLAN, key)])
        yield Hit(text=name, address=address, icon="layers")


def _places(staff: Member) -> Iterator[Hit]:
    groups = navigation.settings(staff.rights, is_test=staff.organization.is_test)
    below = [(each, gettext("Settings")) for group in groups for each in group.entries]
    for entry, aside in [*((each, "") for each in navigation.parts(staff.rights)), *below]:
        address = reverse(entry.route, args=[staff.organization.slug])
        yield Hit(text=str(entry.label), address=address, aside=aside, icon=entry.icon)


def _begins(staff: Member) -> Iterator[Hit]:
    for right, route, text, drawer in (
        (Right.CUSTOMERS_WRITE, "console:customer_new", gettext("Add a customer"), True),
        (Right.COMPANIES_WRITE, "console:company_new", gettext("Add a company"), True),
        (Right.PLANS_WRITE, "console:plan_new", gettext("Make a plan"), False),
    ):
        if right in staff.rights:
            address = reverse(route, args=[staff.organization.slug])
            yield Hit(text=text, address=address, icon="plus", opens_drawer=drawer)
