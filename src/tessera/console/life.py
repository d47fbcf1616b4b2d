"""What a membership's life is made of: stretches of time, each called what it was, is or is booked to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext

from tessera.core.intervals import Span, intersect_all, union
from tessera.memberships.types import Status
from tessera.memberships.views import Life, PauseView, TermView


class Kind(StrEnum):
    """What a stretch is, as it is drawn. A gap is not drawn: nothing was there."""

    WAITING = "waiting"
    TRIAL = "trial"
    TERM = "term"
    BOOKED = "booked"
    GRACE = "grace"
    PAUSE = "pause"
    CUT_OFF = "cut-off"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch [starts_at, ends_at) of a life. `what` says in words what it is, `open_end` why it has no end."""

    kind: Kind
    starts_at: datetime
    ends_at: datetime | None
    what: str
    open_end: str = ""


def stretches(life: Life, at: datetime) -> list[Stretch]:
    """Return what the life is made of, in order of the starts. Pauses lie over the terms that they fall in."""
    found = [*_terms(life, at), *_pauses(life, at)] if life.terms else list(_waiting(life, at))
    return sorted(found, key=lambda each: (each.starts_at, each.kind is Kind.PAUSE))


def _terms(life: Life, at: datetime) -> Iterator[Stretch]:
    over = life.view.ended_at
    before: datetime | None = None
    for term, following in zip(life.terms, [*life.terms[1:], None], strict=True):
        if before is not None and before < term.starts_at and (over is None or before < over):
            yield Stretch(Kind.GAP, before, _earlier(term.starts_at, over), gettext("Nothing held"))
        yield from _term(term, over, at)
        before = term.ends_at
        grace_ends_at = _grace(life, term, following)
        if term.ends_at is not None and grace_ends_at is not None and term.ends_at < grace_ends_at:
            yield Stretch(Kind.GRACE, term.ends_at, grace_ends_at, gettext("Grace, while a payment is awaited"))
            before = grace_ends_at


def _term(term: TermView, over: datetime | None, at: datetime) -> Iterator[Stretch]:
    """Yield a term; parted in two if the membership was ended in it, for its terms stay as booked."""
    plan = {"plan": term.plan.name}
    if over is None or (term.ends_at is not None and term.ends_at <= over):
        lived_until = term.ends_at
    else:
        lived_until = over
        if term.ends_at is not None:
            cut_off = gettext("Booked, and cut off: %(plan)s") % plan
            yield Stretch(Kind.CUT_OFF, max(term.starts_at, over), term.ends_at, cut_off)
    if lived_until is not None and lived_until <= term.starts_at:
        return
    if term.trial:
        kind, what = Kind.TRIAL, gettext("Trial: %(plan)s") % plan
    else:
        kind, what = Kind.TERM, term.plan.name
    if term.starts_at > at:
        kind, what = Kind.BOOKED, gettext("Booked: %(plan)s") % plan
    yield Stretch(kind, term.starts_at, lived_until, what, gettext("no end"))


def _grace(life: Life, term: TermView, following: TermView | None) -> datetime | None:
    """When the grace of a term ended or will; None if it had none. The last one's counts while it still renews."""
    if term.grace_until is None or (following is None and not life.view.renews):
        return None
    until = _earlier(term.grace_until, life.view.ended_at)
    return until if following is None else _earlier(until, following.starts_at)


def _pauses(life: Life, at: datetime) -> Iterator[Stretch]:
    over = life.view.ended_at
    held = union([Span(term.starts_at, term.ends_at) for term in life.terms])
    for pause in life.pauses:
        for span in _paused(pause, held):
            if over is not None and over <= span.starts_at:
                continue
            ends_at = span.ends_at if over is None else _earlier(over, span.ends_at)
            what = gettext("Pause, planned") if span.starts_at > at else gettext("Paused")
            yield Stretch(Kind.PAUSE, span.starts_at, ends_at, what, gettext("until somebody resumes it"))


def _paused(pause: PauseView, held: list[Span]) -> list[Span]:
    """Return when a pause takes something: inside terms, and beyond the one that it began in if it moves its end."""
    whole = Span(pause.starts_at, pause.ends_at)
    reaches_out = pause.extends and any(span.covers(pause.starts_at) for span in held)
    return [whole] if reaches_out else intersect_all([whole], held)


def _waiting(life: Life, at: datetime) -> Iterator[Stretch]:
    """Yield what there is before a first term: the wait for approval or payment, and what was asked for."""
    view = life.view
    asked_for = view.starts_at if view.starts_at is not None and view.starts_at > view.created_at else None
    if view.status is Status.EXPIRED:
        ends_at = _earlier(view.ended_at, view.pending_until) if view.ended_at else view.pending_until
        yield Stretch(Kind.CUT_OFF, view.created_at, ends_at, gettext("Waited, and was never begun"))
        return
    what = gettext("Waits for approval") if "approval" in view.awaiting else gettext("Waits for its payment")
    waits_until = view.pending_until if asked_for is None else _earlier(asked_for, view.pending_until)
    if waits_until is not None and waits_until <= at:  # what was agreed is past: it begins when nothing is awaited
        waits_until, asked_for = None, None
    unknown = gettext("not known yet")
    yield Stretch(Kind.WAITING, view.created_at, waits_until, what, unknown)
    if asked_for is not None:
        asked = gettext("Asked for: %(plan)s") % {"plan": view.plan.name}
        yield Stretch(Kind.BOOKED, asked_for, view.ends_at, asked, unknown)


def _earlier(a: datetime, b: datetime | None) -> datetime:
    return a if b is None else min(a, b)
