"""What plans grant as one table, the permissions, a plan's preview, prices and the archive."""

import re

import pytest

from tessera.organizations.rights import Role
from tessera.people.models import Customer
from tessera.plans.models import Permission, Plan, PlanPermission
from tests import make
from tests.console.visitor import Visitor, ref, working_for
from tests.pages import Page

pytestmark = pytest.mark.django_db


def send(owner: Visitor, name: str, grants: dict[Plan, list[str]], *, htmx: bool = False) -> Page:
    """Send the table as it would be ticked, knowing the plans as they are now."""
    told = {
        "version": [
            " ".join([ref(plan), str(Plan.objects.get(pk=plan.pk).version), *granted(plan)]) for plan in grants
        ],
        "grant": [f"{ref(plan)} {key}" for plan, keys in grants.items() for key in keys],
    }
    answer = owner.client.post(owner.address(name), told, headers={"HX-Request": "true"} if htmx else {})
    return Page(answer.status_code, answer.content.decode(), answer.headers, 0)


def granted(plan: Plan) -> set[str]:
    return set(PlanPermission.objects.filter(plan=plan).values_list("permission__key", flat=True))


def test_the_table_says_whom_a_change_concerns_and_then_makes_it(owner: Visitor) -> None:
    gold, silver = make.plan(owner.club, "Gold", permissions=["pool"]), make.plan(owner.club, "Silver")
    make.permission(owner.club, "lounge")
    people: list[Customer] = []
    for _ in range(3):
        people.append(make.customer(owner.club))
        make.membership(gold, customer=people[-1])
    make.membership(make.plan(owner.club, "Other", permissions=["pool"]), customer=people[0])
    wanted = {gold: ["lounge"], silver: []}
    asked = send(owner, "matrix_review", wanted, htmx=True)
    assert "This affects 3 members now." in asked.words
    assert "Pool : 2 lose it; 1 keeps it through something else" in asked.words
    assert "Lounge : 3 gain it" in asked.words
    assert granted(gold) == {"pool"}

    assert send(owner, "matrix_save", wanted).location == owner.address("matrix")
    assert (granted(gold), granted(silver)) == ({"lounge"}, set())
    assert "1 plan grants something else now." in owner.get("matrix").words
    assert "Nothing differs" in send(owner, "matrix_review", wanted).words


def test_a_plan_changed_meanwhile_refuses_the_whole_table_and_keeps_the_ticks(owner: Visitor) -> None:
    gold, silver = make.plan(owner.club, "Gold"), make.plan(owner.club, "Silver")
    make.permission(owner.club, "pool")
    told = {"version": [f"{ref(gold)} 1", f"{ref(silver)} 1"], "grant": [f"{ref(gold)} pool", f"{ref(silver)} pool"]}
    Plan.objects.filter(pk=silver.pk).update(version=2)
    page = owner.client.post(owner.address("matrix_save"), told)
    assert page.status_code == 422
    text = page.content.decode()
    assert "Somebody has changed one of these plans meanwhile" in text
    assert text.count("is-changed") == text.count("checked>") - 1 == 2  # one is the plan shown first on a phone
    assert granted(gold) == granted(silver) == set()


def test_what_somebody_else_changed_meanwhile_stays_as_they_saved_it(owner: Visitor) -> None:
    gold = make.plan(owner.club, "Gold", permissions=["pool", "gym"])
    make.permission(owner.club, "lounge")
    known = re.findall(r'name="version" value="([^"]+)"', owner.get("matrix").text)
    assert known == [f"{ref(gold)} 1 gym pool"]
    send(owner, "matrix_save", {gold: ["gym"]})  # the other takes the pool off

    mine = {"version": known, "grant": [f"{ref(gold)} {key}" for key in ("pool", "lounge")]}  # the gym off, lounge on
    page = owner.client.post(owner.address("matrix_save"), mine)

    assert page.status_code == 422 and granted(gold) == {"gym"}
    text = page.content.decode()
    ticked = {key for key in ("pool", "gym", "lounge") if f'value="{ref(gold)} {key}" checked' in text}
    assert ticked == {"lounge"} and text.count("is-changed") == 2


def test_a_plan_that_the_table_did_not_show_stays_as_it_is(owner: Visitor) -> None:
    gold = make.plan(owner.club, "Gold", permissions=["pool"])
    new = make.plan(owner.club, "New", permissions=["pool"])
    send(owner, "matrix_save", {gold: []})
    assert (granted(gold), granted(new)) == (set(), {"pool"})


def test_an_unknown_permission_or_plan_is_refused_and_changes_nothing(owner: Visitor) -> None:
    gold = make.plan(owner.club, "Gold", permissions=["pool"])
    elsewhere = make.plan(make.organization(), permissions=["spa"])
    assert send(owner, "matrix_save", {gold: ["spa"]}).status == 422
    assert send(owner, "matrix_save", {gold: ["pool"], elsewhere: []}).status in (200, 302)
    assert owner.client.post(owner.address("matrix_save"), {"version": "nonsense"}).status_code == 404
    assert (granted(gold), granted(elsewhere)) == ({"pool"}, {"spa"})


def test_a_viewer_sees_the_table_and_changes_nothing(owner: Visitor) -> None:
    gold = make.plan(owner.club, "Gold", permissions=["pool"])
    viewer = working_for(owner.club, Role.VIEWER)
    page = viewer.get("matrix")
    assert 'type="checkbox"' not in page.text
    assert "granted" in page.words
    for name in ("matrix_review", "matrix_save"):
        assert send(viewer, name, {gold: []}).status == 403
    assert granted(gold) == {"pool"}


def test_the_table_teaches_what_it_needs(owner: Visitor) -> None:
    assert "No plans on offer" in owner.get("matrix").words
    make.plan(owner.club)
    assert "No permissions yet" in owner.get("matrix").words


def test_pages_of_the_catalogue_cost_the_same_with_more(owner: Visitor) -> None:
    plan = make.plan(owner.club, permissions=["pool"])
    make.membership(plan, customer=make.customer(owner.club))

    def costs() -> dict[str, int]:
        names: dict[str, tuple[object, ...]] = {"plans": (), "matrix": (), "permissions": (), "plan": (plan,)}
        names["plan_edit"] = (plan,)
        for name, args in names.items():
            owner.get(name, *args)
        return {name: owner.get(name, *args).queries for name, args in names.items()}

    before = costs()
    assert max(before.values()) <= 12, before
    for number in range(12):
        other = make.plan(owner.club, permissions=[f"room-{number}", "pool"])
        make.membership(other, customer=make.customer(owner.club))
        make.price(plan, amount=100 + number)
    assert costs() == before


def test_a_permission_is_made_renamed_and_deleted_only_if_no_plan_grants_it(owner: Visitor) -> None:
    owner.post("permission_new", key="pool", name="Pool", targets="enter door:pool")
    assert "Pool pool no plan enter door:pool" in owner.get("permissions").words
    form = owner.get("permission_edit", "pool")
    assert 'name="key"' not in form.text
    owner.post("permission_edit", "pool", name="Swimming pool", description="Outdoors", targets="enter door:east")
    assert "Swimming pool pool Outdoors" in owner.get("permissions").words

    gold = make.plan(owner.club, "Gold", permissions=[Permission.objects.get(key="pool")])
    assert "Gold grants it" in owner.get("permission_delete", "pool").words
    assert owner.post("permission_delete", "pool").status == 422
    PlanPermission.objects.filter(plan=gold).delete()
    owner.post("permission_delete", "pool")
    assert not Permission.objects.exists()
    assert owner.get("permission_edit", "pool").status == 404


def test_a_broken_target_is_marked_and_kept(owner: Visitor) -> None:
    make.permission(owner.club, "pool")
    page = owner.post("permission_edit", "pool", name="Pool", targets="enter the door")
    assert page.status == 422
    assert "enter the door is not written like enter door:main." in page.words


def test_the_preview_shows_what_has_been_typed_and_saves_nothing(owner: Visitor) -> None:
    make.permission(owner.club, "pool")
    told = {"name": "Swim", "description": "Every lane.", "amount": "12", "permissions": "pool", "billing": "recurring"}
    told |= {"interval": "month", "interval_count": "1", "trial_days": "7", "joining_fee": "5"}
    told |= {"audience": "both", "visibility": "unlisted", "rule": "rolling", "colour": "#3b6e8f"}
    page = owner.post("plan_new", preview="1", **told)
    assert page.status == 200
    shown = page.words.split("As it appears at signup")[1]
    for text in ("Swim £12.00 a month", "plus £5.00 once", "The first 7 days are free.", "Every lane.", "Pool", "link"):
        assert text in shown
    half = owner.post("plan_new", preview="1", name="Swim", amount="twelve")
    assert "Swim No price yet" in half.words
    assert not Plan.objects.exists()


def test_editing_previews_with_the_prices_that_are_offered(owner: Visitor) -> None:
    plan = make.plan(owner.club, "Gold", amount=3500)
    make.price(plan, amount=2500, active=False)
    shown = owner.get("plan_edit", plan).words.split("As it appears at signup")[1]
    assert "Gold £35.00 a month" in shown
    assert "£25.00" not in shown


def test_prices_say_who_has_them_and_what_took_their_place(owner: Visitor) -> None:
    plan = make.plan(owner.club, "Gold", amount=3500)
    old = make.price(plan, amount=2500, active=False)
    old.created_at = make.JAN_10.replace(year=2025)
    old.save()
    make.membership(plan, customer=make.customer(owner.club), price=old)
    page = owner.get("plan", plan).words
    assert "£35.00 a month 0 Sat 10 Jan" in page
    assert "£25.00 a month no longer offered · replaced by £35.00 a month Sat 10 Jan 1 Fri 10 Jan 2025" in page


def test_a_plan_is_archived_with_consequences_and_restored(owner: Visitor) -> None:
    plan = make.plan(owner.club, "Gold")
    make.membership(plan, customer=make.customer(owner.club))
    assert "1 who has it keeps it, and renews as before." in owner.get("plan_archive", plan).words
    owner.post("plan_archive", plan)
    page = owner.get("plan", plan)
    assert "Archived" in page.words
    assert owner.address("plan_restore", plan) in page.text
    for _ in range(2):
        owner.post("plan_restore", plan)
    plan.refresh_from_db()
    assert plan.archived_at is None
    plan.prices.update(active=False)
    Plan.objects.update(archived_at=make.JAN_10)
    assert "None of its prices is offered" in owner.post("plan_restore", plan).words


def test_a_save_over_somebody_elses_plan_shows_both(owner: Visitor) -> None:
    plan = make.plan(owner.club, "Gold")
    base = owner.get("plan_edit", plan).value("base")
    told = {"audience": "both", "visibility": "public", "rule": "rolling", "colour": "#3b6e8f", "version": 1}
    owner.post("plan_edit", plan, name="Golden", **told)
    page = owner.post("plan_edit", plan, name="Gilded", base=base, **told)
    assert page.status == 422
    assert "Saved meanwhile Golden Typed here Gilded" in page.words


def test_a_save_over_somebody_elses_permission_shows_both(owner: Visitor) -> None:
    make.permission(owner.club, "pool", name="Pool")
    form = owner.get("permission_edit", "pool")
    told = {"targets": "enter door:pool", "version": form.value("version"), "base": form.value("base")}
    owner.post("permission_edit", "pool", name="Swimming pool", **told)
    page = owner.post("permission_edit", "pool", name="Baths", **told)
    assert page.status == 422
    assert "Saved meanwhile Swimming pool Typed here Baths" in page.words
    assert Permission.objects.get().name == "Swimming pool"


def test_a_save_over_somebody_elses_company_shows_both(owner: Visitor) -> None:
    acme = make.company(owner.club, "Acme")
    base = owner.get("company_edit", acme).value("base")
    owner.post("company_edit", acme, name="Acme Ltd", version=1)
    page = owner.post("company_edit", acme, name="Acme plc", version=1, base=base)
    assert page.status == 422
    assert "Saved meanwhile Acme Ltd Typed here Acme plc" in page.words


def test_twelve_weeks_of_a_plan_are_a_line_with_a_table_behind_it(owner: Visitor) -> None:
    plan = make.plan(owner.club, "Gold")
    make.membership(plan, customer=make.customer(owner.club))
    assert owner.address("plan_weeks", plan) in owner.get("plan", plan).text
    part = owner.get("plan_weeks", plan, htmx=True)
    assert "<html" not in part.text
    assert "1 more than twelve weeks ago" in part.words
    assert part.text.count("<tr>") == 14
    assert "From 0 to 1 in twelve weeks" in part.text
    assert owner.get("plan_weeks", plan).status == 200
