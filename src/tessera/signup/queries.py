"""What pages read of signing up. Numbers of queries do not depend on numbers of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from tessera.core import ids
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.signup.errors import QuestionNotFound
from tessera.signup.models import Acceptance, Answer, Question, QuestionPlan, SignupSettings, TermsVersion, Wording
from tessera.signup.types import YES, AskPhone, Kind


@dataclass(frozen=True, slots=True)
class TermsFacts:
    """The terms of today: a text, or where they stand."""

    id: UUID
    number: int
    text: str
    url: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class SettingsFacts:
    """How an organization lets people join by themselves."""

    closed: bool = False
    closed_sentence: str = ""
    terms: TermsFacts | None = None
    privacy_url: str = ""
    powered_by: bool = True
    welcome: str = ""
    ask_phone: AskPhone = AskPhone.NO
    version: int = 1


@dataclass(frozen=True, slots=True)
class QuestionFacts:
    """A question as it is asked now. `plans` are the plans it is asked for; None: all."""

    id: UUID
    kind: Kind
    required: bool
    wording_id: UUID
    number: int
    label: str
    help: str
    choices: tuple[str, ...]
    plans: tuple[UUID, ...] | None
    archived_at: datetime | None
    version: int

    @property
    def ref(self) -> str:
        """Its public id."""
        return ids.to_text(ids.Prefix.QUESTION, self.id)

    def asked_for(self, plan_id: UUID) -> bool:
        """Whether it is asked of whoever joins the plan."""
        return self.archived_at is None and (self.plans is None or plan_id in self.plans)


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What somebody answered to a question in the words of the time. `current`: it says the same today."""

    question_id: UUID
    wording_id: UUID
    kind: Kind
    label: str
    number: int
    value: str
    answered_at: datetime
    current: bool

    @property
    def agreed(self) -> bool:
        return self.kind is Kind.CONSENT and self.value == YES


@dataclass(frozen=True, slots=True)
class AcceptanceFacts:
    """Terms that somebody joined under."""

    number: int
    url: str
    text: str
    accepted_at: datetime


def settings_of(organization: Organization) -> SettingsFacts:
    """Return how the organization lets people join. One query."""
    row = SignupSettings.objects.filter(organization=organization).select_related("terms").first()
    return SettingsFacts() if row is None else settings_facts(row)


def settings_facts(row: SignupSettings) -> SettingsFacts:
    """Return what a row of settings says; its terms should have been read with it."""
    return SettingsFacts(
        closed=row.closed,
        closed_sentence=row.closed_sentence,
        terms=_terms(row.terms) if row.terms is not None else None,
        privacy_url=row.privacy_url,
        powered_by=row.powered_by,
        welcome=row.welcome,
        ask_phone=AskPhone(row.ask_phone),
        version=row.version,
    )


def questions(organization: Organization, *, archived: bool | None = False) -> list[QuestionFacts]:
    """Return what the organization asks, in its order; `archived` None: what it once asked, too. Two queries."""
    rows = _newest(Question.objects.filter(organization=organization))
    if archived is not None:
        rows = rows.filter(archived_at__isnull=not archived)
    return _question_facts(list(rows.order_by("position", "id")))


def question_by_id(organization: Organization, text: str) -> QuestionFacts:
    """Return the question `que_…`. Two or three queries. Raises QuestionNotFound."""
    key = ids.from_text(ids.Prefix.QUESTION, text)
    rows = list(_newest(Question.objects.filter(organization=organization, pk=key))) if key is not None else []
    if not rows:
        raise QuestionNotFound("there is no such question")
    return _question_facts(rows)[0]


def answers_of(customer: Customer) -> list[AnswerFacts]:
    """Return all that the customer ever answered, also as those who were merged into them; the latest first.

    One query.
    """
    newest = Wording.objects.filter(question=OuterRef("wording__question")).order_by("-number").values("pk")[:1]
    rows = (
        Answer.objects.filter(_of(customer), organization=customer.organization_id)
        .select_related("wording__question")
        .annotate(newest=Subquery(newest))
        .order_by("-answered_at", "-id")
    )
    return [
        AnswerFacts(
            question_id=row.wording.question_id,
            wording_id=row.wording_id,
            kind=Kind(row.wording.question.kind),
            label=row.wording.label,
            number=row.wording.number,
            value=row.value,
            answered_at=row.answered_at,
            current=row.newest == row.wording_id,
        )
        for row in rows
    ]


def latest(answers: Sequence[AnswerFacts]) -> dict[UUID, AnswerFacts]:
    """Return the latest answer to each question, of answers in the order of `answers_of`."""
    found: dict[UUID, AnswerFacts] = {}
    for each in answers:
        found.setdefault(each.question_id, each)
    return found


def acceptances_of(customer: Customer) -> list[AcceptanceFacts]:
    """Return the terms that the customer joined under, the latest first. One query."""
    rows = Acceptance.objects.filter(_of(customer), organization=customer.organization_id).select_related("terms")
    return [
        AcceptanceFacts(row.terms.number, row.terms.url, row.terms.text, row.accepted_at)
        for row in rows.order_by("-accepted_at", "-id")
    ]


def _of(customer: Customer) -> Q:
    return Q(customer=customer) | Q(customer__merged_into=customer)


def _newest(rows: QuerySet[Question]) -> QuerySet[Question]:
    wordings = Wording.objects.filter(question=OuterRef("pk")).order_by("-number").values("pk")[:1]
    return rows.annotate(newest=Subquery(wordings))


def _terms(row: TermsVersion) -> TermsFacts:
    return TermsFacts(row.pk, row.number, row.text, row.url, row.made_at)


def _question_facts(rows: Sequence[Question]) -> list[QuestionFacts]:
    wordings = {row.pk: row for row in Wording.objects.filter(pk__in=[row.newest for row in rows])}  # type: ignore[attr-defined]
    some = [row.pk for row in rows if not row.for_all_plans]
    plans: dict[UUID, list[UUID]] = {key: [] for key in some}
    if some:
        pairs = QuestionPlan.objects.filter(question__in=some).order_by("plan__position", "plan_id")
        for question_id, plan_id in pairs.values_list("question_id", "plan_id"):
            plans[question_id].append(plan_id)
    found = []
    for row in rows:
        wording = wordings[row.newest]  # type: ignore[attr-defined]
        found.append(
            QuestionFacts(
                id=row.pk,
                kind=Kind(row.kind),
                required=row.required,
                wording_id=wording.pk,
                number=wording.number,
                label=wording.label,
                help=wording.help,
                choices=tuple(wording.choices),
                plans=None if row.for_all_plans else tuple(plans[row.pk]),
                archived_at=row.archived_at,
                version=row.version,
            )
        )
    return found
