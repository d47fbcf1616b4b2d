"""What was typed on a page: read field by field, so that everything wrong is said at once and nothing typed is lost."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext

from tessera.core.errors import TesseraError
from tessera.organizations.formatting import sentence
from tessera.organizations.models import Organization
from tessera.people import details
from tessera.signup import wordings
from tessera.signup.missing import Missing
from tessera.signup.queries import QuestionFacts
from tessera.signup.types import NO, YES, Kind, Told

LONGEST_NAME = 200


@dataclass(slots=True)
class Typed:
    """What was typed and what is wrong with it, by field. `problem` is about no field; `code` names a refusal."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    code: str = ""

    @property
    def wrong(self) -> bool:
        return bool(self.errors or self.problem)

    @property
    def detail(self) -> str:
        """What is wrong, for whoever cannot see the fields: the host of a frame."""
        return self.problem or next(iter(self.errors.values()), "")

    def refuse(self, refusal: TesseraError, text: str = "", *, fields: tuple[str, ...] = ()) -> None:
        """Take a refusal down: at the field that it points at, if that is one of `fields`, else on top."""
        name = (refusal.pointer or "").strip("/").partition("/")[0]
        said = text or sentence(refusal.detail)
        self.code = refusal.code
        if name in fields:
            self.errors[name] = said
        else:
            self.problem = said


def details_of(post: QueryDict, missing: Missing, organization: Organization) -> tuple[Typed, Told]:
    """Read the step that asks for details: what was typed with what is wrong, and what it says where nothing is."""
    typed = Typed()

    def read(name: str, check: Callable[[str], str], wrong: str = "") -> str:
        given = post.get(name, "")
        typed.values[name] = given[:10_000]
        try:
            return check(given)
        except TesseraError as refusal:
            typed.errors[name] = _said(refusal, wrong)
            return ""

    first = read("first_name", lambda text: _name(text, "first_name")) if missing.name else None
    last = read("last_name", lambda text: _name(text, "last_name")) if missing.name else None
    phone = read("phone", lambda text: _phone(text, organization)) if missing.phone else None
    if "first_name" in typed.values and not first and "first_name" not in typed.errors:
        typed.errors["first_name"] = gettext("Your first name is needed.")
    if missing.phone_required and not phone and "phone" not in typed.errors:
        typed.errors["phone"] = gettext("A phone number is needed.")
    answers = []
    for each in missing.questions:
        given = read(each.ref, lambda text, each=each: wordings.answer(text, each), _wrong(each))  # type: ignore[misc]
        if each.ref not in typed.errors:
            answers.append((each.id, given))
    return typed, Told(first_name=first, last_name=last, phone=phone or None, answers=tuple(answers))


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as a field of a page."""

    name: str
    kind: str
    label: str
    help: str
    required: bool
    choices: tuple[str, ...]
    value: str
    error: str


def asked(question: QuestionFacts, typed: Typed) -> Asked:
    """Return a question with what was typed, and what is wrong with it."""
    value = typed.values.get(question.ref, "")
    if question.kind is Kind.CONSENT:
        value = YES if value == YES else NO
    return Asked(
        question.ref,
        str(question.kind),
        question.label,
        question.help,
        question.required,
        question.choices,
        value,
        typed.errors.get(question.ref, ""),
    )


def _name(given: str, name: str) -> str:
    return details.text(given, pointer=f"/{name}", longest=LONGEST_NAME)


def _phone(given: str, organization: Organization) -> str:
    if not given.strip():
        return ""
    return details.phone(given, region=details.region_of(organization.locale), pointer="/phone")


def _wrong(question: QuestionFacts) -> str:
    """What is said of an answer that does not fit."""
    if question.kind is Kind.CHOICE:
        return gettext("Choose one of these.")
    if question.kind is Kind.DATE:
        return gettext("This is no date such as 2026-01-31.")
    most = wordings.LONGEST_ANSWER.get(question.kind, LONGEST_NAME)
    return gettext("At most %(count)s characters, as plain text.") % {"count": most}


def _said(refusal: TesseraError, wrong: str) -> str:
    """What a refusal says to a visitor, in their language."""
    known = {
        "answer_missing": gettext("This is needed."),
        "answer_invalid": wrong,
        "text_invalid": gettext("At most %(count)s characters, in one line.") % {"count": LONGEST_NAME},
        "phone_invalid": gettext("This is no phone number. Begin with + and the country code, as in +44 20 7946 0000."),
    }
    return known.get(refusal.code) or sentence(refusal.detail)
