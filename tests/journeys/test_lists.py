"""Finding people, filtering, doing something with several and keeping a view, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import axe, browsing
from tests.cli import clubs
from tests.cli.founding import MANAGER

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served installation with an empty club and its staff; gives its address."""
    with clubs.served(tmp_path_factory.mktemp("lists")) as server:
        yield server.address


def signed_in(page: Page, address: str, *, scripts: bool = True) -> str:
    """Let the manager in, and return the address of the club's console."""
    browsing.sign_in(page, address, MANAGER, scripts=scripts)
    return f"{address}/console/strand-house"


def add(page: Page, club: str, first: str, last: str) -> None:
    page.goto(f"{club}/customers/new")
    page.get_by_label("First name").fill(first)
    page.get_by_label("Last name").fill(last)
    page.get_by_role("button", name="Add the customer").click()
    expect(page.get_by_role("heading", level=1, name=f"{first} {last}")).to_be_visible()


def test_a_list_is_searched_filtered_tagged_and_kept_as_a_view(address: str, browser: Browser) -> None:
    page = browsing.window(browser)
    complaints = browsing.complaints(page, expected=())
    club = signed_in(page, address)
    add(page, club, "Ada", "Okonkwo")
    add(page, club, "Bea", "Brandt")

    page.goto(f"{club}/customers")
    ada, bea = (page.get_by_role("link", name=name) for name in ("Ada Okonkwo", "Bea Brandt"))
    search = page.get_by_role("searchbox", name="Find a customer")
    search.press_sequentially("konk", delay=20)
    expect(bea).to_have_count(0)
    expect(ada).to_be_visible()
    expect(search).to_be_focused()
    assert "q=konk" in page.url
    search.fill("")
    expect(bea).to_be_visible()
    assert "q=" not in page.url

    page.get_by_role("checkbox", name="Choose Ada Okonkwo").check()
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.get_by_role("button", name="Add a tag").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("Tag").fill("Press")
    assert axe.violations(page) == []
    drawer.get_by_role("button", name="Add the tag").click()
    expect(drawer).to_have_count(0)

    page.get_by_label("Tag", exact=True).fill("press")
    page.get_by_label("Tag", exact=True).press("Tab")
    expect(bea).to_have_count(0)
    expect(ada).to_be_visible()
    assert "tag=press" in page.url
    assert axe.violations(page) == []

    page.get_by_role("link", name="Save this view").click()
    drawer.get_by_label("Name").fill("People of the press")
    drawer.get_by_role("button", name="Save the view").click()
    views = page.get_by_role("navigation", name="Views")
    expect(views.get_by_role("link", name="People of the press")).to_have_attribute("aria-current", "page")
    expect(ada).to_be_visible()
    views.get_by_role("link", name="Everybody").click()
    expect(bea).to_be_visible()
    page.go_back()
    expect(bea).to_have_count(0)
    expect(ada).to_be_visible()
    assert complaints == []
    page.context.close()


def test_one_goes_from_a_list_and_back_and_is_told_what_fails(address: str, browser: Browser) -> None:
    page = browsing.window(browser)
    club = signed_in(page, address)
    add(page, club, "Xaver", "Xylander")
    page.goto(f"{club}/customers")
    page.get_by_label("Membership", exact=True).select_option("none")
    expect(page.locator("#export")).to_have_attribute("href", re.compile("membership=none"))  # what is shown, no more
    search = page.get_by_role("searchbox", name="Find a customer")
    search.press_sequentially("xyl")
    expect(page.locator("#found tbody tr")).to_have_count(1)
    search.press("ArrowDown")
    expect(page.get_by_role("link", name="Xaver Xylander")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Xaver Xylander")
    page.go_back()
    expect(page.locator("#found tbody tr")).to_have_count(1)

    page.get_by_role("link", name="Add a customer").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("First name").fill("Yara")
    page.route("**/customers/new", lambda route: route.abort())
    drawer.get_by_role("button", name="Add the customer").click()
    expect(drawer.get_by_role("alert")).to_contain_text("it is not known whether that worked")
    page.mouse.click(9, 500)  # beside it
    page.keyboard.press("Escape")
    expect(drawer.get_by_role("alert")).to_contain_text("Escape once more leaves it")
    expect(drawer.get_by_label("First name")).to_have_value("Yara")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    page.context.close()


def test_the_list_works_without_scripts(address: str, browser: Browser) -> None:
    page = browsing.window(browser, java_script_enabled=False)
    club = signed_in(page, address, scripts=False)
    add(page, club, "Cem", "Coker")
    page.goto(f"{club}/customers")
    page.get_by_role("searchbox", name="Find a customer").fill("c")
    page.get_by_label("Membership", exact=True).select_option("none")
    page.get_by_role("button", name="Find", exact=True).click()
    page.goto(f"{club}/customers?membership=none")
    page.get_by_role("checkbox", name="Choose Cem Coker").check()
    page.get_by_role("button", name="Add a tag").click()
    page.get_by_label("Tag", exact=True).fill("Speaker")
    page.get_by_role("button", name="Add the tag").click()
    page.goto(f"{club}/customers?tag=speaker&status=active")
    expect(page.get_by_role("link", name="Cem Coker")).to_be_visible()
    page.context.close()
