"""The questions that are asked of whoever joins: made, changed, moved, archived and asked again."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from tessera.console import answers
from tessera.console.access import Member, StaffRequest, staff_may
from tessera.console.conflicts import VersionedForm
from tessera.console.once import once
from tessera.core import ids
from tessera.core.errors import TesseraError
from tessera.core.ids import Prefix
from tessera.organizations.rights import Right
from tessera.plans import queries as plans
from tessera.signup import asking, queries
from tessera.signup.queries import QuestionFacts
from tessera.signup.types import Kind, QuestionDetails

KINDS = [
    (Kind.TEXT.value, _("A line of text")),
    (Kind.LONG_TEXT.value, _("A longer text")),
    (Kind.CHOICE.value, _("One of several choices")),
    (Kind.DATE.value, _("A date")),
    (Kind.CONSENT.value, _("Consent: a sentence to agree to")),
]


class QuestionForm(VersionedForm):
    """What is asked, of whom."""

    kind = forms.ChoiceField(label=_("Answered by"), choices=KINDS, help_text=_("Cannot be changed later."))
    label = forms.CharField(
        label=_("Question"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Of a consent: the very sentence that is agreed to. It is kept with each answer."),
    )  # fmt: skip
    help = forms.CharField(label=_("Help below it"), max_length=500, required=False)
    choices = forms.CharField(
        label=_("Choices"), max_length=12_000, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, where it is one of several."),
    )  # fmt: skip
    required = forms.BooleanField(label=_("Has to be answered"), required=False)
    plans = forms.MultipleChoiceField(
        label=_("Asked for"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: for all plans."),
    )  # fmt: skip

    def __init__(self, *args: Any, choices: list[tuple[str, str]], known: bool = False, **options: Any) -> None:
        """`choices` are the plans; `known`: the question exists, and its kind with it."""
        super().__init__(*args, **options)
        self.fields["plans"].choices = choices  # type: ignore[attr-defined]
        if known:
            del self.fields["kind"]

    def details(self) -> QuestionDetails:
        """Return what was told."""
        told = self.cleaned_data
        keys = [key for text in told["plans"] if (key := ids.from_text(Prefix.PLAN, text)) is not None]
        return {
            "label": told["label"],
            "help": told["help"],
            "choices": told["choices"].splitlines(),
            "required": told["required"],
            "plans": keys or None,
        }


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """Ask one more question."""
    staff = request.staff
    form = QuestionForm(answers.sent(request), initial={"kind": Kind.TEXT.value}, choices=_plans(staff))
    if request.method == "POST" and form.is_valid():

        def make() -> str:
            asking.create_question(
                organization=staff.organization,
                kind=Kind(form.cleaned_data["kind"]),
                at=staff.at,
                actor=staff.actor,
                **form.details(),
            )
            return _back(staff)

        try:
            answers.carried_out(lambda: once(request, make))
        except TesseraError as refusal:
            answers.refuse(form, refusal)
        else:
            return answers.done(request, _back(staff), gettext("It is asked from now on."))
    return _form(request, form, title=gettext("Ask a question"), button=gettext("Ask it"))


@staff_may(Right.ORGANIZATION_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, ref: str) -> HttpResponse:
    """Change a question. Answers that were given stay with the words they were given to."""
    staff = request.staff
    known = queries.question_by_id(staff.organization, ref)
    form = QuestionForm(answers.sent(request), initial=_values(known), choices=_plans(staff), known=True)
    if request.method == "POST" and form.is_valid():
        try:
            answers.carried_out(
                lambda: asking.update_question(
                    organization=staff.organization,
                    question_id=known.id,
                    at=staff.at,
                    actor=staff.actor,
                    version=form.cleaned_data["version"],
                    **form.details(),
                )
            )
        except TesseraError as refusal:
            answers.refuse(form, refusal, present=lambda: _values(queries.question_by_id(staff.organization, ref)))
        else:
            return answers.done(request, _back(staff), gettext("Question saved."))
    return _form(
        request, form, title=gettext("Change the question"), button=gettext("Save the question"), kind=str(known.kind)
    )


@staff_may(Right.ORGANIZATION_WRITE)
@require_POST
def move(request: StaffRequest, ref: str) -> HttpResponse:
    """Ask a question one place earlier, or later."""
    staff = request.staff
    known = queries.question_by_id(staff.organization, ref)
    by = -1 if request.POST.get("to") == "earlier" else 1
    answers.carried_out(
        lambda: asking.move_question(
            organization=staff.organization, question_id=known.id, by=by, at=staff.at, actor=staff.actor
        )
    )
    return answers.go(request, _back(staff))


@staff_may(Right.ORGANIZATION_WRITE)
@require_POST
def put_away(request: StaffRequest, ref: str) -> HttpResponse:
    """Ask a question no longer, or again. What was answered stays."""
    staff = request.staff
    known = queries.question_by_id(staff.organization, ref)
    again = request.POST.get("asked") == "yes"
    verb = asking.restore_question if again else asking.archive_question
    answers.carried_out(
        lambda: verb(organization=staff.organization, question_id=known.id, at=staff.at, actor=staff.actor)
    )
    said = gettext("It is asked again.") if again else gettext("It is asked no longer. What was answered stays.")
    return answers.done(request, _back(staff), said)


def _form(request: StaffRequest, form: QuestionForm, **context: object) -> HttpResponse:
    return answers.page(
        request,
        "console/settings/question.html",
        section="signup",
        status=422 if request.method == "POST" else 200,
        form=form,
        action=request.path,
        back=_back(request.staff),
        **context,
    )


def _plans(staff: Member) -> list[tuple[str, str]]:
    rows: list[tuple[UUID, str]] = plans.plan_names(staff.organization, most=500)
    return [(ids.to_text(Prefix.PLAN, key), name) for key, name in rows]


def _values(known: QuestionFacts) -> dict[str, Any]:
    return {
        "label": known.label,
        "help": known.help,
        "choices": "\n".join(known.choices),
        "required": known.required,
        "plans": [ids.to_text(Prefix.PLAN, key) for key in known.plans or ()],
        "version": known.version,
    }


def _back(staff: Member) -> str:
    return reverse("console:signup", args=[staff.organization.slug])
