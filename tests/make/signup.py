"""What an organization asks of whoever joins, and what it says."""

from collections.abc import Sequence
from datetime import datetime

from tessera.organizations.models import Organization
from tessera.plans.models import Plan
from tessera.signup.models import Question, QuestionPlan, SignupSettings, TermsVersion, Wording
from tessera.signup.types import AskPhone, Kind
from tests.make.basics import JAN_10, serials


def question(
    club: Organization,
    label: str = "How did you hear of us?",
    *,
    kind: Kind = Kind.TEXT,
    required: bool = False,
    choices: Sequence[str] = (),
    plans: Sequence[Plan] = (),
    archived_at: datetime | None = None,
) -> Question:
    """A question in its first wording, for all plans unless some are named."""
    row = Question.objects.create(
        organization=club,
        kind=kind,
        required=required,
        for_all_plans=not plans,
        position=next(serials),
        archived_at=archived_at,
        created_at=JAN_10,
    )
    QuestionPlan.objects.bulk_create(QuestionPlan(question=row, plan=plan) for plan in plans)
    Wording.objects.create(question=row, number=1, label=label, choices=list(choices), made_at=JAN_10)
    return row


def signup_settings(
    club: Organization,
    *,
    closed: bool = False,
    closed_sentence: str = "",
    terms: str = "",
    terms_url: str = "",
    powered_by: bool = True,
    welcome: str = "",
    ask_phone: AskPhone = AskPhone.NO,
) -> SignupSettings:
    """How people may join; the terms are their first version."""
    version = None
    if terms or terms_url:
        version = TermsVersion.objects.create(organization=club, number=1, text=terms, url=terms_url, made_at=JAN_10)
    return SignupSettings.objects.create(
        organization=club,
        closed=closed,
        closed_sentence=closed_sentence,
        terms=version,
        powered_by=powered_by,
        welcome=welcome,
        ask_phone=ask_phone,
    )
