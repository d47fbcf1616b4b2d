"""Signing up, from the side of staff: settings, questions, what is copied into a website, what somebody answered."""

import html

import pytest
from django.utils import timezone

from tessera.events.models import Event
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.plans.types import Audience, Visibility
from tessera.signup import queries
from tessera.signup.models import Acceptance, Answer, Question, Wording
from tessera.signup.types import AskPhone, Kind
from tests import make
from tests.console.visitor import Visitor, ref, working_for

pytestmark = pytest.mark.django_db
SETTINGS = {
    "closed_sentence": "",
    "terms_url": "",
    "terms_text": "",
    "privacy_url": "",
    "ask_phone": "no",
    "welcome": "",
    "powered_by": "on",
    "version": "1",
}


def test_the_owner_says_how_people_join_and_each_new_text_is_a_new_version_of_the_terms(
    club: Organization, owner: Visitor
) -> None:
    assert owner.post("signup", **{**SETTINGS, "terms_text": "Be kind.", "ask_phone": "required"}).status == 302
    first = queries.settings_of(club)
    assert (first.terms.number, first.terms.text, first.ask_phone) == (1, "Be kind.", AskPhone.REQUIRED)  # type: ignore[union-attr]

    owner.post("signup", **{**SETTINGS, "terms_text": "Be kinder.", "closed": "on", "version": str(first.version)})
    second = queries.settings_of(club)
    assert (second.terms.number, second.closed) == (2, True)  # type: ignore[union-attr]
    assert [line.data for line in Event.objects.filter(organization=club).order_by("sequence")] == [
        {"fields": ["ask_phone", "terms"]},
        {"fields": ["ask_phone", "closed", "terms"]},
    ]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("terms_url", "javascript:alert(1)", "An address such as https://club.example/terms."),
        ("privacy_url", "https://user@club.example", "An address such as"),
        ("welcome", "x" * 1001, "1000"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_kept(
    club: Organization, owner: Visitor, field: str, value: str, says: str
) -> None:
    page = owner.post("signup", **{**SETTINGS, field: value})

    assert page.status == 422
    assert says in page.words
    assert html.escape(value) in page.text
    assert queries.settings_of(club) == queries.SettingsFacts()


def test_terms_are_a_text_or_a_link(club: Organization, owner: Visitor) -> None:
    page = owner.post("signup", **{**SETTINGS, "terms_text": "a", "terms_url": "https://club.example/terms"})

    assert page.status == 422
    assert "not both" in page.words


def test_whoever_saves_over_somebody_elses_settings_sees_both(club: Organization, owner: Visitor) -> None:
    owner.post("signup", **{**SETTINGS, "welcome": "Hello."})
    page = owner.post("signup", **{**SETTINGS, "welcome": "Hi."})

    assert page.status == 422
    assert "Both versions are shown" in page.words


def test_a_question_is_asked_reworded_moved_and_archived(club: Organization, owner: Visitor) -> None:
    plan = make.plan(club)
    told = {"kind": "choice", "label": "Shirt?", "choices": "S\nM\n L ", "required": "on", "plans": [ref(plan)]}
    assert owner.post("question_new", **told).status == 302
    assert owner.post("question_new", kind="text", label="Who sent you?").status == 302
    shirt, sent = queries.questions(club)
    assert (shirt.kind, shirt.choices, shirt.required, shirt.plans) == (Kind.CHOICE, ("S", "M", "L"), True, (plan.pk,))

    edited = {"label": "Shirt size?", "choices": "S\nM", "version": str(shirt.version)}
    assert owner.post("question_edit", shirt.ref, **edited).status == 302
    owner.post("question_move", sent.ref, to="earlier")
    owner.post("question_move", sent.ref, to="earlier")
    assert [(each.label, each.number) for each in queries.questions(club)] == [("Who sent you?", 1), ("Shirt size?", 2)]
    assert list(Wording.objects.filter(question=shirt.id).values_list("label", flat=True)) == ["Shirt?", "Shirt size?"]

    owner.post("question_put_away", shirt.ref)
    owner.post("question_put_away", shirt.ref)
    assert [each.label for each in queries.questions(club)] == ["Who sent you?"]
    owner.post("question_put_away", shirt.ref, asked="yes")
    assert [line.type for line in Event.objects.filter(organization=club).order_by("sequence")] == [
        "question.created", "question.created", "question.updated", "question.updated", "question.archived",
        "question.restored",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"kind": "choice", "label": "Shirt?", "choices": "S"}, "2 to 50 choices"),
        ({"kind": "choice", "label": "Shirt?", "choices": "S\nS"}, "Each choice once."),
        ({"kind": "text", "label": "Name", "choices": "S\nM"}, "Only a choice has choices."),
        ({"kind": "text", "label": "x" * 10_000}, "1000"),
        ({"kind": "text", "label": ""}, "required"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    club: Organization, owner: Visitor, told: dict[str, str], says: str
) -> None:
    page = owner.post("question_new", **told)

    assert page.status == 422
    assert says in page.words
    assert not Question.objects.exists()


def test_another_clubs_questions_are_not_there(club: Organization, owner: Visitor) -> None:
    theirs = make.question(make.organization())

    assert owner.get("question_edit", theirs).status == 404
    assert owner.post("question_put_away", theirs).status == 404
    assert owner.post("question_move", theirs).status == 404
    theirs.refresh_from_db()
    assert theirs.archived_at is None


def test_a_plans_page_gives_what_is_copied_into_a_website_with_its_name_as_text(
    club: Organization, owner: Visitor
) -> None:
    plan = make.plan(club, '<img src=x onerror="alert(1)">')
    page = owner.get("plan_signup", plan)

    assert page.status == 200
    shown = html.unescape(page.text)
    assert f'data-organization="{club.slug}" data-plan="{ref(plan)}" async' in shown
    assert f'<iframe src="http://127.0.0.1:8000/embed/{club.slug}/{ref(plan)}"' in shown
    assert f"http://127.0.0.1:8000/join/{club.slug}/{ref(plan)}" in shown
    assert "<img src=x" not in page.text
    assert "&lt;img src=x" in shown  # what is copied is text in the other page, too
    assert f"/embed/{club.slug}/check" in page.text
    assert "None yet" in page.words


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ({"archived_at": make.JAN_10}, "The plan is archived."),
        ({"visibility": Visibility.PRIVATE}, "staff only"),
        ({"audience": Audience.COMPANIES}, "for companies"),
    ],
)
def test_a_plans_page_says_why_nobody_could_join_it(
    club: Organization, owner: Visitor, plan: dict[str, object], says: str
) -> None:
    assert says in owner.get("plan_signup", make.plan(club, **plan)).words  # type: ignore[arg-type]


def test_what_somebody_answered_and_agreed_to_stands_on_their_page_in_the_words_of_the_time(
    club: Organization, owner: Visitor
) -> None:
    ada = make.customer(club)
    merged = make.customer(club, merged_into=ada)
    terms = make.signup_settings(club, terms="Be kind.").terms
    assert terms is not None
    photos = make.question(club, "You may show photos of me", kind=Kind.CONSENT)
    day = make.question(club, "Since when?", kind=Kind.DATE)
    name = make.question(club, "<b>Boat</b>")
    for who, question, value in ((ada, photos, "yes"), (merged, day, "2025-12-31"), (ada, name, "<i>Wave</i>")):
        Answer.objects.create(
            organization=club, customer=who, wording=question.wordings.get(), value=value, answered_at=make.JAN_10
        )
    Wording.objects.create(question=photos, number=2, label="You may sell photos of me", made_at=timezone.now())
    Acceptance.objects.create(organization=club, customer=ada, terms=terms, accepted_at=make.JAN_10)

    part = owner.get("customer_told", ada, htmx=True)
    assert "You may show photos of me Agreed" in part.words
    assert "to an earlier wording" in part.words
    assert "Since when? Wed 31 Dec 2025" in part.words
    assert "Terms, version 1 Accepted" in part.words
    assert "Be kind." in part.words
    assert "<i>Wave" not in part.text
    assert part.queries <= 12
    assert owner.get("customer_told", make.customer(club)).words.count("Has answered and agreed to nothing.") == 1


def test_staff_without_the_right_see_no_settings_of_signing_up(club: Organization) -> None:
    manager = working_for(club, Role.MANAGER)

    assert manager.get("signup").status == 403
    assert manager.get("plan_signup", make.plan(club)).status == 200


def test_the_page_costs_the_same_for_one_question_and_twenty(club: Organization, owner: Visitor) -> None:
    plan = make.plan(club)
    make.question(club, plans=[plan])
    one = owner.get("signup").queries
    for _ in range(19):
        make.question(club, plans=[plan])
    assert owner.get("signup").queries == one <= 12
