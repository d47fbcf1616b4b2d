"""A decision in words, with days in the organization's zone."""

from datetime import UTC, datetime

import pytest

from tessera.access import engine
from tessera.access.queries import explain
from tessera.access.types import Reason
from tessera.organizations.models import Organization
from tests import make
from tests.access.asking import ask
from tests.make import JAN_10

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 3, 31, 23, tzinfo=UTC)  # 1 April, 00:00 in London


@pytest.fixture
def club() -> Organization:
    return make.organization()


def test_a_whole_last_day_is_named_without_a_time(club: Organization) -> None:
    acme = make.company(club, "Acme Ltd")
    make.membership(make.plan(club, "Corporate", permissions=["pool"]), company=acme, ends_at=MIDNIGHT)

    text = explain(ask(make.employee(acme)), club)

    assert text == "Granted via Acme Ltd, Corporate plan, until Tue 31 Mar 2026."


def test_an_end_within_a_day_is_named_to_the_minute(club: Organization) -> None:
    ada = make.customer(club)
    make.membership(make.plan(club, "Gold", permissions=["pool"]), customer=ada, ends_at=make.FEB_10)

    assert explain(ask(ada), club) == "Granted by their own Gold plan, until Tue 10 Feb 2026 at 12:00."
    gone = explain(ask(ada, at=make.FEB_10), club)
    assert gone == "The Gold plan ended on Tue 10 Feb 2026 at 12:00."


def test_what_has_no_end_says_so(club: Organization) -> None:
    ada = make.customer(club)
    held = make.membership(make.plan(club, "Gold", permissions=["pool"]), customer=ada)
    assert explain(ask(ada), club) == "Granted by their own Gold plan, without an end."

    make.pause(held, starts_at=JAN_10)

    assert explain(ask(ada), club) == "The Gold plan is paused until it is resumed."


def test_who_left_a_company_is_told_which_and_when(club: Organization) -> None:
    acme = make.company(club, "Acme Ltd")
    make.membership(make.plan(club, "Corporate", permissions=["pool"]), company=acme)
    ada = make.employee(acme, ends_at=MIDNIGHT)

    text = explain(ask(ada, at=MIDNIGHT), club)

    assert text == "They left Acme Ltd, which holds the Corporate plan, on Tue 31 Mar 2026."


def test_a_full_company_says_when_a_seat_is_free(club: Organization) -> None:
    acme = make.company(club, "Acme Ltd")
    make.membership(make.plan(club, "Corporate", permissions=["pool"], seats=1), company=acme)
    make.employee(acme, ends_at=MIDNIGHT)
    ada = make.employee(acme)

    text = explain(ask(ada), club)

    assert text == "The Corporate plan via Acme Ltd has no seat left; one is free from Wed 1 Apr 2026."


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(club: Organization, reason: Reason) -> None:
    text = explain(engine.refusal(reason, JAN_10), club)

    assert text.endswith(".")
    assert "None" not in text
