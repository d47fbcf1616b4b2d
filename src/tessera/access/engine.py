"""The decision: may this customer, at this instant, and why (2-domain, "Decision").

Every source that may grant (own memberships, and those of companies through an affiliation) becomes the spans of time
in which it grants, by the one definition of status; the answer, its winner and `valid_until` are read off those.
Nothing on the server remembers a decision, and a decision writes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from tessera.access import facts, plain, seats
from tessera.access.facts import Question, RowId, SourceRow, Standing, TermRow, key_of
from tessera.access.misses import nearest_miss
from tessera.access.types import Asked, Decision, Reason, Source
from tessera.core.intervals import Span, flips_at, intersect_all, union
from tessera.memberships.status import TermFact, granting_spans, last_ended, term_covering
from tessera.people.types import CustomerStatus

_LAST: Final = datetime.max.replace(tzinfo=UTC)
_MERGES: Final = 8  # how far a chain of merged customers is followed


def decide(*, organization_id: UUID, customer_id: UUID | None, asked: Asked, at: datetime) -> Decision:
    """Return whether the customer may what is asked at `at`, why, and until when that holds if only time passes.

    `asked` is a permission's key or a Target. A customer that was merged into another is that other one. Permissions,
    what plans grant, bans and numbers of seats are read as they are now; only intervals as of `at`.
    """
    if customer_id is None:
        return refusal(Reason.CUSTOMER_UNKNOWN, at)
    rows = facts.fetch(organization_id, customer_id, asked)
    decision = plain.decision(rows, at)
    if decision is not None:
        return decision
    standing = facts.standing(rows)
    if standing.merged_into is not None:
        standing = standing_of(organization_id=organization_id, customer_id=customer_id, asked=asked)
    return judge(standing, standing.question, at)


def standing_of(*, organization_id: UUID, customer_id: UUID, asked: Asked | None) -> Standing:
    """Return what decisions about the customer rest on; of one that was merged into another, what that other has."""
    standing = facts.read(organization_id=organization_id, customer_id=customer_id, asked=asked)
    for _ in range(_MERGES):
        if standing.merged_into is None:
            break
        customer_id = key_of(standing.merged_into)
        standing = facts.read(organization_id=organization_id, customer_id=customer_id, asked=asked)
    return standing


def judge(standing: Standing, question: Question, at: datetime) -> Decision:
    """Return the decision at `at`. One `standing` answers any number of questions, at one instant."""
    known, granting = question.known, question.granting
    if standing.status != CustomerStatus.ACTIVE:
        return refusal(_UNWELCOME[standing.status], at, permission=known)
    if known is None:
        return refusal(Reason.PERMISSION_UNKNOWN, at)
    every = [(source, _spans(source, granting, at)) for source in standing.sources]
    winner: tuple[bool, datetime, SourceRow] | None = None
    for source, spans in every:
        for span in spans:
            if span.starts_at <= at and (span.ends_at is None or at < span.ends_at):
                candidate = (source.affiliation is None, span.ends_at or _LAST, source)
                if winner is None or _beats(candidate, winner):
                    winner = candidate
    together = every[0][1] if len(every) == 1 else union([span for _, spans in every for span in spans])
    flips = flips_at(together, at)
    if winner is None:
        return nearest_miss(every, known=known, granting=granting, at=at, valid_until=flips)
    source = winner[2]
    term = term_covering(source.terms, at)
    in_grace = term is None
    if term is None:
        term = last_ended(source.terms, at)
    assert isinstance(term, TermRow)
    affiliation = source.affiliation
    return Decision(
        True,
        Reason.IN_GRACE if in_grace else Reason.GRANTED,
        granting[term.plan_id],
        key_of(source.id),
        key_of(term.plan_id),
        term.plan_name,
        Source.OWN if affiliation is None else Source.COMPANY,
        None if affiliation is None else key_of(affiliation.company_id),
        "" if affiliation is None else affiliation.company_name,
        in_grace,
        None,
        flips,
        at,
    )


def refusal(reason: Reason, at: datetime, *, permission: str | None = None) -> Decision:
    """Return a refusal that time alone does not change and that no membership has a part in."""
    return Decision(False, reason, permission, None, None, "", None, None, "", False, None, None, at)


def _spans(source: SourceRow, granting: Mapping[RowId, str], at: datetime) -> list[Span]:
    """Return when the source grants, if only time passes; of seats, only from `at` on."""
    affiliation = source.affiliation
    limits = {term.seats for term in source.terms if term.plan_id in granting}
    if not limits:
        return []
    status_facts = source.status_facts()
    if affiliation is None:
        return granting_spans(status_facts, lambda term: isinstance(term, TermRow) and term.plan_id in granting)
    if affiliation.ends_at is not None and affiliation.ends_at <= max(at, affiliation.starts_at):
        return []  # over, or taken back in the very instant it began
    belonging = [Span(affiliation.starts_at, affiliation.ends_at)]
    found: list[Span] = []
    for limit in limits:
        spans = intersect_all(granting_spans(status_facts, _granted_with(granting, limit)), belonging)
        if limit is not None and spans:
            spans = intersect_all(spans, seats.free_spans(affiliation, seats=limit, at=at))
        found += spans
    return union(found) if len(limits) > 1 else found


def _granted_with(granting: Mapping[RowId, str], limit: int | None) -> Callable[[TermFact], bool]:
    """Return which terms grant what is asked with this number of seats: plans of one membership may differ in it."""
    return lambda term: isinstance(term, TermRow) and term.plan_id in granting and term.seats == limit


def _beats(one: tuple[bool, datetime, SourceRow], other: tuple[bool, datetime, SourceRow]) -> bool:
    """Own before company, then the longest, then the oldest."""
    if one[:2] != other[:2]:
        return one[:2] > other[:2]
    return str(one[2].id) < str(other[2].id)


_UNWELCOME: Final[Mapping[str | None, Reason]] = {
    None: Reason.CUSTOMER_UNKNOWN,
    CustomerStatus.BANNED: Reason.CUSTOMER_BANNED,
    CustomerStatus.ARCHIVED: Reason.CUSTOMER_ARCHIVED,
}
