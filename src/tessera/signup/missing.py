"""What an organization still has to be told by somebody before they can join a plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from tessera.organizations.models import Organization
from tessera.people.models import Customer, CustomerPhone
from tessera.plans.models import Plan
from tessera.signup import queries
from tessera.signup.queries import AnswerFacts, QuestionFacts, SettingsFacts
from tessera.signup.types import AskPhone, Kind


@dataclass(frozen=True, slots=True)
class Missing:
    """What is to be asked. `phone`: there is none, and it is asked for; `phone_required`: it cannot be left out."""

    name: bool
    phone: bool
    phone_required: bool
    questions: tuple[QuestionFacts, ...]

    def __bool__(self) -> bool:
        """Whether somebody has to be asked at all: an optional phone number alone is no reason to."""
        return self.name or self.phone_required or bool(self.questions)


def missing(organization: Organization, customer: Customer, plan: Plan, settings: SettingsFacts) -> Missing:
    """Return what is to be asked of the customer before they join the plan. At most five queries."""
    asked = [each for each in queries.questions(organization) if each.asked_for(plan.pk)]
    answered = queries.latest(queries.answers_of(customer)) if asked else {}
    wants_phone = settings.ask_phone is not AskPhone.NO
    no_phone = wants_phone and not CustomerPhone.objects.filter(customer=customer).exists()
    return Missing(
        name=not (customer.first_name or customer.display_name),
        phone=no_phone,
        phone_required=no_phone and settings.ask_phone is AskPhone.REQUIRED,
        questions=tuple(each for each in asked if not _settled(each, answered.get(each.id))),
    )


def _settled(question: QuestionFacts, answer: AnswerFacts | None) -> bool:
    """A consent counts for the words it was given to; an answer stays true when a question is put differently."""
    if answer is None:
        return False
    if question.kind is Kind.CONSENT:
        return answer.wording_id == question.wording_id and (answer.agreed or not question.required)
    if question.kind is Kind.CHOICE and answer.value and answer.value not in question.choices:
        return False
    return bool(answer.value) or not question.required


def refs(questions: Sequence[QuestionFacts]) -> list[str]:
    """Return the public ids of questions."""
    return [each.ref for each in questions]
