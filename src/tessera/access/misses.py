"""Why not: of all that did not grant, the nearest miss (2-domain, "Decision")."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from tessera.access.facts import RowId, SourceRow, TermRow, key_of
from tessera.access.types import Decision, Reason, Source
from tessera.core.intervals import Span
from tessera.memberships.status import State, state_at, term_held
from tessera.memberships.types import EndedReason, Status

_NEAREST_FIRST: Final = tuple(Reason)
_FAR: Final = timedelta.max


class _Miss(NamedTuple):
    reason: Reason
    source: SourceRow
    plan: tuple[RowId, str]
    happens_at: datetime | None  # when the reason began or is to pass; null: nobody knows


def nearest_miss(
    sources: Sequence[tuple[SourceRow, list[Span]]],
    *,
    known: str,
    granting: Mapping[RowId, str],
    at: datetime,
    valid_until: datetime | None,
) -> Decision:
    """Return the refusal for the source that came nearest: by reason, then in time, then as winners are chosen.

    `sources` come with the spans in which they grant, none of which covers `at`. A membership counts with the plan it
    is of at `at`; one that is to grant later counts as scheduled from then on, the current plan aside.
    """
    misses = [miss for source, spans in sources if (miss := _miss(source, spans, granting, at)) is not None]
    if not misses:
        return Decision(
            False, Reason.NOT_IN_ANY_PLAN, known, None, None, "", None, None, "", False, None, valid_until, at
        )
    nearest = min(misses, key=lambda miss: _order(miss, at))
    affiliation = nearest.source.affiliation
    plan_id, plan_name = nearest.plan
    return Decision(
        allow=False,
        reason=nearest.reason,
        permission=granting[plan_id],
        membership_id=key_of(nearest.source.id),
        plan_id=key_of(plan_id),
        plan_name=plan_name,
        source=Source.OWN if affiliation is None else Source.COMPANY,
        company_id=None if affiliation is None else key_of(affiliation.company_id),
        company_name="" if affiliation is None else affiliation.company_name,
        in_grace=False,
        happens_at=nearest.happens_at,
        valid_until=valid_until,
        evaluated_at=at,
    )


def _order(miss: _Miss, at: datetime) -> tuple[int, timedelta, bool, str]:
    distance = _FAR if miss.happens_at is None else abs(miss.happens_at - at)
    return _NEAREST_FIRST.index(miss.reason), distance, miss.source.affiliation is not None, str(miss.source.id)


def _miss(source: SourceRow, spans: list[Span], granting: Mapping[RowId, str], at: datetime) -> _Miss | None:
    """Return why this source does not grant at `at`, or None if what is asked is not its plan's at all."""
    affiliation = source.affiliation
    state = state_at(source.status_facts(), at)
    plan = _plan(source, state, at)
    ours = plan is not None and plan[0] in granting
    if affiliation is not None and affiliation.ends_at is not None and affiliation.ends_at <= at:
        return _Miss(Reason.AFFILIATION_ENDED, source, plan, affiliation.ends_at) if plan and ours else None
    joined = affiliation is None or affiliation.starts_at <= at
    begins_at = next((span.starts_at for span in spans if span.starts_at > at), None)
    if plan and ours and joined:
        if state.status is Status.PAUSED and state.pause is not None:
            return _Miss(Reason.MEMBERSHIP_PAUSED, source, plan, state.pause.ends_at)
        if state.status is Status.ACTIVE:
            return _Miss(Reason.SEAT_LIMIT_REACHED, source, plan, begins_at)
        if state.status is Status.PENDING:
            return _Miss(Reason.MEMBERSHIP_PENDING, source, plan, source.pending_until)
    if begins_at is not None:
        return _Miss(Reason.MEMBERSHIP_SCHEDULED, source, _plan_from(source, granting, begins_at), begins_at)
    if plan and ours and joined and state.status in (Status.EXPIRED, Status.SCHEDULED):
        return _expired(source, state, plan, at)
    return None


def _plan(source: SourceRow, state: State, at: datetime) -> tuple[RowId, str] | None:
    """Return the plan that the membership is of; of one that somebody ended, the plan it was of then."""
    if state.status is Status.EXPIRED and source.ended_at is not None:
        at = source.ended_at
    elif isinstance(state.term, TermRow):
        return state.term.plan_id, state.term.plan_name
    held = term_held(source.terms, at)
    if isinstance(held, TermRow):
        return held.plan_id, held.plan_name
    return source.next_plan


def _plan_from(source: SourceRow, granting: Mapping[RowId, str], begins_at: datetime) -> tuple[RowId, str]:
    """Return the plan under which the source begins to grant at `begins_at`."""
    term = next(each for each in reversed(source.terms) if each.starts_at <= begins_at and each.plan_id in granting)
    return term.plan_id, term.plan_name


def _expired(source: SourceRow, state: State, plan: tuple[RowId, str], at: datetime) -> _Miss | None:
    """Return a miss by expiry, and when that was; None for a membership whose first term is still to come."""
    if source.ended_at is not None and source.ended_at <= at:
        ended_at: datetime | None = source.ended_at
    elif state.reason is EndedReason.ABANDONED:
        ended_at = source.pending_until
    else:
        ends = [term.ends_at for term in source.terms if term.ends_at is not None and term.ends_at <= at]
        if not ends:
            return None
        ended_at = max(ends)
    return _Miss(Reason.MEMBERSHIP_EXPIRED, source, plan, ended_at)
