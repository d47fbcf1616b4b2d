"""The pages of signing up: with a screen reader, a keyboard, on the smallest phone, in the dark, and without script."""

import re
import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

from tests import axe
from tests.browsing import NARROW as SMALL
from tests.cli import clubs
from tests.cli.installation import Server

pytestmark = pytest.mark.browser

_MOST_BYTES = 60_000


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A served club with a free plan, and one with two prices and a name that goes on and on."""
    with clubs.served(tmp_path_factory.mktemp("club"), settings=clubs.MAIL) as server:
        yield server


@pytest.fixture(scope="module")
def plan(club: Server) -> str:
    """A plan that has all there is to show: a long name, permissions, two prices with a fee."""
    for key in ("pool", "members-area"):
        club.post("/api/v1/permissions", {"key": key, "name": f"The {key}"})
    year = {"amount": {"amount": 0, "currency": "GBP"}, "interval": "year"}
    month = {"amount": {"amount": 3500, "currency": "GBP"}, "joining_fee": {"amount": 1000, "currency": "GBP"}}
    name = "Friends of the Heißwasserbadeanstaltsgenossenschaft and its Annexe"
    grants = ["pool", "members-area"]
    told = {"name": name, "description": "Hot.\n\nAnd wet.", "permissions": grants, "prices": [year, month]}
    return str(club.post("/api/v1/plans", told)["id"])


def code_for(club: Server, address: str) -> str:
    """The code in the mail to an address, as soon as it is there."""
    for _ in range(80):
        with urllib.request.urlopen(f"{club.address}/mailbox/") as answer:
            said = re.sub(r"<[^>]+>", " ", answer.read().decode())
        if address in said and (found := re.search(r"\b(\d{6})\b", said)):
            return found[1]
        time.sleep(0.25)
    raise AssertionError(f"no mail to {address}")


def looked_at(page: Page, name: str) -> None:
    """Nobody is kept out of this step, and nothing sticks out of it."""
    assert axe.violations(page) == [], name
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px too wide"


def steps(page: Page, club: Server, address: str) -> None:
    """From the plan to being a member by keyboard alone, each step looked at."""

    def step(name: str) -> Locator:
        return page.locator(f"main[data-step={name}]")

    expect(step("address")).to_be_visible()
    looked_at(page, "address")
    page.get_by_label("Your e-mail address").fill("ada@")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is no e-mail address")).to_be_visible()
    looked_at(page, "a wrong address")
    page.get_by_label("Your e-mail address").fill(address)
    page.keyboard.press("Enter")
    expect(step("code")).to_be_visible()
    looked_at(page, "code")
    page.get_by_label("The code").fill(code_for(club, address))
    page.keyboard.press("Enter")
    expect(step("details")).to_be_visible()
    looked_at(page, "details")
    page.get_by_label("Last name").fill("Okonkwo")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your first name is needed.")).to_be_visible()
    assert page.get_by_label("Last name").input_value() == "Okonkwo"
    looked_at(page, "wrong details")
    page.get_by_label("First name").fill("Ada")
    page.keyboard.press("Enter")
    expect(step("review")).to_be_visible()
    looked_at(page, "review")
    page.get_by_role("button", name="Join").focus()
    page.keyboard.press("Enter")
    expect(step("done")).to_be_visible()
    expect(page.get_by_role("heading", name="Welcome, Ada")).to_be_visible()
    looked_at(page, "done")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_at_home_everything_goes_without_script_on_the_smallest_phone(
    browser: Browser, club: Server, plan: str, scheme: str
) -> None:
    # axe is put into the page past its rules; the page's own scripts are none.
    context = browser.new_context(viewport=SMALL, color_scheme="dark" if scheme == "dark" else "light", locale="en-GB")
    page = context.new_page()
    scripts: list[str] = []
    page.on("request", lambda each: scripts.append(each.url) if each.resource_type == "script" else None)
    page.goto(f"{club.address}/join/strand-house")
    looked_at(page, "chooser")
    page.get_by_role("link", name="Friends of").click()
    steps(page, club, f"ada-{scheme}@member.example")
    assert scripts == []
    context.close()


def test_a_frame_goes_from_step_to_step_within_one_page_and_brings_little_along(
    browser: Browser, club: Server, plan: str
) -> None:
    context = browser.new_context(viewport=SMALL, locale="en-GB")
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda each: answers.append(each))
    page.goto(f"{club.address}/embed/strand-house/{plan}")
    page.wait_for_load_state("networkidle")
    sizes = {each.url: each.request.sizes() for each in answers}
    assert sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes.values()) <= _MOST_BYTES, sizes
    page.evaluate("window.sameDocument = true")

    steps(page, club, "bea@member.example")
    assert page.evaluate("window.sameDocument") is True
    context.close()


def test_a_page_reads_from_right_to_left(browser: Browser, club: Server, plan: str) -> None:
    context = browser.new_context(viewport=SMALL, locale="en-GB")
    page = context.new_page()
    page.goto(f"{club.address}/join/strand-house/{plan}")
    page.evaluate("document.documentElement.dir = 'rtl'")
    looked_at(page, "right to left")
    assert page.locator("h1").evaluate("each => getComputedStyle(each).textAlign") in ("start", "right")
    context.close()
