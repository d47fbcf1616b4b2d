"""A membership's own page: what it is, its terms and pauses, who inherits it, what can be done there, its history."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera.console.verbs import VERBS
from tessera.core.periods import Interval
from tessera.events.models import Event
from tessera.events.types import Actor
from tessera.memberships.models import Membership, Term
from tessera.memberships.types import EndedReason, Status
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.people.models import Company, Customer
from tessera.people.types import CustomerStatus
from tessera.plans.models import Plan
from tessera.plans.types import Billing, Rule
from tests import make
from tests.console.visitor import Visitor, ref, working_for
from tests.memberships.desk import Desk, london
from tests.pages import Page

pytestmark = pytest.mark.django_db

JAN_1, FEB_1 = london("2026-01-01"), london("2026-02-01")


@pytest.fixture
def ada(owner: Visitor) -> Customer:
    return make.customer(owner.club, first_name="Ada", last_name="Okonkwo")


@pytest.fixture
def acme(owner: Visitor) -> Company:
    return make.company(owner.club, "Acme Ltd")


@pytest.fixture
def gold(ada: Customer) -> Membership:
    """Ada's membership of Gold, which grants the pool and has pauses, since 1 January and until 31 January."""
    plan = make.plan(ada.organization, "Gold", permissions=["pool"], pauses_allowed=True)
    return make.membership(plan, customer=ada, starts_at=JAN_1, ends_at=FEB_1)


def body_rows(page: Page, heading: str) -> list[str]:
    """The words of each row of the table below a heading of the page."""
    below = page.text.split(f'id="{heading}"')[1].split("</section>")[0].split("<tbody>")[1].split("</tbody>")[0]
    bare = [re.sub(r"<[^>]+>", " ", row) for row in below.split("</tr>")]
    return [" ".join(row.split()) for row in bare if row.strip()]


def fact(page: Page, name: str) -> str:
    """What is beside a name among the details."""
    found = re.search(rf"<dt>{name}</dt><dd[^>]*>(.*?)</dd>", page.text, re.DOTALL)
    assert found is not None, f"no {name}"
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_it_says_what_it_is_whose_until_when_and_what_it_grants(
    owner: Visitor, ada: Customer, gold: Membership
) -> None:
    page = owner.get("membership", gold)
    assert page.status == 200
    assert "Customers Ada Okonkwo Membership AO Gold Ada Okonkwo Active until Sat 31 Jan" in page.words
    assert fact(page, "Price") == "£35.00 a month"
    assert fact(page, "Since") == "Thu 1 Jan"
    assert fact(page, "Last day") == "Sat 31 Jan"
    assert fact(page, "Came by") == "Staff, Thu 1 Jan"
    assert fact(page, "Id") == ref(gold)
    assert "Grants Pool pool" in page.words
    assert page.text.count(owner.address("customer", ada)) >= 2
    assert owner.address("plan", gold.terms.get().plan) in page.text


def test_the_holders_page_leads_to_it_and_so_does_what_is_inherited(
    owner: Visitor, ada: Customer, acme: Company, gold: Membership
) -> None:
    make.affiliation(ada, acme)
    corporate = make.membership(make.plan(owner.club, "Corporate", permissions=["lounge"]), company=acme)
    profile = owner.get("customer", ada).text
    for membership in (gold, corporate):
        assert f'<h3><a href="{owner.address("membership", membership)}">' in profile
    assert f'<h3><a href="{owner.address("membership", corporate)}">' in owner.get("company", acme).text
    assert "Companies Acme Ltd Membership" in owner.get("membership", corporate).words


def test_an_answer_leads_to_the_membership_that_it_rests_on(owner: Visitor, ada: Customer, gold: Membership) -> None:
    address = f'href="{owner.address("membership", gold)}"'
    assert address in owner.get("check", who=ada.number, permission="pool").text
    assert owner.get("customer", ada).text.count(address) == 2  # beside what it grants, too


@pytest.mark.parametrize(
    ("plan", "held", "says"),
    [
        ({}, {"renews": True, "anchor": "2025-12-31T00:00:00"},
         "By itself when paid, on the 31st Next Sun 1 Feb In a shorter month on its last day."),
        ({}, {"anchor": "2026-01-01T00:00:00"}, "By hand, on the 1st Next Sun 1 Feb"),
        ({}, {"anchor": "2026-01-02T14:05:00"}, "By hand, on the 2nd at 14:05 Next Sun 1 Feb"),
        ({}, {"anchor": "2026-01-03T00:00:00"}, "By hand, on the 3rd Next Sun 1 Feb"),
        ({}, {"anchor": "2026-01-11T00:00:00"}, "By hand, on the 11th Next Sun 1 Feb"),
        ({"interval": Interval.YEAR}, {"anchor": "2024-02-29T00:00:00"},
         "By hand, on 29 February Next Sun 1 Feb In most years on 28 February."),
        ({"interval": Interval.YEAR}, {"anchor": "2025-04-30T00:00:00"}, "By hand, on 30 April Next Sun 1 Feb"),
        ({"interval": Interval.WEEK}, {"anchor": "2026-01-04T00:00:00"}, "By hand, on a Sunday Next Sun 1 Feb"),
        ({"interval": Interval.DAY}, {}, "By hand Next Sun 1 Feb"),
        ({"billing": Billing.ONCE}, {"anchor": "2026-01-01T00:00:00"}, "By hand, on the 1st Next Sun 1 Feb"),
        ({"billing": Billing.OPEN}, {"ends_at": None}, "Never: it has no end"),
        ({"amount": 0}, {"ends_at": None, "renews": True, "anchor": "2026-01-01T00:00:00"},
         "By itself, nothing to pay, on the 1st"),
        ({"rule": Rule.FIXED, "cycle_start": "04-01", "interval": Interval.YEAR}, {"renews": True},
         "By itself when paid, with the yearly cycle, on 1 April Next Sun 1 Feb"),
        ({}, {"cancel_booked_at": make.JAN_10}, "No longer: its end is booked"),
        ({}, {"renews": True, "ends_at": london("2026-01-08"), "grace_until": london("2026-01-15"),
              "anchor": "2026-01-08T00:00:00"}, "By itself when paid, on the 8th"),
        ({}, {"ends_at": london("2026-01-08")}, "Only by hand: it is over"),
        ({}, {"ended_at": make.JAN_10}, "Only by hand: it is over"),
        ({}, {"ended_at": make.JAN_10, "ended_reason": EndedReason.REVOKED}, "Not any more"),
    ],
)  # fmt: skip
def test_how_it_renews_is_said_in_words(
    owner: Visitor, ada: Customer, plan: dict[str, object], held: dict[str, object], says: str
) -> None:
    row = make.plan(owner.club, **plan)  # type: ignore[arg-type]
    membership = make.membership(row, customer=ada, **{"starts_at": JAN_1, "ends_at": FEB_1, **held})  # type: ignore[arg-type]
    assert fact(owner.get("membership", membership), "Renews") == says


@pytest.mark.parametrize(
    ("waits", "says"),
    [
        ({"needs_approval": True, "awaits_payment": True}, "When it is approved and paid"),
        ({"needs_approval": True}, "When it is approved"),
        ({"awaits_payment": True}, "When it is paid"),
    ],
)
def test_what_is_pending_says_what_it_waits_for(
    owner: Visitor, ada: Customer, waits: dict[str, bool], says: str
) -> None:
    membership = make.membership(make.plan(owner.club, "Patron"), customer=ada, starts_at=None, **waits)  # type: ignore[arg-type]
    page = owner.get("membership", membership)
    assert fact(page, "Begins") == says
    assert "None yet. The first one starts when nothing is awaited any more." in page.words
    assert 'class="waiting"' in page.text


def test_what_is_paused_or_over_says_that_it_grants_nothing_now(owner: Visitor, gold: Membership) -> None:
    make.pause(gold, starts_at=JAN_1 + timedelta(days=5), reason="Abroad")
    paused = owner.get("membership", gold)
    assert "Paused paused until somebody resumes it" in paused.words
    assert "Nothing while it is paused. Otherwise: Pool" in paused.words
    Membership.objects.filter(pk=gold.pk).update(ended_at=make.JAN_10, ended_reason=EndedReason.REVOKED)
    over = owner.get("membership", gold)
    assert "Expired revoked Sat 10 Jan" in over.words
    assert "Nothing any more. While it ran: Pool" in over.words


def test_terms_are_listed_the_last_one_first_with_who_paid_and_booked(owner: Visitor, ada: Customer) -> None:
    gold, silver = make.plan(owner.club, "Gold"), make.plan(owner.club, "Silver", amount=2000)
    membership = make.membership(
        gold, customer=ada, starts_at=london("2025-12-15"), ends_at=JAN_1, trial=True, grace_until=london("2026-01-02")
    )
    make.term(membership, gold, starts_at=JAN_1, ends_at=FEB_1, paid_by="manual")
    booked = make.term(membership, silver, starts_at=FEB_1, ends_at=london("2026-03-01"), paid_by="stripe")
    assert owner.staff is not None
    Term.objects.filter(pk=booked.pk).update(booked_by=str(Actor.staff(owner.staff.pk)))
    assert body_rows(owner.get("membership", membership), "terms") == [
        "Sun 1 Feb booked Sat 28 Feb Silver £20.00 a month Stripe Sam Steward",
        "Thu 1 Jan now Sat 31 Jan Gold £35.00 a month At the desk or by transfer Tessera",
        "Mon 15 Dec 2025 trial Wed 31 Dec 2025 Gold £35.00 a month \N{EN DASH} Nothing Tessera",
    ]


def test_a_term_in_which_it_ended_says_both_ends(owner: Visitor, gold: Membership) -> None:
    make.term(gold, gold.terms.get().plan, starts_at=FEB_1, ends_at=london("2026-03-01"))
    Membership.objects.filter(pk=gold.pk).update(ended_at=make.JAN_10, ended_reason=EndedReason.CANCELED)
    booked, cut = body_rows(owner.get("membership", gold), "terms")
    assert booked.startswith("Sun 1 Feb cut off Sat 28 Feb")
    assert cut.startswith("Thu 1 Jan Sat 10 Jan, 12:00 booked to Sat 31 Jan")


def test_grace_is_said_beside_the_last_day_of_the_term_that_runs(owner: Visitor, ada: Customer) -> None:
    membership = make.membership(
        make.plan(owner.club),
        customer=ada,
        starts_at=JAN_1,
        ends_at=FEB_1,
        grace_until=london("2026-02-08"),
        renews=True,
    )
    page = owner.get("membership", membership)
    assert "Sat 31 Jan grace to Sat 7 Feb" in body_rows(page, "terms")[0]
    assert fact(page, "Last day") == "Sat 31 Jan with grace Sat 7 Feb"


def monthly(ada: Customer, plan: Plan, *, terms: int) -> Membership:
    """A membership that was renewed every thirty days, so that the last of its terms runs."""
    begin = JAN_1 - timedelta(days=30 * (terms - 1))
    membership = make.membership(plan, customer=ada, starts_at=begin, ends_at=begin + timedelta(days=30))
    for number in range(1, terms):
        start = begin + timedelta(days=30 * number)
        make.term(membership, plan, starts_at=start, ends_at=start + timedelta(days=30))
    return membership


def test_of_many_terms_the_last_dozen_is_shown_and_all_are_a_click_away(owner: Visitor, ada: Customer) -> None:
    membership = monthly(ada, make.plan(owner.club), terms=20)
    page = owner.get("membership", membership)
    assert len(body_rows(page, "terms")) == 12
    assert "Show all 20 terms" in page.words
    everything = owner.open(owner.address("membership", membership) + "?terms=all")
    assert len(body_rows(everything, "terms")) == 20
    assert "Show all" not in everything.words
    assert len(body_rows(owner.get("membership", monthly(ada, make.plan(owner.club), terms=15)), "terms")) == 15


def test_pauses_are_listed_with_their_reason_and_what_they_do_to_the_end(owner: Visitor, gold: Membership) -> None:
    assert 'id="pauses"' not in owner.get("membership", gold).text
    make.pause(gold, starts_at=london("2026-01-02"), ends_at=london("2026-01-05"), extends=True, reason="Injury")
    make.pause(gold, starts_at=london("2026-01-09"), ends_at=london("2026-01-12"))
    make.pause(gold, starts_at=london("2026-01-20"))
    assert body_rows(owner.get("membership", gold), "pauses") == [
        "Tue 20 Jan planned until resumed stays Tessera",
        "Fri 9 Jan now Sun 11 Jan stays Tessera",
        "Fri 2 Jan Sun 4 Jan Injury moves with it Tessera",
    ]


def test_the_ribbon_has_its_life_and_a_table_of_the_same(owner: Visitor, gold: Membership) -> None:
    make.pause(gold, starts_at=london("2026-01-05"), ends_at=london("2026-01-08"))
    page = owner.get("membership", gold)
    assert 'aria-label="Gold: 1 term and 1 pause, from Thu 1 Jan 2026 to Sat 31 Jan 2026."' in page.text
    assert '<rect class="term" x="0.0%" width="100.0%"' in page.text
    assert body_rows(page, "life") == [
        "Gold Thu 1 Jan 2026 Sat 31 Jan 2026",
        "Paused Mon 5 Jan 2026 Wed 7 Jan 2026",
    ]


def test_numbers_in_the_picture_are_written_the_same_in_every_language(owner: Visitor) -> None:
    owner.club.locale = "de-DE"
    owner.club.save()
    membership = make.membership(
        make.plan(owner.club), customer=make.customer(owner.club), starts_at=JAN_1, ends_at=london("2026-01-08")
    )
    page = owner.client.get(owner.address("membership", membership), headers={"Accept-Language": "de"}).content.decode()
    assert re.findall(r'x1?="[0-9]+,[0-9]+%"', page) == []
    assert re.findall(r'x1="[0-9]+\.[0-9]+%"', page)


def test_who_inherits_is_shown_in_the_order_of_seats(owner: Visitor, acme: Company) -> None:
    def person(first_name: str, day: str, status: CustomerStatus = CustomerStatus.ACTIVE) -> Customer:
        somebody = make.customer(owner.club, first_name=first_name, last_name="X", status=status)
        make.affiliation(somebody, acme, starts_at=london(day), title="Director")
        return somebody

    membership = make.membership(
        make.plan(owner.club, "Corporate", seats=2), company=acme, starts_at=JAN_1, ends_at=FEB_1
    )
    person("Cem", "2026-01-04")
    ada = person("Ada", "2026-01-02")
    person("Bo", "2026-01-03", CustomerStatus.BANNED)
    person("Dee", "2026-01-05")
    make.employee(make.company(owner.club))
    page = owner.get("membership", membership)
    assert body_rows(page, "inherits") == [
        "AX Ada X Director has a seat Fri 2 Jan",
        "BX Bo X Director takes no seat Sat 3 Jan",
        "CX Cem X Director has a seat Sun 4 Jan",
        "DX Dee X Director no seat in Corporate Mon 5 Jan",
    ]
    assert "2 of 2 seats taken · 1 person without a seat" in page.words
    assert fact(page, "Seats") == "2 2 people have one , 1 person has none"
    assert owner.address("customer", ada) in page.text
    assert f"{owner.address('company', acme)}#people" in page.text


def test_of_many_people_the_first_fifty_are_shown(owner: Visitor, acme: Company) -> None:
    membership = make.membership(make.plan(owner.club, "Corporate", seats=49), company=acme)
    for _ in range(52):
        make.employee(acme)
    page = owner.get("membership", membership)
    rows = body_rows(page, "inherits")
    assert len(rows) == 50
    assert "no seat" not in rows[48]
    assert "no seat in Corporate" in rows[49]
    assert "All people of Acme Ltd" in page.words
    assert "49 of 49 seats taken · 3 people without a seat" in page.words


@pytest.mark.parametrize(
    ("change", "note", "shows_people"),
    [
        (
            {"ended_at": make.JAN_10, "ended_reason": EndedReason.CANCELED},
            "It is over: nobody inherits it any more.",
            False,
        ),
        ({}, "", True),
    ],
)
def test_nobody_inherits_what_is_over(
    owner: Visitor, acme: Company, change: dict[str, object], note: str, shows_people: bool
) -> None:
    membership = make.membership(make.plan(owner.club), company=acme)
    person = make.employee(acme)
    Membership.objects.filter(pk=membership.pk).update(**change)
    page = owner.get("membership", membership)
    assert note in page.words
    assert (person.name in page.words) is shows_people


def test_what_is_paused_or_to_come_says_that_nobody_inherits_it_now(owner: Visitor, acme: Company) -> None:
    paused = make.membership(make.plan(owner.club), company=acme)
    make.pause(paused, starts_at=make.JAN_10)
    to_come = make.membership(make.plan(owner.club), company=acme, starts_at=FEB_1)
    assert "While it is paused, nobody inherits it." in owner.get("membership", paused).words
    page = owner.get("membership", to_come).words
    assert "It has not begun: nobody inherits it yet." in page
    assert "Nobody belongs to the company now." in page


def test_a_customers_membership_has_nobody_who_inherits(owner: Visitor, gold: Membership) -> None:
    page = owner.get("membership", gold)
    assert "Who inherits it" not in page.words
    assert "<dt>Seats</dt>" not in page.text


def test_only_what_is_possible_now_is_offered(owner: Visitor, gold: Membership) -> None:
    page = owner.get("membership", gold).text
    for verb in ("renew", "extend", "change", "pause", "end-now", "revoke"):
        assert f"{owner.address(f'membership_{verb}', gold)}?back=membership" in page
    for verb in ("approve", "paid", "resume", "undo-end", "seats", "reject"):
        assert owner.address(f"membership_{verb}", gold) not in page
    Membership.objects.filter(pk=gold.pk).update(ended_at=make.JAN_10, ended_reason=EndedReason.REVOKED)
    page = owner.get("membership", gold).text
    assert not any(owner.address(f"membership_{verb.name}", gold) in page for verb in VERBS)


def test_a_pause_that_is_only_planned_is_not_the_thing_to_do_next(owner: Visitor, gold: Membership) -> None:
    make.pause(gold, starts_at=london("2026-01-20"))
    page = owner.get("membership", gold).text
    assert re.search(r'class="button is-primary"[^>]*>Renew</a>', page)
    assert owner.address("membership_resume", gold) in page


def test_what_is_done_here_leads_back_here_and_from_the_profile_to_the_profile(
    owner: Visitor, ada: Customer, gold: Membership
) -> None:
    here, profile = owner.address("membership", gold), owner.address("customer", ada)
    asked = owner.get("membership_extend", gold, htmx=True, back="membership")
    assert asked.value("back") == "membership"
    assert asked.value("last_day") == ""
    assert "This field is required" not in asked.words
    assert f'href="{here}" data-close' in asked.text
    told = {"last_day": "2026-02-15", "back": asked.value("back"), "version": "1"}
    assert (
        "Its end moves from Sat 31 Jan 2026 to Sun 15 Feb 2026." in owner.get("membership_extend", gold, **told).words
    )
    refused = owner.post("membership_extend", gold, htmx=True, last_day="2026-01-02", back="membership")
    assert (refused.status, refused.value("back")) == (422, "membership")
    assert owner.post("membership_extend", gold, htmx=True, **told).location == here
    assert "Gold extended" in owner.get("membership", gold).words

    assert 'name="back"' not in owner.get("membership_extend", gold).text
    assert owner.post("membership_extend", gold, last_day="2026-03-15", version=2).location == profile
    assert owner.post("membership_end-now", gold, version=3, back="//evil.example").location == profile


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_every_verb_that_is_asked_for_here_leads_back_here(owner: Visitor, gold: Membership, verb: str) -> None:
    for htmx in (True, False):
        asked = owner.get(f"membership_{verb}", gold, htmx=htmx, back="membership")
        assert asked.status == 200
        assert asked.value("back") == "membership"
        assert f'href="{owner.address("membership", gold)}"' in asked.text
        assert "errorlist" not in asked.text


def test_its_own_events_are_told_with_their_days_and_nobody_elses() -> None:
    desk = Desk.open(test_now=make.JAN_10)
    owner = working_for(desk.club)
    plan = make.plan(desk.club, "Gold", pauses_allowed=True)
    ada = make.customer(desk.club)
    membership = desk.grant(plan, ada, at=make.JAN_10)
    desk.grant(make.plan(desk.club, "Silver"), ada, at=make.JAN_10)
    desk.renew(membership, at=make.JAN_10)
    desk.extend(membership, london("2026-03-20"), at=make.JAN_10)
    desk.pause(membership, at=make.JAN_10, starts_at=london("2026-01-20"), ends_at=london("2026-01-27"))
    desk.cancel_now(membership, at=make.JAN_10)
    happened = owner.get("membership", membership).words.split("What happened")[1]
    assert "Silver" not in happened
    told = [
        "Gold canceled",
        "Gold paused from Tue 20 Jan to Mon 26 Jan",
        "Gold extended from Mon 9 Mar to Thu 19 Mar",
        "Gold renewed until Mon 9 Mar",
        "Gold assigned until Mon 9 Feb",
    ]
    places = [happened.index(each) for each in told]
    assert places == sorted(places)


def test_seats_that_changed_are_told_with_how_many(owner: Visitor, acme: Company) -> None:
    membership = make.membership(make.plan(owner.club, "Corporate", seats=20), company=acme)
    owner.post("membership_seats", membership, seats="5", version=1)
    owner.post("membership_seats", membership, seats="", version=2)
    words = owner.get("membership", membership).words
    assert (
        "Seats of Corporate changed from no limit to 5" in words or "Seats of Corporate changed from 20 to 5" in words
    )
    assert "Seats of Corporate changed from 5 to" in words


def test_its_history_is_read_page_by_page(owner: Visitor, gold: Membership) -> None:
    for day in range(1, 36):
        told = {"last_day": f"2026-{3 + day // 28:02}-{1 + day % 28:02}", "version": day}
        assert owner.post("membership_extend", gold, **told).status == 302
    first = owner.get("membership", gold)
    assert first.words.count("Gold extended from") == 30
    earlier = re.search(r'href="(\?before=[^"#]+)#timeline" rel="next"', first.text)
    assert earlier is not None
    second = owner.open(owner.address("membership", gold) + earlier[1].replace("&amp;", "&"))
    assert second.words.count("Gold extended from") == 5
    assert "The latest" in second.words
    assert owner.get("membership", gold, before="nonsense").status == 422


def test_a_page_costs_the_same_for_one_and_for_twenty(owner: Visitor, ada: Customer, acme: Company) -> None:
    plan = make.plan(owner.club, permissions=["pool"])

    def cost(terms: int) -> int:
        membership = monthly(make.customer(owner.club), plan, terms=terms)
        for number in range(terms):
            owner.post("membership_extend", membership, last_day=f"2026-04-{number + 1:02}", version=number + 1)
        for number in range(terms):
            start = JAN_1 - timedelta(days=30 * number)
            make.pause(membership, starts_at=start, ends_at=start + timedelta(days=1))
        assert Event.objects.filter(membership_id=membership.pk).count() == terms
        return owner.get("membership", membership).queries

    assert cost(1) == cost(20) <= 12

    corporate = make.membership(make.plan(owner.club, seats=50), company=acme)
    make.employee(acme)
    one = owner.get("membership", corporate).queries
    for _ in range(20):
        make.employee(acme)
    assert owner.get("membership", corporate).queries == one <= 12


def test_looking_writes_nothing(owner: Visitor, gold: Membership, acme: Company) -> None:
    corporate = make.membership(make.plan(owner.club), company=acme)
    make.employee(acme)
    owner.get("membership", gold)
    for membership in (gold, corporate):
        with CaptureQueriesContext(connection) as seen:
            assert owner.client.get(owner.address("membership", membership)).status_code == 200
        words = {each["sql"].split()[0].upper() for each in seen.captured_queries}
        assert words <= {"SELECT", "SAVEPOINT", "RELEASE", "SET"}
    assert owner.client.post(owner.address("membership", gold)).status_code == 405


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_it_and_is_offered_what_it_may_do(gold: Membership, role: Role) -> None:
    page = working_for(gold.organization, role).get("membership", gold)
    assert page.status == 200
    visitor = Visitor(gold.organization, None)
    offered = {verb.name for verb in VERBS if visitor.address(f"membership_{verb.name}", gold) in page.text}
    everything = {"renew", "extend", "change", "pause", "end-now", "revoke"}
    may = {
        Role.OWNER: everything,
        Role.MANAGER: everything,
        Role.FINANCE: everything - {"revoke"},
        Role.FRONT_DESK: everything - {"revoke"},
        Role.VIEWER: set[str](),
    }
    assert offered == may[role]


def test_to_a_stranger_and_for_what_there_is_not_it_is_not_there(owner: Visitor, gold: Membership) -> None:
    stranger = working_for(make.organization("Elsewhere", test_now=make.JAN_10))
    assert stranger.open(owner.address("membership", gold)).status == 404
    assert stranger.get("membership", gold).status == 404
    for nonsense in ("mem_nothing", "mem_", "CUS-000001", ref(gold.customer), ref(gold).upper() + "x"):
        assert owner.get("membership", nonsense).status == 404
    assert (
        Visitor(owner.club, None).open(owner.address("membership", gold)).location.startswith("/console/signin?next=")
    )


def test_a_plan_called_script_is_only_called_that(owner: Visitor, ada: Customer, acme: Company) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    club: Organization = owner.club
    acme.name = evil
    acme.save()
    make.employee(acme)
    membership = make.membership(
        make.plan(club, evil), company=acme, starts_at=JAN_1, ends_at=FEB_1, external_reference=evil
    )
    make.term(membership, make.plan(club, evil), starts_at=FEB_1, paid_by=evil[:40])
    make.pause(membership, starts_at=london("2026-01-05"), reason=evil)
    page = owner.get("membership", membership)
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert page.status == 200


def test_a_day_far_away_is_no_trouble(owner: Visitor, ada: Customer) -> None:
    old = make.membership(
        make.plan(owner.club),
        customer=ada,
        starts_at=datetime(1900, 1, 1, tzinfo=UTC),
        ends_at=datetime(9000, 12, 31, tzinfo=UTC),
    )
    assert owner.get("membership", old).status == 200
    assert Status.ACTIVE in owner.get("membership", old).text
