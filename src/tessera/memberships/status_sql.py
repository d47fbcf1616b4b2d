"""Status as SQL: the twin of `status.py`, for lists and counts. A property test proves that they agree.

It is text, because every list asks for it, and Django needs longer to put it together than databases to answer it.
Texts speak of columns by place, of a membership's `_COLUMNS`, or by name of a row `m`; `{at}` is the instant.
"""

from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.models import CharField, QuerySet, UUIDField

from tessera.db.written import Written
from tessera.memberships.models import Membership
from tessera.memberships.types import Status

_COLUMNS: Final = ("pk", "ended_at", "pending_until", "renews", "next_plan_id")


def covering_sql(row: str) -> str:
    """Return the condition that the interval of `row` covers `{at}`: the twin of `affiliations.covering`."""
    return f"{row}.starts_at <= {{at}} AND ({row}.ends_at IS NULL OR {row}.ends_at > {{at}})"


# Terms do not overlap: who starts last ends last. The order is that of the index, so PostgreSQL takes this one and not
# that of `NoOverlap`, which is four times as slow; `OFFSET 0` keeps it from reading everybody's rows for one.
_ANY: Final = "LIMIT 1 OFFSET 0"
_LAST: Final = f"ORDER BY {{0}}.starts_at DESC {_ANY}"


def _terms(alias: str, key: str) -> str:
    return f"SELECT 1 FROM memberships_term {alias} WHERE {alias}.membership_id = {key}"


class _Of:
    """What is asked of one membership, whose columns have these names."""

    def __init__(self, key: str, ended_at: str, pending_until: str, renews: str, next_plan: str) -> None:
        some = f"EXISTS ({_terms('ts', key)} {_ANY})"
        covered = f"EXISTS ({_terms('tc', key)} AND {covering_sql('tc')} {_LAST.format('tc')})"
        ahead = f"EXISTS ({_terms('ta', key)} AND ta.starts_at > {{at}} {_ANY})"
        inside = (
            f"EXISTS ({_terms('tb', 'p.membership_id')} AND tb.starts_at <= p.starts_at"
            f" AND (tb.ends_at IS NULL OR tb.ends_at > p.starts_at) {_LAST.format('tb')})"
        )
        paused = (
            f"EXISTS (SELECT 1 FROM memberships_pause p WHERE p.membership_id = {key} AND {covering_sql('p')}"
            f" AND ({covered} OR (p.extends AND {inside})) {_LAST.format('p')})"
        )
        last_ended = "FROM memberships_term te WHERE te.membership_id = {key} AND te.ends_at <= {at}"
        last_ended = last_ended.replace("{key}", key) + " " + _LAST.format("te")
        unpaid = f"({renews} AND COALESCE((SELECT te.grace_until {last_ended}) > {{at}}, false))"
        ended = f"({ended_at} IS NOT NULL AND {ended_at} <= {{at}})"
        given_up = f"({pending_until} IS NOT NULL AND {pending_until} <= {{at}})"
        gone = f"NOT {covered} AND NOT {unpaid} AND NOT {ahead}"  # of one with terms, and not paused
        self.grace = f"(NOT {ended} AND {unpaid} AND NOT {covered} AND NOT {paused})"
        self.is_ = {
            Status.PENDING: f"(NOT {ended} AND NOT {given_up} AND NOT {some})",
            Status.PAUSED: f"(NOT {ended} AND {paused})",
            Status.ACTIVE: f"(NOT {ended} AND ({covered} OR {unpaid}) AND NOT {paused})",
            Status.SCHEDULED: f"(NOT {ended} AND {ahead} AND NOT {covered} AND NOT {unpaid} AND NOT {paused})",
            Status.EXPIRED: f"({ended} OR ({gone} AND NOT {paused} AND ({given_up} OR {some})))",
        }
        self.status = (
            f"CASE WHEN {ended} THEN 'expired' WHEN NOT {some} THEN CASE WHEN {given_up} THEN 'expired'"
            f" ELSE 'pending' END WHEN {paused} THEN 'paused' WHEN {covered} OR {unpaid} THEN 'active'"
            f" WHEN {ahead} THEN 'scheduled' ELSE 'expired' END"
        )
        self.plan = (
            f"COALESCE((SELECT tc.plan_id {_terms('tc', key)[len('SELECT 1 ') :]} AND {covering_sql('tc')}"
            f" {_LAST.format('tc')}),"
            f" (SELECT te.plan_id {last_ended}), (SELECT tf.plan_id FROM memberships_term tf"
            f" WHERE tf.membership_id = {key} ORDER BY tf.starts_at LIMIT 1), {next_plan})"
        )


_HERE: Final = _Of("{0}", "{1}", "{2}", "{3}", "{4}")
_OF_M: Final = _Of("m.id", "m.ended_at", "m.pending_until", "m.renews", "m.next_plan_id")

STATUS_OF_M: Final = _OF_M.is_
"""For each status the condition that a membership `m` is of it at `{at}`, inside a text of SQL."""
GRACE_OF_M: Final = _OF_M.grace
"""The condition that `m` is in grace at `{at}`."""
PLAN_OF_M: Final = _OF_M.plan
"""The key of the plan that `m` is of at `{at}`."""


def with_status(memberships: QuerySet[Membership], at: datetime) -> QuerySet[Membership]:
    """Return the memberships with `status_at` and `in_grace_at`, as they are at `at`.

    In each row it costs at most six look-ups in the indexes of its own terms and pauses.
    """
    return memberships.annotate(
        status_at=Written(_HERE.status, *_COLUMNS, kind=CharField(), at=instant(at)), in_grace_at=is_in_grace(at)
    )


def with_plan(memberships: QuerySet[Membership], at: datetime) -> QuerySet[Membership]:
    """Return the memberships with `plan_at`: the key of the plan that each is of at `at` (`status.term_held`)."""
    return memberships.annotate(plan_at=Written(_HERE.plan, *_COLUMNS, kind=UUIDField(), at=instant(at)))


def is_of(status: Status, at: datetime) -> Written:
    """Return the condition that a membership is of the status at `at`: dearer to read than `with_status`, not to ask.

    What can be told without looking at terms is asked first.
    """
    return Written(_HERE.is_[status], *_COLUMNS, at=instant(at))


def is_in_grace(at: datetime) -> Written:
    """Return the condition that a membership is in grace at `at`."""
    return Written(_HERE.grace, *_COLUMNS, at=instant(at))


def instant(at: datetime) -> Any:
    """Return the instant as the database's driver takes it."""
    return connection.ops.adapt_datetimefield_value(at)
