"""Two at once: one result and one clear refusal."""

import pytest

from tessera import db
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.people import affiliations, services
from tessera.people.errors import AlreadyAffiliated, AlreadyBanned, EmailTaken, ExternalIdTaken
from tessera.people.models import Affiliation, Customer
from tessera.people.types import Email, Via
from tests import make
from tests.people.racing import at_once

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

ACTOR = Actor.system("tests")


def test_of_two_customers_with_one_external_id_one_is_made() -> None:
    club = make.organization()

    outcomes = at_once(
        [
            lambda: services.create_customer(
                organization=club, emails=[Email("a@b.org")], external_id="crm-1", at=make.JAN_10, actor=ACTOR
            )
            for _ in range(2)
        ]
    )

    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, Customer)] == [ExternalIdTaken]
    assert Customer.objects.count() == Event.objects.count() == 1


def test_of_two_who_verify_one_address_one_has_it() -> None:
    club = make.organization()
    people = [make.customer(club) for _ in range(2)]

    outcomes = at_once(
        [
            lambda person=person: services.update_customer(  # type: ignore[misc]
                customer=person, emails=[Email("a@b.org", verified=True)], at=make.JAN_10, actor=ACTOR
            )
            for person in people
        ]
    )

    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, Customer)] == [EmailTaken]


def test_numbers_given_out_at_once_are_all_different() -> None:
    club = make.organization()

    outcomes = at_once(
        [
            lambda: services.create_customer(
                organization=club, first_name="Ada", last_name="Byron", at=make.JAN_10, actor=ACTOR
            )
            for _ in range(6)
        ]
    )

    numbers = sorted(outcome.number for outcome in outcomes if isinstance(outcome, Customer))
    assert numbers == [f"CUS-{place:06}" for place in range(1, 7)]


def test_two_changes_at_once_are_both_kept() -> None:
    club = make.organization()
    ada = make.customer(club)

    at_once(
        [
            lambda: services.update_customer(customer=ada, display_name="Ada", at=make.JAN_10, actor=ACTOR),
            lambda: services.update_customer(customer=ada, locale="fr", at=make.JAN_10, actor=ACTOR),
        ]
    )

    ada.refresh_from_db()
    assert (ada.display_name, ada.locale, ada.version) == ("Ada", "fr", 3)


def test_of_two_bans_one_is_laid() -> None:
    ada = make.customer(make.organization())

    outcomes = at_once(
        [lambda: services.ban_customer(customer=ada, reason="x", at=make.JAN_10, actor=ACTOR) for _ in range(2)]
    )

    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, Customer)] == [AlreadyBanned]


def test_somebody_who_joins_twice_at_once_joins_once() -> None:
    club = make.organization()
    ada, acme = make.customer(club), make.company(club)

    def start() -> Affiliation:
        return affiliations.start(customer=ada, company=acme, starts_at=make.JAN_10, at=make.JAN_10, via=Via.API)

    # Without the locks that joining takes, the two may wait for each other at the constraint.
    outcomes = at_once([lambda: db.retrying_deadlocks(start)] * 2)

    assert [type(outcome) for outcome in outcomes if not isinstance(outcome, Affiliation)] == [AlreadyAffiliated]
    assert Affiliation.objects.count() == 1


def test_of_two_who_end_an_affiliation_one_did() -> None:
    acme = make.company(make.organization())
    ada = make.employee(acme)

    outcomes = at_once([lambda: affiliations.end(customer=ada, company=acme, at=make.FEB_10) for _ in range(2)])

    assert sorted(outcome is True for outcome in outcomes) == [False, True]
