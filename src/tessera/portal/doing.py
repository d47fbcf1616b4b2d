"""What a member does with a membership: each is a page that says first what follows, and one verb.

Sent twice, or from two tabs, each is done once: a refusal of something that is so already is no refusal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.http import HttpResponse
from django.utils.translation import gettext

from tessera.access.queries import HeldPermission
from tessera.core import local_time
from tessera.core.errors import TesseraError
from tessera.db.foreseeing import foresee
from tessera.memberships import canceling, changing, pausing
from tessera.memberships import queries as memberships
from tessera.memberships.types import Status
from tessera.memberships.views import MembershipView
from tessera.organizations.formatting import joined, sentence
from tessera.organizations.time import zone
from tessera.plans.models import Plan, Price
from tessera.portal import words
from tessera.portal.access import Member, member_may
from tessera.portal.home import standing_of
from tessera.portal.membership import doing, leaving, life_of
from tessera.portal.pages import done, page, refusal_of
from tessera.signup import services as signup

_MIDNIGHT: Final = time()


@dataclass(frozen=True, slots=True)
class Asked:
    """A page that asks before it does: heading, what follows, what the button says, and what is wrong, if anything."""

    heading: str
    says: list[str]
    button: str
    problem: str = ""
    care: bool = False


@member_may
def leave(member: Member, ref: str) -> HttpResponse:
    """Leave: with the end of the period, or at once where there is none."""
    view = life_of(member, ref).view
    how = leaving(view)
    if not how:
        return done(member, member.address("membership", ref))
    problem = ""
    if member.request.method == "POST":
        if member.request.POST.get("how") == how:
            verb = canceling.cancel_at_period_end if how == "end" else canceling.cancel_now
            refusal = refusal_of(lambda: verb(**_of(member, view)))
            if refusal is None or not leaving(_now(member, view)):
                withdrawn = view.status is Status.PENDING
                return done(member, member.address("membership", ref, done="withdrawn" if withdrawn else "canceled"))
            problem = sentence(refusal.detail)
        else:
            problem = gettext("Something has changed meanwhile. Look again before you leave.")
    return _ask(member, ref, view, _leaving(member, view, how, problem), how=how)


@member_may
def undo(member: Member, ref: str) -> HttpResponse:
    """Take cancelling back."""
    view = life_of(member, ref).view
    if not doing(view, member).undo:
        return done(member, member.address("membership", ref))
    run = lambda: canceling.undo_cancel(**_of(member, view))  # noqa: E731  (said once, carried out twice)
    problem = ""
    if member.request.method == "POST":
        refusal = refusal_of(run)
        if refusal is None or _now(member, view).cancel_at is None:
            return done(member, member.address("membership", ref, done="undone"))
        problem = sentence(refusal.detail)
    after = _after(member, view, run)
    says = [_now_says(after, member)] if after is not None else []
    asked = Asked(gettext("Keep it after all"), says, gettext("Go on as before"), problem)
    return _ask(member, ref, view, asked)


@member_may
def resume(member: Member, ref: str) -> HttpResponse:
    """End a pause, or take a planned one back."""
    view = life_of(member, ref).view
    if not doing(view, member).resume or view.pause is None:
        return done(member, member.address("membership", ref))
    run = lambda: pausing.resume(**_of(member, view))  # noqa: E731
    planned, problem = view.pause.starts_at > member.at, ""
    if member.request.method == "POST":
        refusal = refusal_of(run)
        present = _now(member, view).pause
        if refusal is None or present is None or present.starts_at != view.pause.starts_at:
            return done(member, member.address("membership", ref, done="pause-dropped" if planned else "resumed"))
        problem = sentence(refusal.detail)
    after = _after(member, view, run)
    says = [_now_says(after, member)] if after is not None else []
    heading = gettext("Take the pause back") if planned else gettext("End the pause")
    button = gettext("Take it back") if planned else gettext("Go on today")
    return _ask(member, ref, view, Asked(heading, says, button, problem))


@member_may
def renew(member: Member, ref: str) -> HttpResponse:
    """Renew a membership that has ended and costs nothing."""
    view = life_of(member, ref).view
    if not doing(view, member).renew:
        return done(member, member.address("membership", ref))
    run = lambda: signup.renew(customer=member.customer, **_of(member, view))  # noqa: E731
    problem = ""
    if member.request.method == "POST":
        refusal = refusal_of(run)
        if refusal is None:
            return done(member, member.address("membership", ref, done="renewed"))
        problem = sentence(refusal.detail)
    after = _after(member, view, run)
    says = [_now_says(after, member)] if after is not None else []
    return _ask(member, ref, view, Asked(gettext("Renew it"), says, gettext("Renew it"), problem))


@member_may
def drop_change(member: Member, ref: str) -> HttpResponse:
    """Take a booked change of the plan back."""
    life = life_of(member, ref)
    view = life.view
    if not doing(view, member).drop_change:
        return done(member, member.address("membership", ref))
    present = next((each for each in life.terms if each.starts_at <= member.at < (each.ends_at or _NEVER)), None)
    problem = ""
    if member.request.method == "POST" and present is not None:
        plan = Plan.objects.get(organization=member.organization, pk=present.plan.id)
        price = Price.objects.get(plan=plan, pk=present.price.id)
        plan.organization = member.organization
        refusal = refusal_of(lambda: changing.change_plan_at_renewal(plan=plan, price=price, **_of(member, view)))
        if refusal is None or _now(member, view).next_plan is None:
            return done(member, member.address("membership", ref, done="change-dropped"))
        problem = sentence(refusal.detail)
    says = [gettext("%(plan)s stays what you have.") % {"plan": view.plan.name}]
    return _ask(member, ref, view, Asked(gettext("Take the change back"), says, gettext("Take it back"), problem))


@member_may
def pause(member: Member, ref: str) -> HttpResponse:
    """Pause from a day on, until another or until it is resumed."""
    view = life_of(member, ref).view
    if not doing(view, member).pause:
        return done(member, member.address("membership", ref))
    today = member.formats.local(member.at).date()
    typed = {"first_day": today.isoformat(), "last_day": ""}
    errors: dict[str, str] = {}
    says: list[str] = []
    if member.request.method == "POST" or "first_day" in member.request.GET:
        given = member.request.POST if member.request.method == "POST" else member.request.GET
        typed = {name: given.get(name, "")[:40].strip() for name in typed}
        span = _span(member, typed, today, errors)
        if span is not None:
            run = lambda: pausing.pause(starts_at=span[0], ends_at=span[1], **_of(member, view))  # noqa: E731
            refusal = refusal_of(run) if member.request.method == "POST" else None
            if member.request.method == "POST" and (refusal is None or _now(member, view).pause is not None):
                return done(member, member.address("membership", ref, done="paused"))
            if refusal is not None:
                name = {"/starts_at": "first_day", "/ends_at": "last_day"}.get(refusal.pointer or "", "")
                errors[name] = _pause_refused(refusal)
            else:
                says = _pausing(member, view, run, errors)
    status = 422 if errors else 200
    return page(
        member, "portal/pause.html", place="home", status=status, membership=_shown(member, view), typed=typed,
        errors=errors, problem=errors.get("", ""), says=says, today=today.isoformat(),
        action=member.address("pause", ref), back=member.address("membership", ref),
    )  # fmt: skip


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def _of(member: Member, view: MembershipView) -> dict[str, Any]:
    """What every verb of memberships is told. The one who does it is the customer."""
    return {
        "organization": member.organization,
        "membership_id": view.id,
        "at": member.at,
        "actor": member.actor,
    }


def _now(member: Member, view: MembershipView) -> MembershipView:
    return memberships.membership(organization=member.organization, membership_id=view.id, at=member.at)


def _after(member: Member, view: MembershipView, run: Callable[[], object]) -> MembershipView | None:
    """Return how the membership would be after a verb, of which nothing is kept; None if it would be refused."""
    try:
        return foresee(run, lambda _made: _now(member, view))
    except TesseraError:
        return None


def _now_says(view: MembershipView, member: Member) -> str:
    return f"{view.plan.name}: {words.word(view)}. {words.until(view, member.formats, member.at)}"


def _shown(member: Member, view: MembershipView) -> words.Shown:
    return words.shown(view, member.formats, member.at)


def _ask(member: Member, ref: str, view: MembershipView, asked: Asked, **context: object) -> HttpResponse:
    return page(
        member,
        "portal/ask.html",
        place="home",
        status=422 if asked.problem else 200,
        membership=_shown(member, view),
        asked=asked,
        back=member.address("membership", ref),
        **context,
    )


def _leaving(member: Member, view: MembershipView, how: str, problem: str) -> Asked:
    plan = {"plan": view.plan.name}
    if view.status is Status.PENDING:
        says = [gettext("Nothing of %(plan)s has begun, and nothing will.") % plan]
        return Asked(gettext("Take it back"), says, gettext("Take it back"), problem, care=True)
    run = canceling.cancel_at_period_end if how == "end" else canceling.cancel_now
    after = _after(member, view, lambda: run(**_of(member, view)))
    end = after.cancel_at if after is not None else None
    says = []
    button = gettext("End it today")
    if how == "end" and end is not None:
        day = {**plan, "day": member.formats.end(end, near=member.at)}
        says.append(gettext("%(plan)s runs until %(day)s. Until then you can take it back.") % day)
        button = gettext("End with %(day)s") % day
    elif how == "now":
        says.append(gettext("%(plan)s ends at once. What has been paid stays paid.") % plan)
    return Asked(gettext("Leave %(plan)s") % plan, says + _lost(member, view), button, problem, care=True)


def _lost(member: Member, view: MembershipView) -> list[str]:
    """Say what goes with a membership, and what stays through another one."""
    lost: list[tuple[str, list[HeldPermission]]] = []
    kept: list[tuple[str, list[HeldPermission]]] = []
    for each in standing_of(member).permissions:
        others = [one for one in each.sources if one.membership_id != view.id]
        if len(others) == len(each.sources):
            continue
        (kept if others else lost).append((each.held.name, others))
    says = []
    if lost:
        says.append(gettext("Then you lose %(names)s.") % {"names": joined([name for name, _others in lost])})
    for name, others in kept:
        source = others[0]
        by = {"name": name, "plan": source.plan_name, "company": source.company_name}
        says.append(
            gettext("You keep %(name)s through %(company)s, %(plan)s.") % by
            if source.company_name
            else gettext("You keep %(name)s through %(plan)s.") % by
        )
    return says


def _span(
    member: Member, typed: dict[str, str], today: date, errors: dict[str, str]
) -> tuple[datetime | None, datetime | None] | None:
    """Return the instants of the days that were typed; None start: now. None, with errors, if they are not days."""
    first = _day(typed["first_day"], "first_day", errors) or today
    last = _day(typed["last_day"], "last_day", errors)
    if first < today:
        errors.setdefault("first_day", gettext("A pause begins today or later."))
    if last is not None and last < first:
        errors.setdefault("last_day", gettext("The last day is not before the first."))
    if errors:
        return None
    where = zone(member.organization)
    starts_at = None if first == today else local_time.first_instant(datetime.combine(first, _MIDNIGHT), where)
    if last is None:
        return starts_at, None
    return starts_at, local_time.first_instant(datetime.combine(last + timedelta(days=1), _MIDNIGHT), where)


def _day(text: str, name: str, errors: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        errors[name] = gettext("Write the day as in 2026-01-31.")
        return None
    if not 2000 <= day.year <= 2200:
        errors[name] = gettext("Write the day as in 2026-01-31.")
        return None
    return day


def _pausing(member: Member, view: MembershipView, run: Callable[[], object], errors: dict[str, str]) -> list[str]:
    try:
        after = foresee(run, lambda _made: _now(member, view))
    except TesseraError as refusal:
        name = {"/starts_at": "first_day", "/ends_at": "last_day"}.get(refusal.pointer or "", "")
        errors[name] = _pause_refused(refusal)
        return []
    said = [gettext("%(plan)s grants nothing while it is paused.") % {"plan": view.plan.name}]
    pause = after.pause
    if after.ends_at is not None and after.ends_at != view.ends_at:
        end = member.formats.end(after.ends_at, near=member.at)
        said.append(gettext("Its end moves to %(day)s.") % {"day": end})
    elif pause is not None and pause.extends and pause.ends_at is None and view.ends_at is not None:
        said.append(gettext("Its end moves by the time that it was paused, when you resume it."))
    elif view.ends_at is not None:
        said.append(gettext("Its end stays %(day)s.") % {"day": member.formats.end(view.ends_at, near=member.at)})
    return said


def _pause_refused(refusal: TesseraError) -> str:
    return {
        "pause_outside_term": gettext("It does not run on that day."),
        "pause_overlaps": gettext("Another pause covers part of that time."),
        "pause_in_past": gettext("A pause begins today or later."),
        "ends_before_start": gettext("The last day is not before the first."),
        "membership_in_grace": gettext("A payment is missing: pay first, then pause."),
    }.get(refusal.code, sentence(refusal.detail))
