"""A manager changes what plans grant, links a pasted list, and makes one of two records, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests import axe
from tests.browsing import DESK, PHONE
from tests.journeys.test_console import Desk, club, desk

__all__ = ["club", "desk"]

# Drawers and tables on a phone are gone through by test_console on every run; these too with `make soak`.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize(
        "desk",
        [pytest.param(DESK, id="desk"), pytest.param(PHONE, id="phone", marks=pytest.mark.soak)],
        indirect=True,
    ),
]


def mark_of(page: Page) -> str:
    return "phone" if page.viewport_size == PHONE else "desk"


def seen(page: Page) -> None:
    """Nothing on the page as it stands keeps anybody out."""
    assert axe.violations(page) == []


def add_customer(desk: Desk, first: str, last: str, email: str) -> str:
    desk.go("Customers")
    desk.page.get_by_role("link", name="Add a customer").first.click()
    desk.page.get_by_label("First name").fill(first)
    desk.page.get_by_label("Last name").fill(last)
    desk.page.get_by_label("E-mail").fill(email)
    desk.answer("Add the customer")
    expect(desk.page.get_by_role("heading", level=1, name=f"{first} {last}")).to_be_visible()
    return desk.page.url


def make_plan(desk: Desk, name: str) -> None:
    page = desk.page
    page.goto(re.sub(r"/console/([^/]+).*", r"/console/\1/plans/new", page.url))
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Price", exact=True).fill("12")
    expect(page.locator("#preview")).to_contain_text(name)
    expect(page.locator("#preview")).to_contain_text("£12.00 a month")
    seen(page)
    page.get_by_role("button", name="Make the plan").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_what_plans_grant_is_changed_in_the_table_by_keyboard(desk: Desk) -> None:
    page, mark = desk.page, mark_of(desk.page)
    desk.sign_in()
    make_plan(desk, f"Pool plan {mark}")
    page.goto(page.url.rsplit("/", 1)[0] + "/permissions")
    page.get_by_role("link", name="Make ").last.click()
    page.get_by_label("Key").fill(f"pool-{mark}")
    page.get_by_label("Name optional").fill(f"Pool {mark}")
    desk.answer("Make the permission")
    page.get_by_role("navigation", name="Plans").get_by_role("link", name="Who grants what").click()
    if mark == "phone":
        page.get_by_role("radio", name=f"Pool plan {mark}").check()
    cell = page.get_by_role("checkbox", name=f"Pool plan {mark} grants Pool {mark}")
    cell.focus()
    page.keyboard.press("Space")
    seen(page)
    page.get_by_role("button", name="See whom it concerns").press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Nobody has these plans now.")
    seen(page)
    page.get_by_role("dialog").get_by_role("button", name="Change what they grant").click()
    expect(page.get_by_text("1 plan grants something else now.")).to_be_visible()
    if mark == "phone":
        page.get_by_role("radio", name=f"Pool plan {mark}").check()
    expect(cell).to_be_checked()


def test_a_pasted_list_is_seen_and_then_linked_and_one_of_them_unlinked_and_undone(desk: Desk) -> None:
    page, mark = desk.page, mark_of(desk.page)
    desk.sign_in()
    add_customer(desk, "Ada", f"Known-{mark}", f"known-{mark}@x.example")
    desk.go("Companies")
    page.get_by_role("link", name="Add a company").first.click()
    page.get_by_label("Trading name").fill(f"Listed {mark}")
    desk.answer("Add the company")
    page.get_by_role("link", name="Link a list").first.click()
    page.get_by_label("E-mail addresses").fill(
        f"known-{mark}@x.example\nGrace Hopper <grace-{mark}@x.example>\nnobody\nKNOWN-{mark}@x.example"
    )
    page.get_by_role("button", name="See what will happen").click()
    expect(page.get_by_role("heading", name="This is what will happen")).to_be_visible()
    expect(page.locator(".sums")).to_contain_text("1 new customer")
    expect(page.get_by_role("row", name="nobody")).to_contain_text("There is no e-mail address in it.")
    seen(page)
    page.get_by_role("button", name="Link 2 people").click()
    expect(page.get_by_text(f"2 people linked to Listed {mark}.")).to_be_visible()
    grace = page.get_by_role("row", name="Grace Hopper")
    expect(grace).to_be_visible()

    page.get_by_role("checkbox", name="Grace Hopper").check()
    page.get_by_role("button", name="Unlink those ticked").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"Unlink 1 person from Listed {mark}")
    seen(page)
    desk.answer("Unlink 1 person")
    expect(grace).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(grace).to_be_visible()


def test_two_records_become_one_with_what_was_chosen_of_each(desk: Desk) -> None:
    page, mark = desk.page, mark_of(desk.page)
    desk.sign_in()
    kept = add_customer(desk, "Ada", f"Twice-{mark}", f"twice-{mark}@x.example")
    add_customer(desk, "Adelaide", f"Twice-{mark}", f"twice-{mark}@x.example")
    page.goto(kept)
    page.get_by_role("link", name="Write a note").first.or_(page.locator("#notes ~ a")).first.click()
    page.get_by_role("dialog").get_by_label("Note").fill("Prefers the window.")
    desk.answer("Write the note")
    expect(page.get_by_text("Prefers the window.")).to_be_visible()

    page.locator(".page-head summary").click()
    seen(page)
    page.get_by_role("link", name="Find duplicates, merge").click()
    expect(page.get_by_text("same e-mail")).to_be_visible()
    seen(page)
    page.get_by_role("link", name="Compare").first.click()
    page.get_by_role("radio", name="Adelaide").check()
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()
    seen(page)
    page.get_by_role("button", name="Merge CUS-").click()
    expect(page.get_by_role("heading", level=1, name=f"Adelaide Twice-{mark}")).to_be_visible()
    assert page.url == kept
    page.mouse.wheel(0, 5_000)
    expect(page.get_by_text("Merged with another record")).to_be_visible()
    page.get_by_role("navigation", name="What happened").get_by_role("link", name="Notes").click()
    expect(page.get_by_text("Note written")).to_be_visible()
    expect(page.get_by_text("Merged with another record")).to_have_count(0)
    seen(page)


def test_somebody_is_erased_after_it_is_said_what_goes_and_stays(desk: Desk) -> None:
    page, mark = desk.page, mark_of(desk.page)
    desk.sign_in()
    add_customer(desk, "Zelda", f"Gone {mark}", f"zelda.{mark}@example.org")
    page.locator(".page-head").get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Erase for good").click()
    drawer = page.locator("dialog.drawer[open]")
    expect(drawer).to_contain_text("Nobody can undo this.")
    seen(page)
    drawer.get_by_label("Type the number").fill("nonsense")
    drawer.get_by_role("button", name="Erase them for good").click()
    expect(drawer).to_contain_text("Type it exactly: CUS-")
    number = re.search(r"CUS-\d+", drawer.inner_text())
    assert number is not None
    drawer.get_by_label("Type the number").fill(number[0])
    desk.answer("Erase them for good")
    expect(page.get_by_role("heading", level=1, name=f"Erased customer {number[0]}")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("Zelda")
    seen(page)
