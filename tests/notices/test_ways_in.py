"""Whoever's way of signing in changes is told of it: what it was, what is left, and where it can be undone."""

import pytest

from tessera import db
from tessera.events.models import Event
from tessera.events.types import EventType
from tessera.identity import passkeys
from tessera.lifecycle.erasing import erase_customer
from tessera.lifecycle.merge import merge_customer
from tessera.notices import reactions
from tessera.notices.models import Notice
from tessera.notices.types import Kind
from tessera.organizations import everywhere, factors
from tessera.organizations.models import Staff
from tessera.organizations.rights import Role
from tessera.people.services import update_customer
from tessera.people.types import Email
from tests import make
from tests.identity.authenticator import Device, made
from tests.memberships.desk import ACTOR
from tests.notices.letters import Letter, written
from tests.notices.scenes import signs_in_by_codes
from tests.notices.stage import NOON, Stage, lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

OTHER = "second@member.example"


@pytest.fixture
def stage() -> Stage:
    return Stage.set_up()


def told(stage: Stage) -> list[Letter]:
    """The mails that come of all that happened, but for codes."""
    reactions.react(stage.club, lines(stage.club))
    return [each for each in written(stage) if each.kind is not Kind.SIGN_IN_CODE]


def kinds(stage: Stage) -> list[Kind]:
    return [each.kind for each in told(stage)]


class TestStaff:
    @pytest.fixture
    def sam(self, stage: Stage) -> Staff:
        make.staff(stage.club, name="Bystander")
        return make.staff(stage.club, Role.VIEWER, name="Sam", email="sam@club.example")

    def test_codes_that_come_with_the_first_factor_are_one_mail_with_it(self, stage: Stage, sam: Staff) -> None:
        assert len(factors.add_app(user=sam.user, secret=factors.fresh_secret())) == 10
        (letter,) = told(stage)
        assert "An authenticator app was set up" in letter.seen

    def test_codes_that_take_the_place_of_others_are_told(self, stage: Stage, sam: Staff) -> None:
        factors.add_app(user=sam.user, secret=factors.fresh_secret())
        factors.make_recovery_codes(user=sam.user)
        _, letter = told(stage)
        assert letter.message.to == ["sam@club.example"]
        assert (
            "New recovery codes were made: Saturday 10 January, 12:00. Those from before count no more." in letter.seen
        )

    def test_signing_in_is_told_if_a_recovery_code_was_used_once_from_where_they_have_worked_longest(
        self, stage: Stage, sam: Staff
    ) -> None:
        elsewhere = Stage.set_up()
        Staff.objects.create(organization=elsewhere.club, user=sam.user, role=Role.VIEWER, created_at=NOON)
        codes = factors.add_app(user=sam.user, secret=factors.fresh_secret())
        with db.transaction():
            everywhere.record(EventType.STAFF_SIGNED_IN, sam.user, by=["password", "app"])
        signs_in_by_codes(sam.user, codes[:1])
        _, letter = told(stage)
        assert letter.message.to == ["sam@club.example"]
        assert "It counts no more; 9 codes are left." in letter.seen
        assert told(elsewhere) == []


class TestPasskeys:
    def test_one_that_was_added_is_named_with_where_to_remove_it(self, stage: Stage) -> None:
        made(stage.sign_in(), Device(), "Telefon <b>")
        (letter,) = told(stage)
        assert letter.message.to == ["ada@member.example"]
        assert "The passkey “Telefon <b>” was added" in letter.text
        assert "Saturday 10 January, 12:00" in letter.text
        assert f"/portal/{stage.club.slug}/sessions\n" in letter.text
        assert "<b>" not in letter.html
        kept = str(list(Event.objects.values_list("data", flat=True))) + str(list(Notice.objects.values()))
        assert "Telefon" not in kept

    def test_one_that_is_gone_again_is_told_as_gone_alone(self, stage: Stage) -> None:
        stage.make_passkey("Laptop")
        gone = stage.make_passkey("Phone")
        passkeys.forget(customer=stage.ada, passkey=gone.id)
        added, removed = told(stage)
        assert "“Laptop”" in added.seen
        assert removed.kind is Kind.PASSKEY_REMOVED
        assert "These are left: Laptop." in removed.seen

    def test_what_staff_remove_is_told_too(self, stage: Stage) -> None:
        passkey = stage.make_passkey("Phone")
        passkeys.forget(customer=stage.ada, passkey=passkey.id, actor=ACTOR)
        assert kinds(stage) == [Kind.PASSKEY_REMOVED]

    def test_of_a_merged_record_the_one_it_became_is_told(self, stage: Stage) -> None:
        stage.make_passkey("Phone")
        into = make.customer(stage.club, display_name="Ada", emails=["survivor@member.example"])
        merge_customer(customer=stage.ada, into=into, at=NOON, actor=ACTOR)
        (letter,) = told(stage)
        assert letter.message.to == ["survivor@member.example"]

    def test_who_is_erased_is_written_to_no_more(self, stage: Stage) -> None:
        stage.make_passkey("Phone")
        erase_customer(customer=stage.ada, at=NOON, actor=ACTOR)
        assert told(stage) == []

    def test_another_organizations_are_not_told(self, stage: Stage) -> None:
        stage.make_passkey("Phone")
        stranger = Stage.set_up()
        reactions.react(stranger.club, lines(stage.club))
        assert not Notice.objects.filter(kind=Kind.PASSKEY_ADDED).exists()


class TestAnotherAddress:
    @pytest.fixture(autouse=True)
    def two_addresses(self, stage: Stage) -> None:
        """Ada's own, which she has proved, and another that staff have put down."""
        emails = [Email("ada@member.example", verified=True), Email(OTHER)]
        update_customer(customer=stage.ada, at=NOON, actor=ACTOR, emails=emails)

    def test_it_is_told_once_it_has_signed_somebody_in_and_only_once(self, stage: Stage) -> None:
        stage.sign_in("ada@member.example")
        assert told(stage) == []
        assert stage.sign_in(OTHER).customer == stage.ada
        stage.sign_in(OTHER)
        (letter,) = told(stage)
        assert letter.message.to == ["ada@member.example"]
        assert f"/portal/{stage.club.slug}/details" in letter.text
        assert OTHER not in letter.html + letter.text
        assert Event.objects.get(type="customer.other_email_proved").customer_id == stage.ada.pk

    def test_one_that_is_written_to_by_now_is_not_told_of_itself(self, stage: Stage) -> None:
        stage.sign_in(OTHER)
        stage.change_address(OTHER)
        assert kinds(stage) == [Kind.EMAIL_CHANGED]
