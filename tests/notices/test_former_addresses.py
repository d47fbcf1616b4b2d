"""The address that another took the place of hears of it, whatever becomes of the record in the meantime."""

from datetime import timedelta

import pytest
import time_machine

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.identity import tasks, traces
from tessera.notices import reactions
from tessera.notices.models import Notice
from tessera.notices.types import Kind, To
from tessera.organizations.accounts import ask_email_change, confirm_email_change
from tessera.organizations.former_emails import KEPT
from tessera.organizations.models import FormerEmail, Staff, User
from tessera.organizations.rights import Role
from tessera.organizations.staff import set_password
from tessera.organizations.time import now
from tessera.organizations.tokens import for_email_change
from tessera.people.erasure import person_of
from tessera.people.models import Customer, CustomerEmail
from tessera.people.services import update_customer
from tessera.people.types import Email
from tests import make
from tests.memberships.desk import ACTOR
from tests.notices.letters import Letter, written
from tests.notices.stage import DAY, NOON, Stage, lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def stage() -> Stage:
    return Stage.set_up(contact="hello@strand.example")


def letters(stage: Stage) -> list[Letter]:
    """The mails to former addresses that come of all that happened."""
    reactions.react(stage.club, lines(stage.club))
    return [each for each in written(stage) if each.kind in (Kind.EMAIL_CHANGED, Kind.STAFF_EMAIL_CHANGED)]


def told(stage: Stage) -> list[list[str]]:
    return [each.message.to for each in letters(stage)]


def test_it_is_told_where_it_was_and_whom_to_answer_but_never_the_new_one(stage: Stage) -> None:
    stage.change_address("new@member.example")
    (letter,) = letters(stage)
    assert letter.message.to == ["ada@member.example"]
    assert letter.message.reply_to == ["hello@strand.example"]
    assert letter.subject == "Your e-mail address at Strand House was changed"
    assert "was changed: Saturday 10 January, 12:00." in letter.seen
    assert "If it was not you, answer this mail at once" in letter.seen
    assert "new@member.example" not in letter.html + letter.text
    event = Event.objects.get(type="customer.email_changed")
    assert event.data == {"former": ids.to_text(Prefix.FORMER_EMAIL, FormerEmail.objects.get().pk)}
    assert (event.customer_id, event.actor) == (stage.ada.pk, str(Actor.customer(stage.ada.pk)))
    kept = str(list(Event.objects.values_list("data", flat=True))) + str(list(Notice.objects.values()))
    assert "@" not in kept


def test_whoever_took_the_record_over_cannot_keep_it_from_being_told(stage: Stage) -> None:
    Customer.objects.filter(pk=stage.ada.pk).update(locale="de-AT")
    stage.ada.refresh_from_db()
    stage.change_address("thief@member.example")
    stage.change_address("other@member.example")
    CustomerEmail.objects.filter(customer=stage.ada).delete()
    Customer.objects.filter(pk=stage.ada.pk).update(locale="fr-FR", status="banned")
    first, second = letters(stage)
    assert (first.message.to, second.message.to) == (["ada@member.example"], ["thief@member.example"])
    assert first.message.extra_headers["Content-Language"] == "de"


def test_one_that_moves_to_the_front_drops_the_one_that_was_there(stage: Stage) -> None:
    emails = [Email("ada@member.example", verified=True), Email("second@member.example", verified=True)]
    update_customer(customer=stage.ada, at=NOON, actor=ACTOR, emails=emails)
    stage.change_address("Second@member.example")
    assert told(stage) == [["ada@member.example"]]


def test_nobody_is_told_where_no_other_address_was(stage: Stage) -> None:
    stage.change_address("ADA@member.example")
    stage.ada = make.customer(stage.club, emails=[])
    stage.change_address("first@member.example")
    assert told(stage) == []
    assert not FormerEmail.objects.exists()


def test_what_staff_or_a_program_change_is_the_clubs_own_word(stage: Stage) -> None:
    update_customer(customer=stage.ada, at=NOON, actor=ACTOR, emails=[Email("typo@member.example")])
    assert told(stage) == []


def test_staff_hear_of_it_once_from_where_they_have_worked_longest(stage: Stage) -> None:
    staff = make.staff(stage.club, name="Sam", email="sam@club.example")
    elsewhere = Stage.set_up()
    Staff.objects.create(organization=elsewhere.club, user=staff.user, role=Role.VIEWER, created_at=NOON)
    ask_email_change(user=staff.user, email="sam.new@club.example")
    user = User.objects.get(pk=staff.user.pk)
    confirm_email_change(user=user, token=for_email_change(user))

    (letter,) = letters(stage)
    assert letter.message.to == ["sam@club.example"]
    assert "tell an owner of Strand House at once" in letter.seen
    assert letters(elsewhere) == []
    assert not Notice.objects.filter(organization=elsewhere.club, to=To.FORMER_EMAIL).exists()


def test_staff_hear_once_that_what_they_sign_in_with_is_another(stage: Stage) -> None:
    staff = make.staff(stage.club, name="Sam", email="sam@club.example")
    elsewhere = Stage.set_up()
    Staff.objects.create(organization=elsewhere.club, user=staff.user, role=Role.VIEWER, created_at=NOON)
    set_password(user=staff.user, password="a sentence of five words", now=now)
    for place in (stage, elsewhere):
        reactions.react(place.club, lines(place.club))
    (letter,) = written(stage)
    assert letter.message.to == ["sam@club.example"]
    assert "Your password was changed: Saturday 10 January, 12:00." in letter.seen
    assert written(elsewhere) == []


def test_it_is_forgotten_once_it_is_no_news_any_more(stage: Stage) -> None:
    stage.change_address("new@member.example")
    for after, many in ((KEPT - timedelta(seconds=1), 1), (KEPT + timedelta(seconds=1), 0)):
        with time_machine.travel(NOON + after, tick=False):
            tasks.prune.call()
        assert FormerEmail.objects.count() == many
    assert KEPT > 9 * DAY, "news for seven days, and tried for two"


def test_it_goes_with_the_person(stage: Stage) -> None:
    stage.change_address("new@member.example")
    other = make.customer(stage.club)
    traces.unite(stage.ada, other)
    assert FormerEmail.objects.get().whose == other.pk
    traces.forget(person_of(other, (other.pk,)))
    assert not FormerEmail.objects.exists()


def test_another_organization_does_not_find_it(stage: Stage) -> None:
    stage.change_address("new@member.example")
    stranger = Stage.set_up()
    reactions.react(stranger.club, lines(stage.club))
    assert Notice.objects.filter(organization=stranger.club, to=To.FORMER_EMAIL).exists()
    assert written(stranger) == []
