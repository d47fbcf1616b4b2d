"""Mails go out once, in order of who waits for them; what fails is tried again or given up; nothing waits for ever."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tessera import db
from tessera.core import clock, ids
from tessera.http.mail_url import NO_MAIL, django_settings
from tessera.jobs.models import Job
from tessera.memberships.models import Membership
from tessera.notices import leases, tasks
from tessera.notices.models import Notice
from tessera.notices.telling import tell
from tessera.notices.types import Draft, Kind, News, Status, To
from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus
from tests import make
from tests.notices.postoffice import PostOffice, open_post_office
from tests.people.racing import at_once
from tests.scale import scaled

_serial = count(1)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with open_post_office() as office:
        yield office


def member(club: Organization, *, address: str | None = None, status: CustomerStatus = CustomerStatus.ACTIVE) -> Draft:
    """A mail to somebody whose membership of the club has just begun."""
    emails = [address or f"member-{next(_serial)}@member.example"] if address != "" else []
    person = make.customer(club, emails=emails, status=status)
    return about(make.membership(make.plan(club), customer=person), person)


def about(membership: Membership, person: Customer, kind: Kind = Kind.WELCOME, **context: str) -> Draft:
    """A mail to somebody about a membership."""
    named = ids.to_text(ids.Prefix.MEMBERSHIP, membership.pk)
    news = News(kind, named, make.JAN_10, context={"membership": named, **context})
    return Draft(news, To.CUSTOMER, person.pk)


def put_down(club: Organization, *drafts: Draft) -> list[Notice]:
    with db.transaction():
        tell(club, drafts)
    return list(Notice.objects.filter(organization=club).order_by("id"))


def send(club: Organization) -> bool:
    """Do what the job does, once."""
    tasks.send_waiting.call(str(club.pk))
    return True


def statuses(club: Organization) -> list[tuple[str, str]]:
    return list(Notice.objects.filter(organization=club).order_by("id").values_list("status", "why"))


@pytest.mark.django_db
class TestOneAfterAnother:
    def test_a_mail_goes_to_the_first_of_the_recipients_addresses(self, office: PostOffice) -> None:
        club = make.organization("Strand House")
        person = make.customer(club, emails=["ada@member.example", "old@member.example"])
        put_down(club, about(make.membership(make.plan(club, "Gold"), customer=person), person))

        send(club)

        (message,) = office.accepted
        assert (message["To"], message["From"]) == ("ada@member.example", "Strand House <post@tessera.example>")
        assert message["Subject"] == "Your Gold membership has begun"
        assert statuses(club) == [("sent", "")]
        assert Notice.objects.get().sent_at is not None

    def test_the_same_fact_told_twice_is_one_mail(self, office: PostOffice) -> None:
        club = make.organization()
        draft = member(club)
        put_down(club, draft, draft)
        send(club)
        put_down(club, draft)
        send(club)

        assert len(office.accepted) == 1
        assert statuses(club) == [("sent", "")]

    def test_a_restored_backup_writes_again_under_the_same_message_id(self, office: PostOffice) -> None:
        club = make.organization()
        draft = member(club)
        put_down(club, draft)
        send(club)
        Notice.objects.all().delete()  # the backup was made before

        put_down(club, draft)
        send(club)

        assert len(office.accepted) == 2
        assert len(set(office.message_ids)) == 1

    def test_what_somebody_waits_for_goes_out_before_reminders(self, office: PostOffice) -> None:
        club = make.organization()
        person = make.customer(club, emails=["ada@member.example"])
        membership = make.membership(make.plan(club), customer=person, ends_at=make.JAN_10 + timedelta(days=1))
        put_down(club, about(membership, person, Kind.EXPIRED, expired_at="2026-01-11T12:00:00Z"))
        put_down(club, member(club))

        send(club)

        assert [str(message["Subject"]).endswith("has begun") for message in office.accepted] == [True, False]

    def test_more_than_one_batch_is_sent_by_the_jobs_that_follow(self, office: PostOffice) -> None:
        club = make.organization()
        put_down(club, *(member(club) for _ in range(leases.MOST + 3)))
        Job.objects.all().delete()

        send(club)
        assert len(office.accepted) == leases.MOST
        (job,) = Job.objects.all()
        assert job.run_after <= clock.now()

        send(club)
        assert len(set(office.message_ids)) == leases.MOST + 3

    def test_a_batch_costs_the_same_reads_for_one_mail_and_for_fifty(self, office: PostOffice) -> None:
        costs = []
        for many in (1, 50):
            club = make.organization()
            put_down(club, *(member(club) for _ in range(many)))
            with CaptureQueriesContext(
                connection,
            ) as seen:
                send(club)
            costs.append(sum(query["sql"].startswith("SELECT") for query in seen.captured_queries))
        assert costs[0] == costs[1]
        assert len(office.accepted) == 51

    def test_nobody_elses_mails_are_touched(self, office: PostOffice) -> None:
        club, elsewhere = make.organization(), make.organization("Elsewhere")
        put_down(elsewhere, member(elsewhere))
        put_down(club, member(club))

        send(club)

        assert statuses(elsewhere) == [("waiting", "")]
        assert len(office.accepted) == 1


@pytest.mark.django_db
class TestNotSent:
    def test_without_mail_set_up_nothing_waits_for_ever(self) -> None:
        club = make.organization()
        with override_settings(EMAIL_BACKEND=NO_MAIL):
            put_down(club, member(club))
        assert statuses(club) == [("skipped", "no_mail_configured")]
        assert not Job.objects.exists()

        put_down(club, member(club))
        with override_settings(EMAIL_BACKEND=NO_MAIL):
            send(club)
        assert statuses(club)[-1] == ("skipped", "no_mail_configured")

    def test_a_test_organization_writes_to_nobody_real(self, office: PostOffice) -> None:
        club = make.organization(test_now=make.JAN_10)
        put_down(club, member(club))
        assert statuses(club) == [("skipped", "test_organization")]

    def test_what_waited_for_the_mailbox_does_not_go_out_to_real_people_later(self, office: PostOffice) -> None:
        club = make.organization(test_now=make.JAN_10)
        with override_settings(**django_settings("mailbox:", sender="")):
            put_down(club, member(club))
        send(club)
        assert (statuses(club), office.accepted) == ([("skipped", "test_organization")], [])

    @pytest.mark.parametrize("status", [CustomerStatus.BANNED, CustomerStatus.ARCHIVED])
    def test_who_is_banned_or_archived_gets_nothing(self, office: PostOffice, status: CustomerStatus) -> None:
        club = make.organization()
        put_down(club, member(club, status=status))
        send(club)
        assert statuses(club) == [("skipped", "not_written_to")]
        assert office.accepted == []

    def test_who_has_no_address_gets_nothing(self, office: PostOffice) -> None:
        club = make.organization()
        put_down(club, member(club, address=""))
        send(club)
        assert statuses(club) == [("skipped", "no_address")]

    def test_who_was_merged_into_another_record_gets_nothing(self, office: PostOffice) -> None:
        club = make.organization()
        (notice,) = put_down(club, member(club))
        Customer.objects.filter(pk=notice.recipient_id).update(merged_into=make.customer(club))
        send(club)
        assert statuses(club) == [("skipped", "not_written_to")]

    def test_a_recipient_of_another_organization_is_none(self, office: PostOffice) -> None:
        club, elsewhere = make.organization(), make.organization("Elsewhere")
        put_down(club, member(elsewhere))
        send(club)
        assert statuses(club) == [("skipped", "not_written_to")]

    def test_what_is_no_longer_true_is_not_said(self, office: PostOffice) -> None:
        club = make.organization()
        person = make.customer(club, emails=["ada@member.example"])
        membership = make.membership(make.plan(club), customer=person)
        put_down(club, about(membership, person, Kind.CANCELED))
        send(club)
        assert statuses(club) == [("skipped", "no_longer_true")]

    def test_a_mail_that_cannot_be_written_holds_nobody_up(
        self, office: PostOffice, caplog: pytest.LogCaptureFixture
    ) -> None:
        club = make.organization()
        person = make.customer(club, emails=["ada@member.example"])
        broken = about(make.membership(make.plan(club), customer=person), person, Kind.EXPIRING, ends_at="never")
        put_down(club, broken, member(club))
        send(club)
        assert sorted(statuses(club)) == [("failed", "not_written"), ("sent", "")]
        assert "could not be written" in caplog.text


@pytest.mark.django_db
class TestFailing:
    def test_an_address_that_does_not_exist_is_given_up_and_not_kept(
        self, office: PostOffice, caplog: pytest.LogCaptureFixture
    ) -> None:
        club = make.organization()
        office.refuse = lambda address: f"550 5.1.1 <{address}> nobody here"
        put_down(club, member(club, address="ada@member.example"))

        send(club)

        assert statuses(club) == [("failed", "recipient_refused")]
        assert "5.1.1" in caplog.text
        assert "ada@member.example" not in caplog.text
        assert leases.next_due(club.pk) is None

    def test_a_mailbox_that_is_busy_is_tried_again_later_and_later_then_given_up(self, office: PostOffice) -> None:
        club = make.organization()
        office.refuse = lambda address: "450 4.2.1 try later"
        put_down(club, member(club))
        pauses, start = [], clock.now()
        with time_machine.travel(start, tick=False) as time:
            while (due_at := leases.next_due(club.pk)) is not None:
                pauses.append(round((due_at - clock.now()).total_seconds()))
                time.move_to(due_at)
                send(club)
        assert pauses == [0, 60, 300, 1800, 7200, 21600, 43200, 86400]
        assert statuses(club)[0][0] == "failed"
        assert office.accepted == []

    def test_it_is_sent_when_the_server_takes_it(self, office: PostOffice) -> None:
        club = make.organization()
        office.refuse = lambda address: "450 4.2.1 try later"
        put_down(club, member(club))
        send(club)
        office.refuse = lambda address: ""

        send(club)
        assert office.accepted == []  # not before its time
        with time_machine.travel(clock.now() + timedelta(seconds=61)):
            send(club)

        assert len(office.accepted) == 1
        assert Notice.objects.get().attempts == 2

    def test_a_server_that_is_down_is_not_asked_for_each_mail(self) -> None:
        club = make.organization()
        put_down(club, *(member(club) for _ in range(10)))
        with override_settings(EMAIL_PORT=9):
            send(club)
        attempts = list(Notice.objects.order_by("id").values_list("attempts", flat=True))
        assert attempts == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
        assert {status for status, _ in statuses(club)} == {"waiting"}
        (job,) = Job.objects.filter(key__startswith="notices.send")
        assert job.run_after is not None


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_senders_send_each_mail_once(self, office: PostOffice) -> None:
        for _ in range(scaled(20)):
            club = make.organization()
            put_down(club, *(member(club) for _ in range(60)))
            office.accepted.clear()

            at_once([lambda: send(club)] * 3)  # noqa: B023

            assert len(office.accepted) == len(set(office.message_ids)) == 60
            assert {status for status, _ in statuses(club)} == {"sent"}

    def test_two_who_put_down_the_same_make_one(self) -> None:
        for _ in range(scaled(40)):
            club = make.organization()
            draft = member(club)
            at_once([lambda: put_down(club, draft)] * 4)  # noqa: B023
            assert Notice.objects.filter(organization=club).count() == 1

    def test_what_a_dead_process_had_in_hand_is_sent_when_its_lease_is_over(self, office: PostOffice) -> None:
        club = make.organization()
        put_down(club, member(club))
        claim = leases.claim(club.pk)  # and then it dies
        assert len(claim.notices) == 1

        send(club)
        assert office.accepted == []
        with time_machine.travel(clock.now() + timedelta(minutes=11)):
            send(club)

        assert len(office.accepted) == 1
        assert not leases.settle(claim.notices[0], Status.FAILED, "too late")
        assert statuses(club) == [("sent", "")]
