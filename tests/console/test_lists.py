"""Lists: filters in the address, columns, saved views, and doing something with many at once."""

from itertools import combinations
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tessera.console.models import SavedView
from tessera.events.models import Event
from tessera.jobs.models import Job
from tessera.memberships import bulk
from tessera.memberships.filters import Holding
from tessera.memberships.models import BulkItem, BulkRun
from tessera.memberships.types import BulkState, Outcome
from tessera.organizations.models import Organization
from tessera.organizations.rights import Role
from tessera.people.models import Company, Customer, CustomerTag
from tests import make
from tests.console.visitor import Visitor, ref, working_for

pytestmark = pytest.mark.django_db


def people(club: Organization, *names: str) -> list[Customer]:
    return [make.customer(club, first_name=name, last_name="Okonkwo") for name in names]


def tags(person: Customer) -> list[str]:
    return list(CustomerTag.objects.filter(customer=person).order_by("key").values_list("tag", flat=True))


def test_filters_are_in_the_address_and_together_narrow(owner: Visitor) -> None:
    ada, bea, _cem = people(owner.club, "Ada", "Bea", "Cem")
    gold = make.plan(owner.club, "Gold")
    make.membership(gold, customer=ada)
    make.membership(gold, customer=bea, ends_at=make.FEB_10)
    page = owner.get("customers", membership="active", ending="60").words
    assert "Bea" in page
    assert "Ada" not in page
    assert "Cem" in owner.get("customers", membership="none").words
    assert "Nobody fits all of this" in owner.get("customers", membership="none", plan=ref(gold), tag="x").words


def test_people_of_a_company_are_a_filter_too(owner: Visitor) -> None:
    acme = make.company(owner.club, "Acme")
    make.affiliation(people(owner.club, "Ada")[0], acme)
    people(owner.club, "Bea")
    page = owner.get("customers", company=ref(acme)).words
    assert "People of Acme" in page
    assert "Ada" in page
    assert "Bea" not in page


@pytest.mark.parametrize("name", ["customers", "companies", "memberships"])
@pytest.mark.parametrize("told", ["status=x&plan=1&ending=-5&sort=?", "q=%00&tag=%00", "plan=pln_x&company=com_x"])
def test_an_address_that_makes_no_sense_is_read_as_far_as_it_does(owner: Visitor, name: str, told: str) -> None:
    assert owner.open(f"{owner.address(name)}?{told}").status == 200


def test_a_cursor_that_was_made_up_is_refused(owner: Visitor) -> None:
    assert owner.get("customers", cursor="made-up").status == 422


def test_lists_cost_the_same_for_one_and_for_twenty(owner: Visitor) -> None:
    def add(many: int) -> None:
        for _ in range(many):
            acme = make.company(owner.club)
            make.membership(make.plan(owner.club, "Gold"), company=acme, seats=1)
            person = make.employee(acme)
            make.membership(make.plan(owner.club), customer=person)
            waits = make.customer(owner.club, tags=["Press"])
            make.membership(make.plan(owner.club), customer=waits, starts_at=None, needs_approval=True)

    add(1)
    make.saved_view(owner.club)
    pages = ("customers", "companies", "memberships", "approvals")
    owner.get("customers")
    few = {name: owner.get(name).queries for name in pages}
    add(20)
    assert {name: owner.get(name).queries for name in pages} == few
    assert max(few.values()) <= 12, few


def test_no_filter_costs_more_than_twelve_queries(owner: Visitor) -> None:
    acme, plan = make.company(owner.club, "Adastra", tags=["Press"]), make.plan(owner.club, seats=0)
    make.membership(plan, company=acme)
    ada = make.customer(owner.club, tags=["Press"])
    make.affiliation(ada, acme)
    make.membership(make.plan(owner.club), customer=ada, starts_at=None, needs_approval=True)
    make.saved_view(owner.club)
    dear = [{"plan": ref(plan)}, {"company": ref(acme)}, {"tag": "press"}, {"q": "adastra"}, {"over": "1"}]
    dear += [{"ending": "30"}, {"membership": "active", "status": "active"}]
    asked = [*dear, *({"membership": each.value, "status": each.value} for each in Holding)]
    asked += [{"renews": "no"}, {"payment": "missing"}, {"holder": "company"}, {"source": "staff"}, {"sort": "end"}]
    owner.get("customers")
    cost = {
        f"{name}?{urlencode(told)}": owner.get(name, **told).queries
        for name in ("customers", "companies", "memberships")
        for told in asked
    }
    for one, other in combinations(dear, 2):
        for name in ("customers", "memberships"):
            cost[f"{name}?{urlencode({**one, **other})}"] = owner.get(name, **{**one, **other}).queries
    assert {address: many for address, many in cost.items() if many > 12} == {}


def test_columns_are_chosen_for_oneself(owner: Visitor) -> None:
    make.customer(owner.club, phones=["+442079460000"])
    assert "+44 20 7946 0000" not in owner.get("customers").words
    owner.post("columns", "customers", column=["phone", "nonsense"])
    page = owner.get("customers").words
    assert "+44 20 7946 0000" in page
    assert "CUS-000001" not in page
    assert "CUS-000001" in working_for(owner.club).get("customers").words


def test_a_view_is_saved_shown_changed_and_removed(owner: Visitor) -> None:
    people(owner.club, "Ada")
    form = owner.open(owner.address("view_new", "customers") + "?membership=none&sort=newest&nonsense=1")
    assert form.value("query") == "membership=none&sort=newest"
    made = owner.post("view_new", "customers", name="Not yet members", query=form.value("query"), once="a" * 16)
    assert parse_qs(urlsplit(made.location).query)["membership"] == ["none"]
    shown = owner.open(made.location)
    assert "Not yet members" in shown.words
    assert 'aria-current="page"><bdi>Not yet members' in shown.text
    view = SavedView.objects.get()
    changed = owner.post(
        "view_edit", view, name="Newest", shared="on", take_over="on", query="tag=Press", version=view.version
    )
    assert changed.status == 302
    view.refresh_from_db()
    assert (view.name, view.query, view.shared, view.version) == ("Newest", "tag=Press", True, 2)
    assert "Newest" in working_for(owner.club).get("customers").words
    owner.post("view_remove", view)
    assert not SavedView.objects.exists()
    types = [row.type for row in Event.objects.filter(type__startswith="saved_view").order_by("sequence")]
    assert types == ["saved_view.created", "saved_view.updated", "saved_view.deleted"]


def test_a_view_of_ones_own_is_nobody_elses(owner: Visitor) -> None:
    view = make.saved_view(owner.club, owner.staff, name="Mine", shared=False)
    other = working_for(owner.club, Role.MANAGER)
    assert "Mine" not in other.get("customers").words
    assert other.get("view_edit", view).status == 404
    assert other.post("view_remove", view).status == 404
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_a_shared_view_is_changed_by_who_made_it_or_an_owner(owner: Visitor) -> None:
    desk = working_for(owner.club, Role.FRONT_DESK)
    view = make.saved_view(owner.club, owner.staff, name="All", shared=True)
    refused = desk.post("view_edit", view, name="Mine now", query="", version=1)
    assert refused.status == 422
    assert "only who made a shared view" in refused.words.lower()
    assert desk.post("view_remove", view).status == 403
    of_desk = make.saved_view(owner.club, desk.staff, name="Desk", shared=True)
    assert owner.post("view_edit", of_desk, name="Desk 2", shared="on", query="", version=1).status == 302


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"name": "  "}, "required"),
        ({"name": "x" * 61}, "at most 60"),
        ({"name": "Taken"}, "there is a view of this name already"),
    ],
)
def test_a_view_that_cannot_be_saved_says_why(owner: Visitor, told: dict[str, str], says: str) -> None:
    make.saved_view(owner.club, owner.staff, name="Taken")
    page = owner.post("view_new", "customers", query="tag=x", **told)
    assert page.status == 422
    assert says in page.words.lower()
    assert page.value("query") == "tag=x"


def test_a_change_over_somebody_elses_is_refused(owner: Visitor) -> None:
    view = make.saved_view(owner.club, owner.staff)
    owner.post("view_edit", view, name="One", query="", version=1)
    assert owner.post("view_edit", view, name="Two", query="", version=1).status == 422


def test_a_viewer_is_offered_nothing_to_tick(owner: Visitor) -> None:
    people(owner.club, "Ada")
    assert "Choose Ada Okonkwo" in owner.get("customers").text
    assert "Choose Ada Okonkwo" not in working_for(owner.club, Role.VIEWER).get("customers").text


def test_a_search_is_in_the_order_of_the_best_unless_another_was_asked_for(owner: Visitor) -> None:
    people(owner.club, "Ada")
    assert 'name="sort"' not in owner.get("customers").text
    assert owner.get("customers", sort="newest").value("sort") == "newest"


def test_a_viewer_has_views_but_shares_none(owner: Visitor) -> None:
    viewer = working_for(owner.club, Role.VIEWER)
    assert "Everybody sees it" not in viewer.get("view_new", "customers", tag="x").words
    viewer.post("view_new", "customers", name="Own", query="tag=x", shared="on")
    assert SavedView.objects.get().shared is False
    assert viewer.get("view_new", "nonsense").status == 404


def test_a_tag_is_added_to_those_who_are_chosen_and_taken_off(owner: Visitor) -> None:
    ada, bea, cem = people(owner.club, "Ada", "Bea", "Cem")
    stranger = make.customer(make.organization("Elsewhere"))
    chosen = [ref(ada), ref(bea), ref(stranger), "nonsense"]
    asked = owner.open(f"{owner.address('bulk_tag')}?c={chosen[0]}&c={chosen[1]}&c={chosen[2]}")
    assert "Add a tag to 2 customers" in asked.words
    done = owner.post("bulk_tag", c=chosen, new_tag="Press", once="a" * 16)
    assert done.location == owner.address("customers")
    again = owner.post("bulk_tag", c=chosen, new_tag="Press", once="a" * 16)
    assert again.location == done.location
    assert (tags(ada), tags(bea), tags(cem), tags(stranger)) == (["Press"], ["Press"], [], [])
    assert BulkRun.objects.count() == 1
    owner.post("bulk_untag", c=[ref(ada)], new_tag="press")
    assert tags(ada) == []
    assert Event.objects.filter(type="customer.updated", customer_id=ada.pk).count() == 2


def test_assigning_to_many_says_before_who_gets_it_and_who_cannot(owner: Visitor) -> None:
    ada, bea = people(owner.club, "Ada", "Bea")
    gold = make.plan(owner.club, "Gold", amount=3500)
    make.membership(gold, customer=bea)
    price = gold.prices.get()
    asked = owner.open(f"{owner.address('bulk_assign')}?c={ref(ada)}&c={ref(bea)}&price={ref(price)}")
    assert "1 of 2 get Gold until Mon 9 Feb" in asked.words
    assert "Together that is £35.00" in asked.words
    assert "Not for 1 (Bea Okonkwo): There is a membership of Gold already" in asked.words
    assert ada.memberships.count() == 0
    done = owner.post("bulk_assign", c=[ref(ada), ref(bea)], price=ref(price), once="a" * 16)
    assert ada.memberships.count() == 1
    page = owner.open(done.location).words
    assert "could not be done" in page
    assert "Bea Okonkwo" in page
    assert BulkItem.objects.get(customer=bea).outcome == Outcome.REFUSED


def test_all_that_match_are_done_in_the_background(owner: Visitor) -> None:
    chosen = people(owner.club, *["Ada"] * 60)
    other = make.customer(owner.club, first_name="Zoe", last_name="Zeta")
    done = owner.post("bulk_tag", all="1", which="q=okonkwo", new_tag="Press", once="a" * 16)
    run = BulkRun.objects.get()
    assert done.location == owner.address("bulk_run", run)
    assert run.state == BulkState.COLLECTING
    assert Job.objects.filter(task="tessera.memberships.tasks.run_bulk").count() == 1
    assert "Finding out who it is about" in owner.get("bulk_run", run).words
    while bulk.carry_on(run_id=run.pk, at=make.JAN_10, seconds=0):
        pass
    assert [tags(each) for each in chosen] == [["Press"]] * 60
    assert tags(other) == []
    assert bulk.progress(organization=owner.club, run_id=run.pk).done == 60
    assert "It is done" in owner.get("bulk_run", run).words
    happened = Event.objects.count()
    bulk.carry_on(run_id=run.pk, at=make.JAN_10, seconds=1)
    assert Event.objects.count() == happened


def test_nobody_chosen_is_said(owner: Visitor) -> None:
    assert "Nobody is chosen" in owner.get("bulk_tag").words
    assert owner.post("bulk_tag", new_tag="Press").status == 422
    assert not BulkRun.objects.exists()


@pytest.mark.parametrize("told", [{}, {"new_tag": " "}, {"new_tag": "x" * 51}])
def test_a_tag_that_is_none_is_refused_and_those_chosen_are_kept(owner: Visitor, told: dict[str, str]) -> None:
    (ada,) = people(owner.club, "Ada")
    page = owner.post("bulk_tag", c=[ref(ada)], **told)
    assert page.status == 422
    assert page.value("c") == ref(ada)
    assert not BulkRun.objects.exists()


def test_rights_of_many_are_those_of_one(owner: Visitor) -> None:
    viewer, finance = working_for(owner.club, Role.VIEWER), working_for(owner.club, Role.FINANCE)
    assert viewer.post("bulk_tag", new_tag="x").status == viewer.post("bulk_assign").status == 403
    assert finance.post("bulk_tag", new_tag="x").status == 403
    assert finance.get("bulk_assign").status == 200


def test_the_queue_leads_from_one_decision_to_the_next(owner: Visitor) -> None:
    gold = make.plan(owner.club, "Gold")
    rows = [
        make.membership(gold, customer=each, starts_at=None, needs_approval=True)
        for each in people(owner.club, "A", "B")
    ]
    page = owner.get("approvals")
    assert "2 applications, the oldest first" in page.words
    assert "2 wait for approval" in owner.get("memberships").words
    asked = owner.get("membership_approve", rows[0], back="approvals")
    assert asked.value("back") == "approvals"
    done = owner.post("membership_approve", rows[0], back="approvals")
    assert done.location.startswith(owner.address("approvals"))
    after = owner.open(done.location)
    assert "1 application" in after.words
    assert "autofocus" in after.text


def test_memberships_are_listed_and_filtered(owner: Visitor) -> None:
    make.membership(make.plan(owner.club, "Gold"), customer=people(owner.club, "Ada")[0])
    make.membership(make.plan(owner.club, "Team"), company=make.company(owner.club, "Acme"))
    everything = owner.get("memberships").words
    assert "Ada Okonkwo" in everything
    assert "Acme" in everything
    assert "Acme" not in owner.get("memberships", holder="customer").words
    assert "No membership fits all of this" in owner.get("memberships", status="paused").words
    found = owner.get("memberships", q="okon").words
    assert "Ada Okonkwo" in found and "Acme" not in found
    assert "No membership found for “zzz”" in owner.get("memberships", q="zzz").words
    assert "Of Acme and its people" in owner.get("memberships", company=ref(Company.objects.get())).words
    opened = owner.get("memberships", q="okon", open="1")
    assert opened.status == 302 and "/memberships/mem_" in opened.location
    assert "No memberships yet" in working_for(make.organization()).get("memberships").words


def test_tags_are_proposed_as_one_types(owner: Visitor) -> None:
    make.customer(owner.club, tags=["Press", "Founding member"])
    make.customer(owner.club, tags=["press"])
    make.customer(make.organization("Elsewhere"), tags=["Private"])
    page = owner.get("customer_tags", tag="p")
    assert page.text.count("<option") == 1
    assert owner.get("customer_tags").text.count("<option") == 2


def test_tags_are_on_the_form_of_a_customer(owner: Visitor) -> None:
    owner.post("customer_new", first_name="Ada", last_name="Okonkwo", tags="Press, Speaker")
    ada = Customer.objects.get(first_name="Ada")
    assert tags(ada) == ["Press", "Speaker"]
    assert owner.get("customer_edit", ada).value("tags") == "Press, Speaker"
