"""A member at their own pages, on a phone and without scripts: in by a code from the mail, out at the period's end."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import browsing
from tests.axe import violations
from tests.browsing import NARROW, PHONE
from tests.cli import clubs
from tests.cli.installation import Server

pytestmark = pytest.mark.browser

ADA = "ada@member.example"


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A served installation whose mail goes into the mailbox, with a club, two plans and a member."""
    with clubs.served(tmp_path_factory.mktemp("portal"), settings=clubs.MAIL) as server:
        _members_of(server)
        yield server


def _members_of(club: Server) -> None:
    free: dict[str, Any] = {"amount": {"amount": 0, "currency": "GBP"}, "interval": "month"}
    club.post("/api/v1/permissions", {"key": "pool", "name": "Pool"})
    plan = club.post("/api/v1/plans", {"name": "Gold", "prices": [free], "permissions": ["pool"]})
    emails = [{"address": ADA, "verified": True}]
    ada = club.post("/api/v1/customers", {"first_name": "Ada", "last_name": "Okonkwo", "emails": emails})
    club.post("/api/v1/memberships", {"plan": plan["id"], "customer": ada["id"]})


def code_in_the_mail(context: BrowserContext, club: Server) -> str:
    """The code, once the worker has sent it."""
    mailbox = context.browser.new_context().new_page() if context.browser else context.new_page()
    mailbox.goto(f"{club.address}/mailbox/")
    subject = mailbox.get_by_role("link", name=re.compile(r"\d{6} is your code")).first
    expect(subject).to_be_visible()
    found = re.search(r"\d{6}", subject.inner_text())
    assert found is not None
    return found[0]


def signed_in(context: BrowserContext, club: Server) -> Page:
    page = context.new_page()
    page.goto(f"{club.address}/portal/strand-house")
    page.get_by_label("Your e-mail address").fill(ADA)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("The code").fill(code_in_the_mail(context, club))
    page.get_by_role("button", name="Go on").click()
    return page


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_member_signs_in_cancels_at_the_periods_end_and_undoes_it(club: Server, browser: Browser) -> None:
    context = browsing.window(browser, viewport=PHONE, java_script_enabled=False).context
    page = signed_in(context, club)

    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Okonkwo")
    expect(page.get_by_text("It goes on until you leave.")).to_be_visible()
    page.get_by_role("link", name="Gold").click()
    page.get_by_role("link", name="Leave").click()
    expect(page.get_by_text("Then you lose Pool.")).to_be_visible()
    page.get_by_role("button", name=re.compile("^End with ")).click()
    expect(page.get_by_role("status")).to_have_text("It is canceled.")
    expect(page.get_by_text("Canceled: it ends with")).to_be_visible()

    page.get_by_role("link", name="Keep it after all").click()
    page.get_by_role("button", name="Go on as before").click()
    expect(page.get_by_text("Everything goes on as before.")).to_be_visible()
    expect(page.get_by_text("It goes on until you leave.")).to_be_visible()

    watched = browser.new_context(viewport=NARROW, storage_state=context.storage_state(), color_scheme="dark")
    seen = watched.new_page()
    wrong: dict[str, list[str]] = {}
    start = f"{club.address}/portal/strand-house"
    seen.goto(start)
    membership = seen.get_by_role("link", name="Gold").get_attribute("href") or ""
    pages = ["", "/details", "/details/email", "/sessions", "/data"]
    of_it = ["", "/leave", "/change"]
    for address in [*(f"{start}{each}" for each in pages), *(f"{club.address}{membership}{each}" for each in of_it)]:
        seen.goto(address)
        assert fits(seen), address
        if found := violations(seen):
            wrong[address] = found
    assert wrong == {}

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Your e-mail address")).to_be_visible()
    seen.goto(start)
    expect(seen.get_by_label("Your e-mail address")).to_be_visible()
    assert (violations(seen), fits(seen)) == ([], True)
