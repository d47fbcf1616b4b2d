"""The catalogue: making and changing plans, their prices and what they grant."""

from datetime import timedelta

import pytest

from tessera import organizations
from tessera.organizations.models import Organization
from tessera.plans.models import Plan
from tests import make
from tests.console.visitor import Visitor, ref

pytestmark = pytest.mark.django_db

PLAN = {
    "name": "Gold", "audience": "both", "visibility": "public", "rule": "rolling", "colour": "#1f5f4a",
    "amount": "35.50", "billing": "recurring", "interval": "month", "interval_count": "1",
}  # fmt: skip


@pytest.fixture
def pool(club: Organization) -> None:
    make.permission(club, "pool")
    make.permission(club, "gym")


def test_a_plan_is_made_with_its_first_price_once(owner: Visitor, pool: None) -> None:
    once = owner.get("plan_new").value("once")
    owner.post("plan_new", **PLAN, permissions=["pool"], once=once)
    answer = owner.post("plan_new", **PLAN, permissions=["pool"], once=once)
    plan = owner.club.plans.get()
    assert answer.location == owner.address("plan", plan)
    assert plan.prices.get().amount_minor == 3550
    page = owner.get("plan", plan).words
    assert "£35.50 a month" in page
    assert "Pool pool" in page


def test_a_price_that_is_none_is_refused_at_its_field(owner: Visitor, pool: None) -> None:
    page = owner.post("plan_new", **{**PLAN, "amount": "1,500"}, permissions=["gym"])
    assert page.status == 422
    assert "is not an amount such as 35.00" in page.words
    assert page.value("name") == "Gold"
    assert 'value="gym" id="id_permissions_0" checked' in page.text
    assert not owner.club.plans.exists()


def test_a_fixed_plan_needs_a_cycle_and_prices_for_years(owner: Visitor) -> None:
    fixed = {**PLAN, "rule": "fixed"}
    assert "A fixed plan needs the day its cycle begins" in owner.post("plan_new", **fixed).words
    assert "A fixed plan's prices are for years." in owner.post("plan_new", **fixed, cycle_start="09-01").words
    owner.post("plan_new", **{**fixed, "interval": "year"}, cycle_start="09-01")
    assert owner.club.plans.get().cycle_start == "09-01"


def test_saving_a_plan_says_first_how_many_it_is_about(owner: Visitor, pool: None) -> None:
    plan = make.plan(owner.club, "Gold", permissions=["pool"])
    make.membership(plan, customer=make.customer(owner.club))
    make.membership(plan, customer=make.customer(owner.club), ends_at=make.JAN_10, starts_at=make.JAN_10.replace(day=1))
    assert "1 holder has this plan now." in owner.get("plan_edit", plan).words
    owner.post("plan_edit", plan, **{**PLAN, "name": "Gold plus"}, permissions=["pool", "gym"], version=1)
    plan.refresh_from_db()
    assert plan.name == "Gold plus"
    assert plan.permissions.count() == 2
    stale = owner.post("plan_edit", plan, **PLAN, version=1)
    assert stale.status == 422
    assert "Somebody has changed this meanwhile" in stale.words


def test_whom_a_held_plan_is_for_stays(owner: Visitor) -> None:
    plan = make.plan(owner.club, "Gold")
    make.membership(plan, customer=make.customer(owner.club))
    page = owner.post("plan_edit", plan, **{**PLAN, "audience": "companies"})
    assert page.status == 422
    assert "Gold has been held; make a new plan for other terms." in page.words


def test_prices_are_added_and_taken_out_of_use(owner: Visitor) -> None:
    plan = make.plan(owner.club, "Gold")
    old = plan.prices.get()
    last = owner.post("price_offer", plan, old, active="no")
    assert last.status == 422
    assert "Add another price first, or archive the plan." in last.words
    told = {"amount": "390", "billing": "recurring", "interval": "year", "interval_count": "1"}
    assert owner.post("price_new", plan, **told).location == owner.address("plan", plan)
    asked = owner.get("price_offer", plan, old).words
    assert "Members who have it keep it" in asked
    owner.post("price_offer", plan, old, active="no")
    old.refresh_from_db()
    assert not old.active
    owner.post("price_offer", plan, old, active="yes")
    old.refresh_from_db()
    assert old.active


def test_plans_are_put_in_order_here_and_where_people_join(owner: Visitor) -> None:
    _gold, silver, old = (make.plan(owner.club, name) for name in ("Gold", "Silver", "Old"))
    owner.post("plan_archive", old)
    assert "Order 2 of 2 on offer" in owner.get("plan", silver).words
    owner.post("plan_move", silver, to="earlier")
    owner.post("plan_move", silver, to="earlier")  # it is the first already
    assert owner.get("plans").words.index("Silver") < owner.get("plans").words.index("Gold")
    assert "Order 1 of 2 on offer" in owner.get("plan", silver).words
    owner.post("plan_move", silver, to="later")
    assert [each.name for each in owner.club.plans.order_by("position")] == ["Gold", "Silver", "Old"]
    assert owner.get("plan", old).words.count("Order") == 0


def test_a_price_of_another_plan_is_not_there(owner: Visitor) -> None:
    gold, silver = make.plan(owner.club), make.plan(owner.club)
    assert owner.get("price_offer", gold, silver.prices.get()).status == 404


def test_an_archived_plan_takes_nobody_new(owner: Visitor) -> None:
    plan = make.plan(owner.club, "Gold")
    make.membership(plan, customer=make.customer(owner.club))
    assert "1 who has it keeps it, and renews as before." in owner.get("plan_archive", plan).words
    owner.post("plan_archive", plan)
    assert "Gold" not in owner.get("plans").words
    assert "Gold" in owner.get("plans", archived="1").words
    assert "No plan can be assigned" in owner.get("customer_assign", make.customer(owner.club)).words


def test_a_permission_is_made_with_what_it_means_outside(owner: Visitor) -> None:
    told = {"key": "pool", "name": "Pool", "targets": "enter door:pool\nread page:/members/*"}
    assert owner.post("permission_new", **told).status == 302
    permission = owner.club.permissions.get()
    assert sorted(str(each) for each in permission.targets.all()) == ["enter door:pool", "read page:/members/*"]
    assert "There is a permission pool already." in owner.post("permission_new", **told).words
    wrong = owner.post("permission_new", key="gym", targets="the back door")
    assert wrong.status == 422
    assert "the back door is not written like enter door:main." in wrong.words


def test_plans_are_counted_by_who_has_them_now(owner: Visitor) -> None:
    plan = make.plan(owner.club, "Gold", permissions=["pool"])
    for _ in range(2):
        make.membership(plan, customer=make.customer(owner.club))
    make.membership(plan, company=make.company(owner.club))
    make.plan(make.organization("Elsewhere"), "Stranger")
    page = owner.get("plans").words
    assert "Gold £35.00 a month 3 have it now · 1 company Pool" in page
    assert "Stranger" not in page
    assert Plan.objects.count() == 2


def test_a_plan_of_another_organization_is_not_there(owner: Visitor) -> None:
    other = make.plan(make.organization("Elsewhere"))
    assert owner.open(owner.address("plan", ref(other))).status == 404


def test_each_card_has_its_line_of_twelve_weeks(owner: Visitor) -> None:
    gold, empty = make.plan(owner.club), make.plan(owner.club)
    now = organizations.now(owner.club)
    for weeks in (20, 3):
        make.membership(gold, customer=make.customer(owner.club), starts_at=now - timedelta(weeks=weeks))
    part = owner.get("plan_lines", htmx=True)
    assert f'id="line-{ref(gold)}"' in part.text
    assert "From 1 to 2 in twelve weeks" in part.text
    assert ref(empty) not in part.text
    few = part.queries
    make.membership(empty, customer=make.customer(owner.club), starts_at=now - timedelta(weeks=1))
    assert owner.get("plan_lines", htmx=True).queries == few
    assert owner.get("plan_lines").location == owner.address("plans")
    assert f'id="line-{ref(gold)}"' in owner.get("plans").text
