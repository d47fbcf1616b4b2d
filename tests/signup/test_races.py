"""Who wins: real threads, each on a connection of its own, on a real file or server."""

from collections import Counter

import pytest

from tessera.core.errors import TesseraError
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.plans.models import Plan
from tessera.signup import asking, queries, services
from tessera.signup.models import Acceptance, Answer, Question, TermsVersion
from tessera.signup.types import Kind, Told
from tests import make
from tests.people.racing import at_once, meanwhile
from tests.scale import scaled

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
NOON = make.JAN_10
ROUNDS = scaled(20)


def joining(club: Organization, who: Customer, plan: Plan, terms: TermsVersion | None = None) -> bool:
    return services.join(
        organization=club,
        customer=who,
        plan=plan,
        price=None,
        terms_id=terms.pk if terms else None,
        at=NOON,
        actor=Actor.customer(who.pk),
    ).new


def telling(club: Organization, who: Customer, plan: Plan, told: Told) -> bool:
    services.tell(organization=club, customer=who, plan=plan, told=told, at=NOON, actor=Actor.customer(who.pk))
    return True


def test_two_clicks_in_two_tabs_make_one_membership() -> None:
    club = make.organization()
    settings, bystander = make.signup_settings(club, terms="Be kind."), make.customer(club)
    plan = make.plan(club, amount=0)
    for _ in range(ROUNDS):
        ada = make.customer(club)
        found = at_once([lambda: joining(club, ada, plan, settings.terms)] * 4)  # noqa: B023

        assert Counter(found) == {True: 1, False: 3}
        assert Membership.objects.filter(customer=ada).count() == 1
        assert Acceptance.objects.filter(customer=ada).count() == 1
    assert not Membership.objects.filter(customer=bystander).exists()
    assert Event.objects.filter(organization=club, type="membership.granted").count() == ROUNDS


def test_the_last_place_is_taken_once() -> None:
    club = make.organization()
    for _ in range(ROUNDS):
        plan = make.plan(club, amount=0, capacity=2)
        people = [make.customer(club) for _ in range(4)]
        found = at_once([lambda who=who: joining(club, who, plan) for who in people])  # type: ignore[misc]  # noqa: B023

        codes = Counter(each.code if isinstance(each, TesseraError) else each for each in found)
        assert codes == {True: 2, "plan_full": 2}


def test_what_is_told_twice_at_once_is_kept_once() -> None:
    club = make.organization()
    plan, question = make.plan(club), make.question(club)
    for _ in range(ROUNDS):
        ada = make.customer(club, first_name="", last_name="", emails=["ada@example.org"])
        told = Told(first_name="Ada", phone="+442079460000", answers=((question.pk, "By the window"),))
        found = at_once([lambda: telling(club, ada, plan, told)] * 3)  # noqa: B023

        assert [each for each in found if isinstance(each, Exception)] == []
        assert Answer.objects.filter(customer=ada).count() == 1
        assert ada.phones.count() == 1


def test_the_last_question_that_may_be_asked_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    club, actor = make.organization(), Actor.system("tests")
    monkeypatch.setattr(asking, "MOST_QUESTIONS", 1)

    def ask() -> object:
        return asking.create_question(organization=club, kind=Kind.TEXT, label="Why?", at=NOON, actor=actor)

    with meanwhile(monkeypatch, Question, "save", ask) as other:
        ask()

    assert [getattr(each, "code", each) for each in other] == ["too_many_questions"]
    assert Question.objects.count() == 1


def test_two_questions_that_are_moved_at_once_are_both_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    club, actor = make.organization(), Actor.system("tests")
    first, second, third = (make.question(club, label) for label in ("first", "second", "third"))

    def move(row: Question, by: int) -> bool:
        asking.move_question(organization=club, question_id=row.pk, by=by, at=NOON, actor=actor)
        return True

    with meanwhile(monkeypatch, asking, "_record", lambda: move(third, -1)):
        move(first, 1)

    assert [each.id for each in queries.questions(club)] == [second.pk, third.pk, first.pk]
