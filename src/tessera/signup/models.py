from django.db import models

from tessera.core.ids import new_id
from tessera.organizations.models import Organization
from tessera.people.erasure import Kept, keep
from tessera.people.models import Customer
from tessera.plans.models import Plan
from tessera.signup.types import AskPhone, Kind


class TermsVersion(models.Model):
    """The terms as they were from `made_at` on: their text, or where they stand. Never edited."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="terms_number_once", fields=["organization", "number"])]

    def __str__(self) -> str:
        return f"terms {self.number}"


class SignupSettings(models.Model):
    """How an organization lets people join by themselves. One that has no row has the defaults."""

    organization = models.OneToOneField(Organization, models.PROTECT, primary_key=True, related_name="+")
    closed = models.BooleanField(default=False)
    closed_sentence = models.CharField(max_length=500, blank=True)
    terms = models.ForeignKey(TermsVersion, models.PROTECT, null=True, related_name="+")  # those of today
    privacy_url = models.CharField(max_length=2000, blank=True)
    powered_by = models.BooleanField(default=True)
    welcome = models.CharField(max_length=1000, blank=True)
    ask_phone = models.CharField(max_length=10, choices=[(each, each) for each in AskPhone], default=AskPhone.NO)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"signing up at {self.organization_id}"


class Question(models.Model):
    """Something of its own that an organization asks of whoever joins. What it says is in its newest wording."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=[(each, each) for each in Kind])
    required = models.BooleanField(default=False)
    for_all_plans = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    plans = models.ManyToManyField(Plan, through="QuestionPlan", related_name="+")

    class Meta:
        indexes = [models.Index(name="question_in_order", fields=["organization", "position", "id"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class QuestionPlan(models.Model):
    """A question is asked of whoever joins this plan."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="+")
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(name="question_plan_once", fields=["question", "plan"])]

    def __str__(self) -> str:
        return f"{self.question_id} {self.plan_id}"


class Wording(models.Model):
    """What a question said from `made_at` on, the highest number being what it says now. Never edited."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    question = models.ForeignKey(Question, models.CASCADE, related_name="wordings")
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=1000)  # of a consent: the very sentence that is agreed to
    help = models.CharField(max_length=500, blank=True)
    choices = models.JSONField(default=list)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="wording_number_once", fields=["question", "number"])]

    def __str__(self) -> str:
        return self.label


class Answer(models.Model):
    """What a customer answered to a wording, and when. A later answer is a further row: consents are evidence."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    wording = models.ForeignKey(Wording, models.PROTECT, related_name="+")
    value = models.TextField(blank=True)  # a date as 2026-01-31, a consent as yes or no; empty: left empty
    answered_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="answer_of_customer", fields=["customer", "id"])]

    def __str__(self) -> str:
        return str(self.id)


class Acceptance(models.Model):
    """A customer joined under these terms."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    terms = models.ForeignKey(TermsVersion, models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="terms_accepted_once", fields=["customer", "terms"])]

    def __str__(self) -> str:
        return str(self.id)


keep(
    Kept(Acceptance),  # that, and when, terms were agreed to: evidence that names nobody
    Kept(Answer, only=models.Q(wording__question__kind=Kind.CONSENT)),  # likewise: yes or no
)
