"""What a member sees of their memberships, and does with them."""

from datetime import timedelta
from typing import Any

import pytest

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.memberships.models import Membership, Pause
from tessera.memberships.types import EndedReason
from tessera.organizations.models import Organization
from tessera.plans.models import Plan
from tessera.plans.types import Billing
from tests import make
from tests.portal.member import Browser, mem, signed_in

pytestmark = pytest.mark.django_db
NOON = make.JAN_10
DAY = timedelta(days=1)


def free(club: Organization, **told: Any) -> Plan:
    return make.plan(club, amount=0, **told)


def told(club: Organization) -> list[str]:
    return list(
        Event.objects.filter(organization=club, type__startswith="membership.")
        .order_by("sequence")
        .values_list("type", flat=True)
    )


def test_home_says_what_is_held_through_whom_and_what_is_paid_next(club: Organization) -> None:
    ada, acme = make.customer(club, first_name="Ada", last_name="Okonkwo"), make.company(club)
    make.affiliation(ada, acme)
    make.membership(
        make.plan(club, "Gold", permissions=["pool"]), customer=ada, starts_at=NOON, ends_at=NOON + 31 * DAY
    )
    make.membership(make.plan(club, "Corporate", permissions=["pool", "lounge"]), company=acme)

    words = signed_in(ada).get("").words

    assert "Ada Okonkwo" in words
    assert f"Corporate through {acme.name} Active It has no end." in words
    assert "Gold Active Until" in words and "unless it is paid on" in words
    assert "£35.00 on" in words
    assert f"Gold; Corporate, through {acme.name}" in words


@pytest.mark.parametrize(
    ("made", "word", "says"),
    [
        ({"starts_at": None, "needs_approval": True}, "Pending", "You have applied."),
        ({"starts_at": None, "awaits_payment": True, "pending_until": NOON + DAY}, "Pending", "paid at the desk"),
        ({"starts_at": NOON + 5 * DAY}, "To come", "Begins on"),
        ({"renews": True}, "Active", "It goes on until you leave."),
        ({"ends_at": NOON + DAY}, "Active", "Until"),
        (
            {"starts_at": NOON - 31 * DAY, "ends_at": NOON - DAY, "grace_until": NOON + 2 * DAY, "renews": True},
            "Active, unpaid",
            "A payment is missing.",
        ),
        ({"starts_at": NOON - 9 * DAY, "ends_at": NOON - DAY}, "Ended", "Until"),
        ({"ended_at": NOON, "ended_reason": EndedReason.REVOKED}, "Taken away", "Since"),
        ({"starts_at": None, "awaits_payment": True, "pending_until": NOON - DAY}, "Never begun", "It never began."),
        ({"ends_at": NOON + DAY, "cancel_booked_at": NOON}, "Active", "Canceled: it ends with"),
    ],
)  # fmt: skip
def test_every_state_looks_right(club: Organization, made: dict[str, Any], word: str, says: str) -> None:
    ada = make.customer(club)
    row = make.membership(make.plan(club), customer=ada, **made)
    for path in ("", mem(row)):
        page = signed_in(ada).get(path)
        assert page.status == 200
        assert word in page.words and says in page.words, page.words


def test_a_paused_membership_says_until_when_and_can_be_resumed(club: Organization) -> None:
    ada = make.customer(club)
    row = make.membership(free(club, pauses_allowed=True), customer=ada, starts_at=NOON - 9 * DAY, renews=True)
    make.pause(row, starts_at=NOON - DAY, ends_at=NOON + 5 * DAY)
    browser = signed_in(ada)
    assert "Paused until" in browser.get("").words
    assert "Active" in browser.follow(f"{mem(row)}/resume").words


def test_who_finds_the_seats_taken_is_told(club: Organization) -> None:
    acme = make.company(club)
    make.employee(acme)
    ada = make.employee(acme)
    make.membership(make.plan(club, permissions=["pool"], seats=1), company=acme)
    words = signed_in(ada).get("").words
    assert f"The seats of {acme.name} are taken." in words
    assert "What you may use Nothing now." in words


def test_canceling_says_first_what_goes_and_what_stays_and_is_taken_back(club: Organization) -> None:
    ada, acme = make.customer(club), make.company(club)
    make.affiliation(ada, acme)
    pool, lounge = make.permission(club, "pool", name="Pool"), make.permission(club, "lounge", name="Lounge")
    make.membership(make.plan(club, "Corporate", permissions=[pool]), company=acme)
    row = make.membership(free(club, name="Gold", permissions=[pool, lounge]), customer=ada, renews=True)
    browser = signed_in(ada)

    asks = browser.get(f"{mem(row)}/leave")
    assert "Gold runs until" in asks.words
    assert "Then you lose Lounge." in asks.words
    assert f"You keep Pool through {acme.name}, Corporate." in asks.words
    assert told(club) == []

    page = browser.follow(f"{mem(row)}/leave", how="end")
    assert "It is canceled." in page.words and "Canceled: it ends with" in page.words
    assert (
        Event.objects.get(type="membership.cancel_booked").actor == f"customer:{ids.to_text(Prefix.CUSTOMER, ada.pk)}"
    )
    assert "It goes on until you leave." in browser.get(f"{mem(row)}/undo").words
    page = browser.follow(f"{mem(row)}/undo")
    assert "Everything goes on as before." in page.words and "It goes on until you leave." in page.words
    assert told(club) == ["membership.cancel_booked", "membership.cancel_undone"]


def test_what_is_sent_twice_is_done_once(club: Organization) -> None:
    ada = make.customer(club)
    row = make.membership(free(club, pauses_allowed=True), customer=ada, renews=True)
    browser = signed_in(ada)
    for path, form in [("leave", {"how": "end"}), ("undo", {}), ("pause", {"first_day": "2026-01-10"}), ("resume", {})]:
        assert [browser.post(f"{mem(row)}/{path}", **form).status for _ in range(2)] == [303, 303], path
    assert told(club) == [
        "membership.cancel_booked",
        "membership.cancel_undone",
        "membership.paused",
        "membership.resumed",
    ]


def test_a_form_from_before_something_changed_ends_nothing(club: Organization) -> None:
    """A page that spoke of the period's end must not end a membership at once."""
    ada = make.customer(club)
    plan = make.plan(club)
    row = make.membership(
        plan, customer=ada, starts_at=NOON - 31 * DAY, ends_at=NOON - DAY, grace_until=NOON + DAY, renews=True
    )
    answer = signed_in(ada).post(f"{mem(row)}/leave", how="end")
    assert answer.status == 422
    assert "Something has changed meanwhile." in answer.words
    assert told(club) == []


def test_an_application_is_taken_back_and_an_open_membership_ends_at_once(club: Organization) -> None:
    ada = make.customer(club)
    waits = make.membership(make.plan(club), customer=ada, starts_at=None, needs_approval=True)
    opened = make.membership(make.plan(club, billing=Billing.OPEN), customer=ada)
    browser = signed_in(ada)
    assert "Take it back" in browser.get(mem(waits)).words
    assert "It is taken back." in browser.follow(f"{mem(waits)}/leave", how="now").words
    assert "ends at once" in browser.get(f"{mem(opened)}/leave").words
    browser.follow(f"{mem(opened)}/leave", how="now")
    assert Membership.objects.get(pk=opened.pk).ended_at == NOON


def test_what_ends_by_itself_cannot_be_left(club: Organization) -> None:
    ada = make.customer(club)
    row = make.membership(make.plan(club), customer=ada, ends_at=NOON + DAY)
    browser = signed_in(ada)
    assert "Leave" not in browser.get(mem(row)).words.partition("Sign out")[0].replace("Leave it", "")
    assert browser.post(f"{mem(row)}/leave", how="now").location.endswith(mem(row))
    assert told(club) == []


def test_pausing_says_first_what_becomes_of_the_end(club: Organization) -> None:
    ada = make.customer(club)
    plan = make.plan(club, pauses_allowed=True, pauses_extend=True)
    row = make.membership(plan, customer=ada, ends_at=NOON.replace(month=2))
    browser = signed_in(ada)
    asks = browser.get(f"{mem(row)}/pause?first_day=2026-01-20&last_day=2026-01-24")
    assert "Its end moves to" in asks.words
    assert not Pause.objects.exists()
    browser.follow(f"{mem(row)}/pause", first_day="2026-01-20", last_day="2026-01-24")
    assert Pause.objects.get().ends_at == NOON.replace(day=25, hour=0)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("2026-01-09", "", "today or later"),
        ("2026-01-12", "2026-01-11", "not before the first"),
        ("soon", "", "as in 2026-01-31"),
        ("2026-06-01", "", "It does not run on that day."),
    ],
)
def test_days_that_cannot_be_are_refused_and_kept(club: Organization, first: str, last: str, says: str) -> None:
    ada = make.customer(club)
    row = make.membership(make.plan(club, pauses_allowed=True), customer=ada, ends_at=NOON.replace(month=2))
    answer = signed_in(ada).post(f"{mem(row)}/pause", first_day=first, last_day=last)
    assert (answer.status, says in answer.words) == (422, True)
    assert f'value="{first}"' in answer.text
    assert not Pause.objects.exists()


def test_a_plan_without_pauses_has_none(club: Organization) -> None:
    ada = make.customer(club)
    row = make.membership(free(club), customer=ada, renews=True)
    browser = signed_in(ada)
    assert "Pause" not in browser.get(mem(row)).words
    assert browser.post(f"{mem(row)}/pause", first_day="2026-01-10").location.endswith(mem(row))
    assert not Pause.objects.exists()


def test_what_costs_nothing_is_renewed_and_what_is_paid_is_joined_again(club: Organization) -> None:
    ada = make.customer(club)
    over: dict[str, Any] = {"starts_at": NOON - 40 * DAY, "ends_at": NOON - 9 * DAY}
    gift, paid = (
        make.membership(free(club), customer=ada, **over),
        make.membership(make.plan(club), customer=ada, **over),
    )
    revoked = make.membership(
        make.plan(club), customer=ada, ended_at=NOON - DAY, ended_reason=EndedReason.REVOKED, starts_at=NOON - 9 * DAY
    )
    browser = signed_in(ada)
    assert "It is renewed." in browser.follow(f"{mem(gift)}/renew").words
    assert f"/join/{club.slug}/pln_" in browser.get(mem(paid)).text
    assert browser.post(f"{mem(paid)}/renew").location.endswith(mem(paid))
    words = browser.get(mem(revoked)).words
    assert "Renew" not in words and "Join again" not in words
    assert told(club)[-1] == "membership.renewed" and len(told(club)) == 2  # its end, announced late, before


def test_a_free_plan_is_changed_at_once_and_a_paid_one_with_its_renewal(club: Organization) -> None:
    ada, bea = make.customer(club), make.customer(club)
    silver, gold = free(club, name="Silver", permissions=["a"]), free(club, name="Bronze", permissions=["b"])
    month, year = make.plan(club, "Monthly"), make.plan(club, "Yearly", amount=9900)
    gift = make.membership(silver, customer=ada, renews=True)
    paid = make.membership(month, customer=bea, ends_at=NOON.replace(month=2))

    browser = signed_in(ada)
    page = browser.get(f"{mem(gift)}/change")
    assert "Bronze, Free begins at once" in page.words
    assert "To be joined on their own page Monthly" in page.words
    form = {"price": ids.to_text(Prefix.PRICE, gold.prices.get().pk)}
    assert "The change is made." in browser.follow(f"{mem(gift)}/change", **form).words
    sneaky = {"price": ids.to_text(Prefix.PRICE, month.prices.get().pk)}
    assert signed_in(ada).post(f"{mem(gift)}/change", **sneaky).status == 422

    browser = signed_in(bea)
    form = {"price": ids.to_text(Prefix.PRICE, year.prices.get().pk)}
    page = browser.follow(f"{mem(paid)}/change", **form)
    assert "The change is booked." in page.words and "Then Yearly" in page.words
    page = browser.follow(f"{mem(paid)}/keep")
    assert "Then Yearly" not in page.words
    assert told(club) == [
        "membership.plan_changed",
        "membership.plan_change_booked",
        "membership.plan_change_booked",
    ]


def test_private_full_and_approved_plans_are_not_gone_over_to(club: Organization) -> None:
    ada = make.customer(club)
    row = make.membership(free(club), customer=ada, renews=True)
    full = free(club, name="Full", capacity=1)
    make.membership(full, customer=make.customer(club), renews=True)
    others = [full, free(club, name="Hidden", visibility="private"), free(club, name="Chosen", needs_approval=True)]
    browser = signed_in(ada)
    for each in others:
        form = {"price": ids.to_text(Prefix.PRICE, each.prices.get().pk)}
        assert browser.post(f"{mem(row)}/change", **form).status == 422, each.name
    assert told(club) == []


def test_names_with_markup_are_text(club: Organization) -> None:
    ada = make.customer(club, first_name="<script>alert(1)</script>", last_name="\u200fعمر" + "n" * 150)
    text = Browser(club).sign_in_as(ada).get("").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
