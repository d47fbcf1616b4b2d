"""What each plan grants, as one table that is changed in place; whom a change concerns is said before it is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST, require_safe

from tessera.access import effects
from tessera.access.effects import Effects
from tessera.console import answers, naming
from tessera.console.access import StaffRequest, staff_may
from tessera.console.conflicts import version_told
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.memberships.counting import active_holders
from tessera.organizations.errors import VersionStale
from tessera.organizations.formatting import joined, sentence
from tessera.organizations.models import Organization
from tessera.organizations.rights import Right
from tessera.plans import queries, services
from tessera.plans.errors import PlanNotFound
from tessera.plans.models import Plan
from tessera.plans.queries import PlanFacts

_MOST_PLANS: Final = 200


@dataclass(frozen=True, slots=True)
class Change:
    """What a plan comes to grant, in names."""

    plan: PlanFacts
    keys: tuple[str, ...]
    gains: list[str]
    loses: list[str]


@dataclass(frozen=True, slots=True)
class Known:
    """What the table knew of a plan when it was opened: its version, and the keys of what it granted."""

    version: int
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    """A permission, and for each plan whether it grants it; `changed`: not as it is stored."""

    key: str
    name: str
    cells: list[tuple[PlanFacts, bool, bool]]


@staff_may(Right.PLANS_READ)
@require_safe
def page(request: StaffRequest) -> HttpResponse:
    """The table of what each plan on offer grants."""
    return _page(request, _wanted(request.staff.organization))


@staff_may(Right.PLANS_WRITE)
@require_POST
def review(request: StaffRequest) -> HttpResponse:
    """Say what the table that was sent would change, and for whom. Nothing is changed by this."""
    organization = request.staff.organization
    plans, names = _plans(organization), naming.permissions(organization)
    wanted = _told(request, plans)
    changes = _changes(plans, wanted, names)
    found = effects.of_grants(organization, {each.plan.id: each.keys for each in changes}, request.staff.at)
    return answers.drawer(
        request,
        "console/plans/review.html",
        section="plans",
        title=gettext("Before the plans change"),
        changes=changes,
        sentences=_concerned(request, changes, found),
        lines=_lines(found, names),
        versions=request.POST.getlist("version"),
        grants=request.POST.getlist("grant"),
        button=gettext("Change what they grant"),
        problem="" if changes else gettext("Nothing differs from what the plans grant now."),
        action=reverse("console:matrix_save", args=[organization.slug]),
        back=reverse("console:matrix", args=[organization.slug]),
    )


@staff_may(Right.PLANS_WRITE)
@require_POST
def save(request: StaffRequest) -> HttpResponse:
    """Let the plans grant what the table says; refused as a whole if one of them has been changed meanwhile."""
    staff = request.staff
    organization = staff.organization
    plans, names = _plans(organization), naming.permissions(organization)
    changes = _changes(plans, wanted := _told(request, plans), names)
    known = dict(map(_known, request.POST.getlist("version")))
    rows = {row.pk: row for row in Plan.objects.filter(organization=organization)}
    for row in rows.values():
        row.organization = organization
    try:
        saved = answers.carried_out(
            lambda: services.change_grants(
                changes=[(rows[each.plan.id], known[each.plan.id].version, each.keys) for each in changes],
                at=staff.at,
                actor=staff.actor,
            )
        )
    except VersionStale:
        problem = gettext(
            "Somebody has changed one of these plans meanwhile. Below is what they saved, with what you change marked."
        )
        return _page(request, wanted, problem=problem)
    except TesseraError as refusal:
        return _page(request, wanted, problem=sentence(refusal.detail))
    said = ngettext(
        "%(count)d plan grants something else now.", "%(count)d plans grant something else now.", len(saved)
    )
    address = reverse("console:matrix", args=[organization.slug])
    return answers.done(request, address, said % {"count": len(saved)}) if saved else answers.go(request, address)


def _page(request: StaffRequest, wanted: Mapping[UUID, Sequence[str]], *, problem: str = "") -> HttpResponse:
    organization = request.staff.organization
    plans, names = _plans(organization), naming.permissions(organization)
    stored = {each.id: set(each.permissions) for each in plans}
    rows = [
        Row(
            key,
            name,
            [
                (plan, key in wanted.get(plan.id, ()), (key in wanted.get(plan.id, ())) != (key in stored[plan.id]))
                for plan in plans
            ],
        )
        for key, name in sorted(names.items(), key=lambda each: each[1].casefold())
    ]
    return answers.page(
        request,
        "console/plans/matrix.html",
        section="plans",
        status=422 if problem else 200,
        plans=plans,
        rows=rows,
        problem=problem,
        review_url=reverse("console:matrix_review", args=[organization.slug]),
    )


def _plans(organization: Organization) -> list[PlanFacts]:
    return list(queries.plans(organization, archived=False, limit=_MOST_PLANS).data)


def _wanted(organization: Organization) -> dict[UUID, Sequence[str]]:
    return {each.id: each.permissions for each in _plans(organization)}


def _told(request: StaffRequest, plans: Sequence[PlanFacts]) -> dict[UUID, Sequence[str]]:
    """Return what the table that was sent makes of each plan: what was ticked and unticked in it, over what the plan
    grants now. So what somebody else has changed meanwhile stays; and so does a plan that the table does not show."""
    known = dict(map(_known, request.POST.getlist("version")))
    ticked: dict[UUID, set[str]] = {}
    for text in request.POST.getlist("grant"):
        plan, _space, key = text.partition(" ")
        ticked.setdefault(_key(plan), set()).add(key)
    told: dict[UUID, Sequence[str]] = {}
    for each in plans:
        if each.id not in known:
            told[each.id] = each.permissions
            continue
        was, now = known[each.id].keys, ticked.get(each.id, set())
        told[each.id] = sorted({*each.permissions, *(now - was)} - (was - now))
    return told


def _known(text: str) -> tuple[UUID, Known]:
    plan, _space, rest = text.partition(" ")
    version, *keys = rest.split(" ")
    return _key(plan), Known(version_told(version), frozenset(keys))


def _key(text: str) -> UUID:
    key = ids.from_text(Prefix.PLAN, text)
    if key is None:
        raise PlanNotFound("there is no such plan")
    return key


def _changes(
    plans: Sequence[PlanFacts], wanted: Mapping[UUID, Sequence[str]], names: Mapping[str, str]
) -> list[Change]:
    found = []
    for plan in plans:
        before, after = set(plan.permissions), set(wanted[plan.id])
        if before != after:
            gains, loses = ([names.get(key, key) for key in sorted(each)] for each in (after - before, before - after))
            found.append(Change(plan, tuple(sorted(after)), gains, loses))
    return found


def _concerned(request: StaffRequest, changes: Sequence[Change], found: Effects | None) -> list[str]:
    """Return whom it concerns, as sentences."""
    if not changes:
        return []
    if found is None:
        held = active_holders(request.staff.organization, request.staff.at, plan_ids=[each.plan.id for each in changes])
        many = sum(each.all for each in held.values())
        told = {"count": many, "plans": joined([each.plan.name for each in changes])}
        return [
            gettext("%(count)d hold %(plans)s now, too many to look at one by one.") % told,
            gettext("Whoever has another plan or company that grants the same keeps it. The next check goes by this."),
        ]
    if not found.people:
        return [gettext("Nobody has these plans now. Whoever gets one later has what it grants then.")]
    affected = ngettext("This affects %(count)d member now.", "This affects %(count)d members now.", found.people)
    return [affected % {"count": found.people}, gettext("The next check goes by it.")]


def _lines(found: Effects | None, names: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """Return for each permission that changes who loses, gains and keeps it, in words."""
    lines = []
    for each in found.effects if found else ():
        parts = []
        if each.lose:
            parts.append(ngettext("%(count)d loses it", "%(count)d lose it", each.lose) % {"count": each.lose})
        if each.gain:
            parts.append(ngettext("%(count)d gains it", "%(count)d gain it", each.gain) % {"count": each.gain})
        if each.keep:
            kept = ngettext(
                "%(count)d keeps it through something else", "%(count)d keep it through something else", each.keep
            )
            parts.append(kept % {"count": each.keep})
        lines.append((names.get(each.key, each.key), parts))
    return lines
