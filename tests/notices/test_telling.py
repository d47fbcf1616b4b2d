"""Who is told of what: by which events, once for each fact, at a cost that does not grow with the events."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tessera import db
from tessera.core import ids
from tessera.core.ids import new_id
from tessera.events.queries import EventLine
from tessera.events.types import EventType
from tessera.http.mail_url import django_settings
from tessera.memberships.inheritance import join_company, leave_company
from tessera.memberships.models import Membership
from tessera.notices import reactions
from tessera.notices.models import Notice
from tessera.notices.types import Kind
from tessera.organizations.former_emails import keep
from tessera.organizations.models import Organization, Staff
from tessera.organizations.rights import Role
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus, Source, Via
from tessera.webhooks.recording import record
from tessera.webhooks.types import DisabledReason
from tests import make
from tests.memberships.desk import ACTOR, Desk
from tests.notices.letters import written
from tests.notices.scenes import OF_PEOPLE, SCENES
from tests.notices.stage import DAY, NOON, Stage, lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

Told = list[tuple[str, str]]


@pytest.fixture
def stage() -> Stage:
    return Stage.set_up()


def told(club: Organization) -> Told:
    """The kinds of mail that were put down, and to whom, in order of what happened."""
    rows = Notice.objects.filter(organization=club).order_by("event_sequence", "id")
    names = {row.pk: row.name for row in club.customers.all()} | {row.pk: row.name for row in club.companies.all()}
    return [(row.kind, names.get(row.recipient_id, "somebody")) for row in rows]


def react(club: Organization) -> Told:
    """React to all that happened in the club; return what was told."""
    reactions.react(club, lines(club))
    return told(club)


@pytest.mark.parametrize("scene", [*SCENES, *OF_PEOPLE])
def test_told_again_nothing_is_told_twice(stage: Stage, scene: str) -> None:
    kind, happening = {**SCENES, **OF_PEOPLE}[scene]
    happening(stage)
    with time_machine.travel(stage.at):
        first = react(stage.club)
        assert react(stage.club) == first
    assert kind in {each for each, _ in first}


def test_what_concerns_nobody_is_told_to_nobody(stage: Stage) -> None:
    membership = stage.held(renews=True)
    stage.desk.extend(membership, NOON + 60 * DAY, at=NOON)
    stage.desk.change_now(membership, make.plan(stage.club), at=NOON)
    assert react(stage.club) == [("welcome", "Ada Okonkwo")]


def test_one_who_pays_after_being_approved_is_told_of_each_step_once(stage: Stage) -> None:
    membership = stage.held(await_approval=True, await_payment=True)
    stage.desk.approve(membership, at=NOON)
    stage.desk.pay(membership, at=NOON)
    assert [kind for kind, _ in react(stage.club)] == ["application_received", "application_approved", "welcome"][1:]


def test_one_who_pays_before_being_approved_is_not_welcomed_twice(stage: Stage) -> None:
    membership = stage.held(await_approval=True, await_payment=True)
    react(stage.club)
    stage.desk.pay(membership, at=NOON)
    stage.desk.approve(membership, at=NOON)
    assert [kind for kind, _ in react(stage.club)] == ["application_received", "application_approved"]


def test_a_checkout_that_waits_for_its_payment_is_not_talked_about(stage: Stage) -> None:
    stage.held(await_payment=True)
    assert react(stage.club) == []


def test_who_is_brought_along_by_an_import_is_not_welcomed(stage: Stage) -> None:
    membership = stage.held()
    Membership.objects.filter(pk=membership.pk).update(source=Source.IMPORT)
    assert react(stage.club) == []


def test_a_company_is_not_welcomed_but_told_of_the_rest(stage: Stage) -> None:
    stage.company_holds = True
    stage.desk.cancel_now(stage.held(), at=NOON)
    assert react(stage.club) == [("canceled", "Acme Ltd")]


def test_canceled_again_at_the_same_instant_is_another_fact(stage: Stage) -> None:
    membership = stage.held(renews=True)
    for _ in range(2):
        stage.desk.cancel_at_period_end(membership, at=NOON)
        stage.desk.undo_cancel(membership, at=NOON)
    kinds = [kind for kind, _ in react(stage.club)]
    assert kinds == ["welcome", *["cancel_booked", "cancel_undone"] * 2]


def test_a_reminder_is_told_once_for_each_end(stage: Stage) -> None:
    membership = stage.held()
    for days in (14, 7, 7):
        stage.falls_due(EventType.MEMBERSHIP_EXPIRY_DUE, membership, days=days)
    stage.desk.extend(membership, NOON + 90 * DAY, at=NOON)
    membership.refresh_from_db()
    stage.falls_due(EventType.MEMBERSHIP_EXPIRY_DUE, membership, days=7)
    kinds = [kind for kind, _ in react(stage.club)]
    assert kinds == ["welcome", "expiring", "expiring"]


@pytest.mark.parametrize(("renews", "kind"), [(False, "expiring"), (True, "renewal_coming")])
def test_the_reminder_that_falls_due_by_itself_is_a_mail(stage: Stage, *, renews: bool, kind: str) -> None:
    membership = stage.held(renews=renews)
    assert membership.ends_at is not None
    week_before = membership.ends_at - 7 * DAY
    stage.desk.announce(at=week_before)
    with time_machine.travel(week_before, tick=False):
        react(stage.club)
        (letter,) = [each for each in written(stage) if each.kind == kind]
    assert letter.paragraphs[1].endswith("in 7 days" if renews else "in 6 days")


class TestCompanies:
    def cancel(self, stage: Stage) -> Told:
        stage.company_holds = True
        stage.desk.cancel_now(stage.held(), at=NOON)
        return react(stage.club)

    def person(
        self, stage: Stage, name: str, *, primary_contact: bool = False, company_admin: bool = False
    ) -> Customer:
        person = make.customer(stage.club, display_name=name)
        make.affiliation(
            person,
            stage.acme,
            starts_at=NOON - DAY,
            primary_contact=primary_contact,
            company_admin=company_admin,
        )
        return person

    def test_with_an_address_of_its_own_it_is_written_to_there(self, stage: Stage) -> None:
        self.person(stage, "Contact", primary_contact=True)
        assert self.cancel(stage) == [("canceled", "Acme Ltd")]

    def test_without_one_its_primary_contacts_are(self, stage: Stage) -> None:
        stage.acme.email = ""
        stage.acme.save()
        self.person(stage, "Admin", company_admin=True)
        self.person(stage, "Contact", primary_contact=True)
        self.person(stage, "Both", primary_contact=True, company_admin=True)
        self.person(stage, "Nobody")
        assert self.cancel(stage) == [("canceled", "Contact"), ("canceled", "Both")]

    def test_without_those_its_admins_are(self, stage: Stage) -> None:
        stage.acme.email = ""
        stage.acme.save()
        self.person(stage, "Admin", company_admin=True)
        left = self.person(stage, "Left", primary_contact=True)
        leave_company(customer=left, company=stage.acme, at=NOON, actor=ACTOR)
        assert ("canceled", "Admin") in self.cancel(stage)
        assert ("canceled", "Left") not in told(stage.club)

    def test_without_anybody_nobody_is(self, stage: Stage) -> None:
        stage.acme.email = ""
        stage.acme.save()
        assert self.cancel(stage) == []


class TestSeats:
    def employed(self, stage: Stage, *, seats: int | None = None) -> Membership:
        membership = stage.desk.grant(stage.plan(), stage.acme, at=NOON, seats=seats)
        join_company(customer=stage.ada, company=stage.acme, at=NOON, actor=ACTOR, via=Via.STAFF)
        return membership

    def leave(self, stage: Stage) -> Told:
        leave_company(customer=stage.ada, company=stage.acme, at=NOON + timedelta(hours=1), actor=ACTOR)
        return [each for each in react(stage.club) if each[0] == "seat_lost"]

    def test_leaving_a_company_that_holds_something_is_told(self, stage: Stage) -> None:
        self.employed(stage)
        assert self.leave(stage) == [("seat_lost", "Ada Okonkwo")]

    def test_leaving_one_that_holds_nothing_any_more_is_not(self, stage: Stage) -> None:
        stage.desk.cancel_now(self.employed(stage), at=NOON)
        assert self.leave(stage) == []

    def test_what_was_only_planned_is_taken_back_in_silence(self, stage: Stage) -> None:
        stage.desk.grant(stage.plan(), stage.acme, at=NOON)
        join_company(
            customer=stage.ada, company=stage.acme, at=NOON, starts_at=NOON + 5 * DAY, actor=ACTOR, via=Via.STAFF
        )
        assert self.leave(stage) == []

    def test_with_fewer_seats_those_who_came_last_are_told(self, stage: Stage) -> None:
        people = [make.customer(stage.club, display_name=f"No. {n}") for n in range(5)]
        for n, person in enumerate(people):
            make.affiliation(person, stage.acme, starts_at=NOON - (9 - n) * DAY)
        make.affiliation(make.customer(stage.club, status=CustomerStatus.BANNED), stage.acme, starts_at=NOON - 9 * DAY)
        membership = self.employed(stage, seats=4)

        stage.desk.change_seats(membership, 2, at=NOON)
        assert react(stage.club) == [("seat_lost", "No. 2"), ("seat_lost", "No. 3")]

        stage.desk.change_seats(membership, 5, at=NOON)
        stage.desk.change_seats(membership, None, at=NOON)  # the plan has no limit
        stage.desk.change_seats(membership, 6, at=NOON)
        assert len(react(stage.club)) == 2  # as many as there are people

    def test_a_number_that_is_the_plans_counts_as_it_is(self, stage: Stage) -> None:
        plan = make.plan(stage.club, permissions=["pool"], seats=2)
        membership = stage.desk.grant(plan, stage.acme, at=NOON)
        for n in range(3):
            make.affiliation(
                make.customer(stage.club, display_name=f"No. {n}"), stage.acme, starts_at=NOON + n * DAY / 9
            )
        stage.desk.change_seats(membership, 1, at=NOON + DAY)
        with time_machine.travel(NOON + DAY):
            assert react(stage.club) == [("seat_lost", "No. 1")]


class TestOwners:
    def disabled(self, club: Organization, reason: DisabledReason) -> None:
        endpoint = make.webhook_endpoint(club)
        with db.transaction():
            record(EventType.WEBHOOK_ENDPOINT_DISABLED, endpoint, at=NOON, actor=ACTOR, reason=reason.value)

    def owners_told(self, club: Organization) -> list[str]:
        react(club)
        keys = Notice.objects.filter(organization=club).order_by("id").values_list("recipient_id", flat=True)
        return [Staff.objects.get(pk=key).user.name for key in keys]

    @pytest.mark.parametrize("reason", [DisabledReason.GONE, DisabledReason.FAILING])
    def test_an_endpoint_that_was_disabled_is_told_to_the_owners(self, stage: Stage, reason: DisabledReason) -> None:
        make.staff(stage.club, name="Olive")
        make.staff(stage.club, name="Otto")
        make.staff(stage.club, name="Gone", disabled_at=NOON)
        make.staff(stage.club, Role.MANAGER, name="Mara")
        make.staff(make.organization(), name="Stranger")
        self.disabled(stage.club, reason)
        assert self.owners_told(stage.club) == ["Olive", "Otto"]
        assert self.owners_told(stage.club) == ["Olive", "Otto"]

    def test_one_that_was_switched_off_by_hand_is_not(self, stage: Stage) -> None:
        make.staff(stage.club)
        self.disabled(stage.club, DisabledReason.BY_HAND)
        assert self.owners_told(stage.club) == []


class TestWhen:
    def test_what_happened_long_ago_is_no_news(self, stage: Stage) -> None:
        stage.held()
        with time_machine.travel(NOON + 8 * DAY):
            assert react(stage.club) == []
        with time_machine.travel(NOON + 6 * DAY):
            assert react(stage.club) == [("welcome", "Ada Okonkwo")]

    def test_a_test_organization_hears_of_all_that_its_clock_went_over(self) -> None:
        desk = Desk.open(test_now=NOON)
        person = make.customer(desk.club, display_name="Tester")
        desk.grant(make.plan(desk.club), person, at=NOON)
        Organization.objects.filter(pk=desk.club.pk).update(test_now=NOON + 400 * DAY)
        desk.club.refresh_from_db()
        with override_settings(**django_settings("mailbox:", sender="")):
            assert react(desk.club) == [("welcome", "Tester")]
        assert Notice.objects.get().status == "waiting"

    def test_a_merged_record_is_told_as_the_one_it_became(self, stage: Stage) -> None:
        membership = stage.held()
        Membership.objects.filter(pk=membership.pk).update(customer=make.customer(stage.club, display_name="Survivor"))
        assert react(stage.club) == [("welcome", "Survivor")]

    def test_an_event_of_a_membership_that_is_not_the_clubs_tells_nobody(self, stage: Stage) -> None:
        stranger = Stage.set_up()
        stranger.held()
        assert react(stage.club) == []
        reactions.react(stage.club, lines(stranger.club))
        assert told(stage.club) == told(stranger.club) == []


OF_STAFF = {
    EventType.STAFF_PASSWORD_RESET_ASKED,
    EventType.STAFF_EMAIL_CHANGE_ASKED,
    EventType.STAFF_PASSWORD_SET,
    EventType.STAFF_SECOND_FACTOR_ADDED,
    EventType.STAFF_SECOND_FACTOR_REMOVED,
    EventType.STAFF_RECOVERY_CODES_MADE,
    EventType.STAFF_SIGNED_IN,
}
OF_CUSTOMERS = {
    EventType.CUSTOMER_PASSKEY_ADDED,
    EventType.CUSTOMER_PASSKEY_REMOVED,
    EventType.CUSTOMER_OTHER_EMAIL_PROVED,
}


def of_every_type(club: Organization, many: int) -> list[EventLine]:
    """`many` lines, each about somebody else, of every type that anybody is told of."""
    types = list(reactions.NOTICES)
    plan, acme = make.plan(club, seats=100), make.company(club)
    held = make.membership(plan, company=acme)
    make.staff(club)
    found = []
    for n in range(many):
        event = types[n % len(types)]
        data: dict[str, object] = {"ends_at": "2026-02-10T00:00:00Z", "starts_at": "2026-01-10T12:00:00Z", "days": n}
        customer_id = company_id = membership_id = None
        if event is EventType.AFFILIATION_ENDED:
            person = make.customer(club)
            place = make.affiliation(person, acme, starts_at=NOON - DAY, ends_at=NOON)
            data["affiliation"] = ids.to_text(ids.Prefix.AFFILIATION, place.pk)
        elif event is EventType.MEMBERSHIP_SEATS_CHANGED:
            company_id, membership_id = acme.pk, held.pk
            data |= {"from_seats": 3, "seats": 1}
        elif event is EventType.WEBHOOK_ENDPOINT_DISABLED:
            data["reason"] = "failing"
        elif event is EventType.STAFF_INVITED:
            data |= {"invitation": ids.to_text(ids.Prefix.INVITATION, make.invitation(club).pk), "round": 1}
        elif event in OF_STAFF:
            data |= {"staff": ids.to_text(ids.Prefix.STAFF, make.staff(club, Role.VIEWER).pk), "by": ["recovery_code"]}
        elif event in OF_CUSTOMERS:
            customer_id = make.customer(club).pk
        elif event in (EventType.CUSTOMER_EMAIL_CHANGED, EventType.STAFF_EMAIL_CHANGED):
            data["former"] = keep(organization=club, whose=new_id(), address="ada@member.example", locale="")
        else:
            membership_id = make.membership(plan, customer=make.customer(club)).pk
        found.append(
            EventLine(
                new_id(), n + 1, event, NOON, NOON, str(ACTOR), customer_id, company_id, membership_id, plan.pk, data
            )
        )
    return found


def queries(run: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        run()
    return len(seen.captured_queries)


def test_five_hundred_events_cost_as_many_queries_as_one_of_each_type() -> None:
    costs = {}
    for many in (len(reactions.NOTICES), 500):
        club = make.organization()
        happened = of_every_type(club, many)
        make.affiliation(make.customer(club), club.companies.get(), starts_at=NOON - 2 * DAY)
        costs[many] = queries(lambda: reactions.react(club, happened))  # noqa: B023
        assert Notice.objects.filter(organization=club).count() > 0.8 * many
    first, second = costs.values()
    assert first == second
    assert second <= 40


def test_a_block_of_expiries_costs_a_handful_of_queries() -> None:
    costs = []
    for many in (1, 500):
        club = make.organization()
        plan = make.plan(club)
        happened = [
            EventLine(
                new_id(), n + 1, EventType.MEMBERSHIP_EXPIRED, NOON, NOON, str(ACTOR), None, None,
                make.membership(plan, customer=make.customer(club)).pk, plan.pk, {"expired_at": "2026-01-10T12:00:00Z"},
            )
            for n in range(many)
        ]  # fmt: skip
        costs.append(queries(lambda: reactions.react(club, happened)))  # noqa: B023
        assert Notice.objects.filter(organization=club, kind=Kind.EXPIRED).count() == many
    assert costs[0] == costs[1] <= 12
