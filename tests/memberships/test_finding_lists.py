"""Lists with filters: what they let through is what the rules say of each membership, whichever way leads to it."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tessera.core.ids import new_id
from tessera.http.errors import CursorInvalid
from tessera.memberships import attention, finding, narrowing, status
from tessera.memberships.filters import CompanyFilter, CustomerFilter, Holding, MembershipFilter, Sort
from tessera.memberships.models import Membership, Pause, Term
from tessera.memberships.status import Facts
from tessera.memberships.types import EndedReason, Status
from tessera.organizations.models import Organization
from tessera.people import affiliations, searching
from tessera.people.models import Affiliation, Company, Customer, CustomerTag
from tessera.people.types import CompanyStatus, CustomerStatus
from tests import make

pytestmark = pytest.mark.django_db
AT = make.JAN_10
DAY = timedelta(days=1)


@pytest.fixture
def club() -> Organization:
    return make.organization()


def listed(club: Organization, limit: int = 200, **which: Any) -> list[UUID]:
    """The customers of all pages, in order."""
    found: list[UUID] = []
    cursor = None
    while True:
        page = finding.customers(club, CustomerFilter(**which), at=AT, limit=limit, cursor=cursor)
        found += [each.id for each in page.data]
        if (cursor := page.next_cursor) is None:
            return found


def crowd(club: Organization, seed: int, many: int = 16) -> list[Customer]:
    """People with lives of all kinds, some in companies that hold something too."""
    rng = Random(seed)
    plans = [make.plan(club, name) for name in ("Gold", "Day", "Team")]
    firms = [make.company(club) for _ in range(3)]
    people = [make.customer(club) for _ in range(many)]
    for holder in [*people, *firms]:
        for _ in range(rng.choice((0, 1, 1, 2))):
            _life(rng, rng.choice(plans), holder)
    for person in people:
        if rng.random() < 0.4:
            ends = rng.choice((None, AT + DAY, AT - DAY))
            make.affiliation(person, rng.choice(firms), starts_at=AT - 9 * DAY, ends_at=ends)
    return people


def _life(rng: Random, plan: object, holder: object) -> None:
    whose = {"customer": holder} if isinstance(holder, Customer) else {"company": holder}
    kind = rng.choice(("running", "open", "over", "grace", "ahead", "pending", "abandoned", "revoked", "paused"))
    start = AT - timedelta(days=rng.randrange(20, 90))
    end = AT + timedelta(days=rng.randrange(1, 60))
    lives: dict[str, dict[str, object]] = {
        "running": {"starts_at": start, "ends_at": end, "renews": rng.random() < 0.5},
        "open": {"starts_at": start},
        "over": {"starts_at": start, "ends_at": AT - DAY},
        "grace": {"starts_at": start, "ends_at": AT - DAY, "grace_until": AT + DAY, "renews": True},
        "ahead": {"starts_at": AT + DAY, "ends_at": end + 3 * DAY},
        "pending": {"starts_at": None, "needs_approval": True, "created_at": start},
        "abandoned": {"starts_at": None, "awaits_payment": True, "pending_until": AT - DAY, "created_at": start},
        "revoked": {"starts_at": start, "ends_at": end, "ended_at": AT - DAY, "ended_reason": EndedReason.REVOKED},
        "paused": {"starts_at": start, "ends_at": end},
    }
    row = make.membership(plan, **whose, **lives[kind])  # type: ignore[arg-type]
    if kind == "paused":
        make.pause(row, starts_at=AT - DAY, ends_at=rng.choice((None, AT + DAY)))


def held(person: Customer, at: datetime) -> list[tuple[Membership, status.State, UUID]]:
    """The memberships of a person, own and inherited, by the rules in Python: state and plan."""
    firms = Affiliation.objects.filter(affiliations.covering(at), customer=person).values("company")
    rows = [*Membership.objects.filter(customer=person), *Membership.objects.filter(company__in=firms)]
    found = []
    for row in rows:
        terms = list(Term.objects.filter(membership=row).order_by("starts_at"))
        pauses = list(Pause.objects.filter(membership=row).order_by("starts_at"))
        term = status.term_held(terms, at)
        plan_id = term.plan_id if isinstance(term, Term) else row.next_plan_id
        assert plan_id is not None
        found.append((row, status.state_at(Facts(row, terms, pauses), at), plan_id))
    return found


Held = list[tuple[Membership, status.State, UUID]]


def fits(every: Held, holding: Holding | None, plan_id: UUID | None, ending: int | None) -> bool:
    """Whether the filter should let somebody through, by the rules in Python."""
    mine = [each for each in every if plan_id in (None, each[2])]
    if ending is not None:
        until = AT + ending * DAY
        mine = [
            each
            for each in mine
            if each[0].ends_at and AT < each[0].ends_at <= until and not (each[0].ended_at and each[0].ended_at <= AT)
        ]
    unended = [each for each in mine if each[1].status is not Status.EXPIRED]
    if holding is None:
        return bool(unended)
    if holding is Holding.NONE:
        return not unended if plan_id or ending is not None else not every
    if holding is Holding.EXPIRED:
        return bool(mine) and not unended
    if holding is Holding.GRACE:
        return any(state.in_grace for _row, state, _plan in mine)
    return any(state.status.value == holding.value for _row, state, _plan in mine)


@pytest.mark.parametrize(("few", "some"), [(0, 0), (0, 2_000), (2_000, 2_000)], ids=["walked", "among", "by index"])
@pytest.mark.parametrize("seed", range(1))
def test_filters_by_membership_follow_the_rules(
    club: Organization, monkeypatch: pytest.MonkeyPatch, seed: int, few: int, some: int
) -> None:
    monkeypatch.setattr(finding, "FEW", few)
    monkeypatch.setattr(finding, "SOME", some)
    people = {each.pk: held(each, AT) for each in crowd(club, seed)}
    plan = club.plans.get(name="Gold").pk
    for holding in (None, *Holding):
        for plan_id, ending in ((None, None), (plan, None), (None, 30)):
            if (holding, plan_id, ending) == (None, None, None):
                continue
            told = {"holding": holding, "plan_id": plan_id, "ending": ending}
            expected = {key for key, each in people.items() if fits(each, holding, plan_id, ending)}
            assert set(listed(club, **told)) == expected, told
    every = {row.pk for row in narrowing.customers_of(club, CustomerFilter(holding=Holding.ACTIVE), at=AT)}
    assert every == {key for key, each in people.items() if fits(each, Holding.ACTIVE, None, None)}


@pytest.mark.parametrize("few", [0, 2_000], ids=["walked", "by index"])
@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("told", [{}, {"holding": Holding.ACTIVE}, {"q": "a"}, {"tag": "press"}])
def test_pages_follow_each_other_without_gap_or_repeat(
    club: Organization, monkeypatch: pytest.MonkeyPatch, sort: Sort, told: dict[str, Any], few: int
) -> None:
    monkeypatch.setattr(finding, "FEW", few)
    monkeypatch.setattr(finding, "_FIRST", 3)
    monkeypatch.setattr(finding, "_MORE", 7)
    for person in crowd(club, 4):
        if person.number.endswith(("1", "4")):
            CustomerTag.objects.create(organization=club, customer=person, tag="Press", key="press")
    whole = listed(club, sort=sort, **told)
    assert listed(club, limit=2, sort=sort, **told) == whole
    assert len(set(whole)) == len(whole)
    if sort is not Sort.END:
        every = narrowing.customers_of(club, CustomerFilter(**told), at=AT)
        assert set(whole) == set(every.values_list("pk", flat=True))


def test_orders_are_what_they_say(club: Organization) -> None:
    gold = make.plan(club)
    zoe = make.customer(club, first_name="Zoe", last_name="Adams", created_at=AT)
    ada = make.customer(club, first_name="Ada", last_name="Zoega", created_at=AT + DAY)
    make.membership(gold, customer=zoe, ends_at=AT + 9 * DAY)
    make.membership(gold, customer=zoe, ends_at=AT + 5 * DAY)
    make.membership(gold, customer=ada, ends_at=AT + 7 * DAY)
    assert listed(club, sort=Sort.NAME) == listed(club) == [ada.pk, zoe.pk]
    assert listed(club, q="zoe") == [zoe.pk, ada.pk]
    assert listed(club, q="zoe", sort=Sort.NAME) == [ada.pk, zoe.pk]
    assert listed(club, sort=Sort.NEWEST) == [ada.pk, zoe.pk]
    assert listed(club, sort=Sort.NUMBER) == listed(club, sort=Sort.END) == [zoe.pk, ada.pk]


def test_other_filters(club: Organization) -> None:
    press = make.customer(club, tags=["Préss"])
    banned = make.customer(club, status=CustomerStatus.BANNED)
    acme = make.company(club)
    make.affiliation(press, acme)
    make.affiliation(banned, acme, ends_at=AT)
    elsewhere = make.organization("Elsewhere")
    make.customer(elsewhere, tags=["Press"])
    assert listed(club, tag="press") == listed(club, company_id=acme.pk) == [press.pk]
    assert listed(club, status=CustomerStatus.BANNED) == [banned.pk]
    assert listed(elsewhere, company_id=acme.pk) == listed(club, company_id=new_id()) == []


def test_companies_are_filtered_likewise(club: Organization) -> None:
    gold = make.plan(club, "Gold")
    full, roomy = make.company(club, "Full", tags=["Media"]), make.company(club, "Roomy", status=CompanyStatus.ARCHIVED)
    make.membership(gold, company=full, seats=1)
    make.membership(gold, company=roomy, seats=3, starts_at=AT - DAY, ends_at=AT)
    for firm in (full, full, roomy):
        make.employee(firm)

    def names(**told: object) -> list[str]:
        page = finding.companies(club, CompanyFilter(**told), at=AT, limit=50, cursor=None)  # type: ignore[arg-type]
        return [each.name for each in page.data]

    assert names() == ["Full", "Roomy"]
    assert names(over=True) == names(tag="media") == names(holding=Holding.ACTIVE) == names(q="ful") == ["Full"]
    assert names(holding=Holding.EXPIRED) == names(status=CompanyStatus.ARCHIVED) == ["Roomy"]
    assert names(over=True, tag="other") == []
    over = narrowing.companies_of(club, CompanyFilter(over=True), at=AT)
    assert [each.name for each in over] == ["Full"]


def test_companies_over_their_seats_are_those_with_people_who_have_none(club: Organization) -> None:
    pair = make.plan(club, "Pair", seats=2)

    def firm(name: str, people: int, **told: Any) -> Company:
        made = make.company(club, name)
        make.membership(pair, company=made, **told)
        for _ in range(people):
            make.employee(made)
        return made

    firm("By the plan", 3)
    firm("By its own number", 4, seats=3)
    firm("Full to the last", 2)
    firm("Own number instead", 3, seats=5)
    firm("Over, in every sense", 3, starts_at=AT - DAY, ends_at=AT)
    firm("Some have left", 2).affiliations.update(ends_at=AT)
    for person in Customer.objects.filter(affiliations__company=firm("Some are banned", 3))[:1]:
        Customer.objects.filter(pk=person.pk).update(status=CustomerStatus.BANNED)
    make.employee(make.company(club, "Without a membership"))
    page = finding.companies(club, CompanyFilter(over=True), at=AT, limit=50, cursor=None)
    assert [each.name for each in page.data] == ["By its own number", "By the plan"]


def test_memberships_are_filtered_likewise(club: Organization) -> None:
    gold, day = make.plan(club, "Gold"), make.plan(club, "Day")
    acme = make.company(club)
    own = make.membership(gold, customer=make.customer(club), ends_at=AT + 5 * DAY)
    of_company = make.membership(day, company=acme, renews=True)

    def keys(**told: object) -> list[UUID]:
        page = finding.memberships(club, MembershipFilter(**told), at=AT, limit=50, cursor=None)  # type: ignore[arg-type]
        return [each.id for each in page.data]

    assert keys() == [of_company.pk, own.pk]
    assert keys(plan_id=gold.pk) == keys(holder="customer") == keys(ending=7) == keys(renews=False) == [own.pk]
    assert keys(holder="company") == keys(renews=True) == [of_company.pk]
    assert keys(sort=Sort.END) == [own.pk]
    assert keys(holding=Holding.ACTIVE) == [of_company.pk, own.pk]
    assert keys(holding=Holding.PAUSED) == keys(ending=4) == []


def test_memberships_are_found_by_who_holds_them(club: Organization) -> None:
    gold, elsewhere = make.plan(club, "Gold"), make.organization("Elsewhere")
    acme = make.company(club, "Adastra", tags=["Press"])
    ada = make.customer(club, first_name="Ada", last_name="Okonkwo", tags=["Préss"])
    make.affiliation(ada, acme)
    left = make.customer(club, first_name="Bea", last_name="Brandt")
    make.affiliation(left, acme, ends_at=AT)
    of_ada = make.membership(gold, customer=ada, ends_at=AT + 5 * DAY)
    of_bea = make.membership(gold, customer=left)
    of_acme = make.membership(gold, company=acme)
    make.membership(make.plan(elsewhere), customer=make.customer(elsewhere, first_name="Ada", tags=["Press"]))

    def keys(**told: Any) -> set[UUID]:
        which = MembershipFilter(**told)
        assert MembershipFilter.parse(which.address()) == which
        page = finding.memberships(club, which, at=AT, limit=50, cursor=None)
        found = {each.id for each in page.data}
        assert {row.pk for row in narrowing.memberships_of(club, which, at=AT)} == found
        return found

    assert keys(q="ada") == {of_ada.pk, of_acme.pk}
    assert keys(q="ada", ending=7) == keys(q=ada.number) == {of_ada.pk}
    assert keys(q="bran") == {of_bea.pk}
    assert keys(tag="press") == keys(company_id=acme.pk) == {of_ada.pk, of_acme.pk}
    assert keys(q="okonkwo", company_id=acme.pk, tag="PRESS") == {of_ada.pk}
    assert keys(q="zzz") == keys(company_id=new_id()) == keys(tag="other") == set()


def test_a_number_that_is_typed_comes_first(club: Organization) -> None:
    anna = make.customer(club, first_name="Anna", last_name="Adams", emails=["cus-000007@example.org"])
    seventh = make.customer(club, first_name="Zoe", last_name="Zucker")
    Customer.objects.filter(pk=seventh.pk).update(number="CUS-000007")
    searching.index_customers([seventh.pk, anna.pk])
    assert listed(club, q="cus-000007") == [seventh.pk, anna.pk]


def test_missing_payments_are_first_ones_and_those_of_renewals(club: Organization) -> None:
    gold = make.plan(club)
    told: dict[str, Any] = {"starts_at": None, "awaits_payment": True}
    first = make.membership(gold, customer=make.customer(club), **told)
    late: dict[str, Any] = {"ends_at": AT - DAY, "grace_until": AT + DAY, "renews": True}
    renewal = make.membership(gold, customer=make.customer(club), starts_at=AT - 9 * DAY, **late)
    make.membership(gold, customer=make.customer(club), needs_approval=True, **told)
    make.membership(gold, customer=make.customer(club), pending_until=AT, **told)
    make.membership(gold, customer=make.customer(club))
    which = MembershipFilter.parse({"payment": "missing"})
    assert which.narrowed
    assert which.address() == {"payment": "missing"}
    assert not MembershipFilter().narrowed
    page = finding.memberships(club, which, at=AT, limit=50, cursor=None)
    assert {each.id for each in page.data} == {first.pk, renewal.pk}
    assert attention.numbers(club, AT).payments == len(page.data)
    assert set(narrowing.memberships_of(club, which, at=AT)) == {first, renewal}


def test_the_queue_is_of_those_who_wait_the_oldest_first(club: Organization) -> None:
    gold = make.plan(club)
    told = {"starts_at": None, "needs_approval": True}
    late = make.membership(gold, customer=make.customer(club), created_at=AT, **told)  # type: ignore[arg-type]
    early = make.membership(gold, customer=make.customer(club), created_at=AT - DAY, **told)  # type: ignore[arg-type]
    make.membership(gold, customer=make.customer(club), ended_at=AT, **told)  # type: ignore[arg-type]
    make.membership(gold, customer=make.customer(club))
    page = finding.queue(club, at=AT, limit=50, cursor=None)
    assert [each.id for each in page.data] == [early.pk, late.pk]
    staff = type(make.staff(club)).objects.annotate(waiting=finding.waiting_of("organization", now=AT))
    assert [each.waiting for each in staff.filter(organization=club)] == [2]
    assert [each.waiting for each in staff.filter(pk=make.staff(make.organization()).pk)] == [0]


@pytest.mark.parametrize(
    "told",
    [
        {"q": "Ada", "status": "banned", "membership": "grace", "ending": "30", "tag": "Press", "sort": "end"},
        {"plan": "pln_01jh2xcejqtf2nbrexx3vqjhp4", "company": "com_01jh2xcejqtf2nbrexx3vqjhp4"},
        {},
    ],
)
def test_an_address_says_the_filter_and_the_filter_the_address(told: dict[str, str]) -> None:
    assert CustomerFilter.parse(told).address() == told


def test_what_an_address_says_that_makes_no_sense_lets_everybody_through() -> None:
    told = {"status": "x", "membership": "\0", "plan": "com_1", "ending": "-1", "sort": "?", "company": "1" * 99}
    assert CustomerFilter.parse(told) == CustomerFilter()
    assert MembershipFilter.parse({"holder": "x", "renews": "maybe", "status": "none"}) == MembershipFilter()
    assert CompanyFilter.parse({"over": "2"}) == CompanyFilter()
    assert CustomerFilter.parse({"ending": "9" * 5000}).ending is None


def test_a_cursor_of_another_order_is_refused(club: Organization) -> None:
    for _ in range(3):
        make.customer(club)
    page = finding.customers(club, CustomerFilter(), at=AT, limit=1, cursor=None)
    with pytest.raises(CursorInvalid):
        finding.customers(club, CustomerFilter(sort=Sort.NUMBER), at=AT, limit=1, cursor=page.next_cursor)


@pytest.mark.parametrize("holding", [None, *Holding])
def test_a_filtered_list_costs_the_same_for_one_and_for_twenty(club: Organization, holding: Holding | None) -> None:
    which = CustomerFilter(holding=holding, tag="press")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            finding.customers(club, which, at=AT, limit=50, cursor=None)
        return len(queries)

    plan = make.plan(club)
    make.membership(plan, customer=make.customer(club, tags=["Press"]))
    one = cost()
    for _ in range(20):
        make.membership(plan, customer=make.customer(club, tags=["Press"]))
    assert cost() == one <= 6


@pytest.mark.parametrize("holding", [each for each in Holding if each is not Holding.NONE])
def test_what_a_filter_looks_at_is_found_by_an_index(club: Organization, holding: Holding) -> None:
    found = narrowing.candidates(club, club.memberships.all(), holding, new_id(), 30, AT)
    assert len(found) == 3
    for each in (rows for parts in found for rows in parts):
        plan = explained(each.order_by().values_list("customer_id", "company_id")[:10])
        assert "Seq Scan" not in plan, plan
        assert not any(line.startswith("SCAN ") and "USING" not in line for line in plan.splitlines()), plan


def explained(rows: Any) -> str:
    """How the database would find the rows; a small table, which is read whole else, has to be found by its index."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        return str(rows.explain())
    return "\n".join(line.split(maxsplit=3)[-1] for line in rows.explain().splitlines())


def test_the_walk_begins_at_the_right_place_of_the_index(club: Organization) -> None:
    for sort, index in ((Sort.NAME, "customer_by_name"), (Sort.NEWEST, "customer_by_age"), (Sort.NUMBER, "customer_")):
        order = finding._ORDERS[sort]
        rows = Customer.objects.filter(organization=club, merged_into=None).order_by(*order).values("pk")[:400]
        plan = explained(rows)
        assert index in plan, plan
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan
