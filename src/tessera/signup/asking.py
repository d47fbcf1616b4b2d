"""The questions that an organization asks of whoever joins: made, reworded, put in order, archived."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final, Unpack
from uuid import UUID

from django.db.models import F, Max

from tessera import db
from tessera.core import ids
from tessera.core.ids import new_id
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import versions
from tessera.organizations.models import Organization
from tessera.plans.models import Plan
from tessera.signup import queries, wordings
from tessera.signup.errors import QuestionInvalid, QuestionNotFound, TooManyQuestions
from tessera.signup.models import Question, QuestionPlan, Wording
from tessera.signup.queries import QuestionFacts
from tessera.signup.types import Kind, QuestionDetails

MOST_QUESTIONS: Final = 50


def create_question(
    *, organization: Organization, kind: Kind, at: datetime, actor: Actor, **given: Unpack[QuestionDetails]
) -> QuestionFacts:
    """Ask one more question, after those there are; optional and for all plans unless told.

    Raises QuestionInvalid; TooManyQuestions.
    """
    label = wordings.label(given.get("label", ""))
    help_text = wordings.help_text(given.get("help", ""))
    choices = wordings.choices(given.get("choices", ()), kind)
    with db.transaction():
        _one_at_a_time(organization)
        rows = Question.objects.filter(organization=organization)
        if rows.filter(archived_at=None).count() >= MOST_QUESTIONS:
            raise TooManyQuestions(said("at most {most} questions are asked; archive one first", most=MOST_QUESTIONS))
        last = rows.aggregate(last=Max("position"))["last"]
        plans = given.get("plans")
        row = Question(
            id=new_id(),
            organization=organization,
            kind=kind,
            required=given.get("required", False),
            for_all_plans=plans is None,
            position=0 if last is None else last + 1,
            created_at=at,
        )
        row.save(force_insert=True)
        _put_plans(row, plans)
        _word(row, 1, label, help_text, choices, at)
        _record(EventType.QUESTION_CREATED, row, at, actor)
    return _facts(row)


def update_question(
    *,
    organization: Organization,
    question_id: UUID,
    at: datetime,
    actor: Actor,
    version: int | None = None,
    **given: Unpack[QuestionDetails],
) -> QuestionFacts:
    """Change a question and return it. What it says anew is a new wording; answers stay with the one they were to.

    Its kind never changes. Nothing new writes nothing. Raises QuestionNotFound, QuestionInvalid, VersionStale.
    """
    with db.transaction():
        row = _locked(organization, question_id)
        versions.check(row.version, version)
        was = _facts(row)
        label = wordings.label(given["label"]) if "label" in given else was.label
        help_text = wordings.help_text(given["help"]) if "help" in given else was.help
        choices = wordings.choices(given["choices"], was.kind) if "choices" in given else list(was.choices)
        fields = []
        if (label, help_text, choices) != (was.label, was.help, list(was.choices)):
            fields.append("wording")
            _word(row, was.number + 1, label, help_text, choices, at)
        if "required" in given and given["required"] != was.required:
            fields.append("required")
            row.required = given["required"]
        if "plans" in given and _differ(given["plans"], was.plans):
            fields.append("plans")
            row.for_all_plans = given["plans"] is None
            _put_plans(row, given["plans"])
        if fields:
            Question.objects.filter(pk=row.pk).update(
                required=row.required, for_all_plans=row.for_all_plans, version=F("version") + 1
            )
            _record(EventType.QUESTION_UPDATED, row, at, actor, fields=fields)
    return _facts(row)


def archive_question(*, organization: Organization, question_id: UUID, at: datetime, actor: Actor) -> QuestionFacts:
    """Ask it no longer. Answers stay. One that is archived stays as it is. Raises QuestionNotFound."""
    return _put_away(organization, question_id, at, EventType.QUESTION_ARCHIVED, actor, at)


def restore_question(*, organization: Organization, question_id: UUID, at: datetime, actor: Actor) -> QuestionFacts:
    """Ask it again. One that is asked stays as it is. Raises QuestionNotFound, TooManyQuestions."""
    return _put_away(organization, question_id, None, EventType.QUESTION_RESTORED, actor, at)


def move_question(*, organization: Organization, question_id: UUID, by: int, at: datetime, actor: Actor) -> None:
    """Ask it so many places later (earlier, if `by` is negative) among those that are asked.

    Raises QuestionNotFound. At the end it stays there, and nothing is written.
    """
    with db.transaction():
        # In the order that they have once they are locked, which may be another than that in which they were found.
        found = Question.objects.filter(organization=organization, archived_at=None).select_for_update(no_key=True)
        rows = sorted(found.order_by("id"), key=attrgetter("position", "id"))
        place = next((n for n, row in enumerate(rows) if row.pk == question_id), None)
        if place is None:
            raise QuestionNotFound("there is no such question")
        row = rows.pop(place)
        to = max(0, min(len(rows), place + by))
        rows.insert(to, row)
        if to == place:
            return
        for position, each in enumerate(rows):
            if each.position != position:
                Question.objects.filter(pk=each.pk).update(position=position)
        _record(EventType.QUESTION_UPDATED, row, at, actor, fields=["position"])


def _put_away(
    organization: Organization,
    question_id: UUID,
    archived_at: datetime | None,
    event: EventType,
    actor: Actor,
    at: datetime,
) -> QuestionFacts:
    with db.transaction():
        _one_at_a_time(organization)
        row = _locked(organization, question_id)
        if (row.archived_at is None) != (archived_at is None):
            asked = Question.objects.filter(organization=organization, archived_at=None).count()
            if archived_at is None and asked >= MOST_QUESTIONS:
                raise TooManyQuestions(
                    said("at most {most} questions are asked; archive one first", most=MOST_QUESTIONS)
                )
            Question.objects.filter(pk=row.pk).update(archived_at=archived_at, version=F("version") + 1)
            _record(event, row, at, actor)
    return _facts(row)


def _one_at_a_time(organization: Organization) -> None:
    """Questions that are asked are counted, then there is one more."""
    db.one_at_a_time(str(organization.pk), "questions")


def _locked(organization: Organization, question_id: UUID) -> Question:
    row = Question.objects.filter(organization=organization, pk=question_id).select_for_update(no_key=True).first()
    if row is None:
        raise QuestionNotFound("there is no such question")
    row.organization = organization
    return row


def _facts(row: Question) -> QuestionFacts:
    return queries.question_by_id(row.organization, ids.to_text(ids.Prefix.QUESTION, row.pk))


def _word(row: Question, number: int, label: str, help_text: str, choices: Sequence[str], at: datetime) -> None:
    Wording(
        id=new_id(), question=row, number=number, label=label, help=help_text, choices=list(choices), made_at=at
    ).save(force_insert=True)


def _put_plans(row: Question, plans: Sequence[UUID] | None) -> None:
    wanted = set(plans or ())
    known = set(Plan.objects.filter(organization_id=row.organization_id, pk__in=wanted).values_list("pk", flat=True))
    if known != wanted:
        raise QuestionInvalid("there is no such plan", pointer="/plans")
    if plans is not None and not wanted:
        raise QuestionInvalid("choose the plans it is asked for, or all", pointer="/plans")
    QuestionPlan.objects.filter(question=row).delete()
    QuestionPlan.objects.bulk_create(QuestionPlan(question=row, plan_id=key) for key in sorted(wanted))


def _differ(plans: Sequence[UUID] | None, was: Sequence[UUID] | None) -> bool:
    if plans is None or was is None:
        return plans is not was
    return set(plans) != set(was)


def _record(what: EventType, row: Question, at: datetime, actor: Actor, **data: object) -> None:
    events.record(
        events.Happened(
            organization_id=row.organization_id,
            type=what,
            at=at,
            actor=actor,
            data={"question": ids.to_text(ids.Prefix.QUESTION, row.pk), **data},
        )
    )
