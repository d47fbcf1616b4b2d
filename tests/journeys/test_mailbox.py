"""From a grant to the mail about it, on the real server with its worker, seen in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests import browsing
from tests.browsing import DESK, PHONE
from tests.cli import clubs
from tests.cli.installation import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Server]:
    """A served installation whose mail goes into the mailbox, with a club of its own and a key of it."""
    with clubs.served(tmp_path, settings=clubs.MAIL) as server:
        yield server


def join(club: Server) -> str:
    """Somebody who reads German has just become a member; returns the membership's id."""
    price = {"amount": {"amount": 3500, "currency": "GBP"}, "interval": "month"}
    plan = club.post("/api/v1/plans", {"name": "Gold", "prices": [price]})
    person = {"first_name": "Ada", "last_name": "Okonkwo", "locale": "de-DE"}
    ada = club.post("/api/v1/customers", {**person, "emails": [{"address": "ada@member.example"}]})
    membership: str = club.post("/api/v1/memberships", {"plan": plan["id"], "customer": ada["id"]})["id"]
    return membership


def opened(browser: Browser, address: str, window: ViewportSize) -> tuple[Page, list[str]]:
    """The page in a window of its own, and what the browser complains about there."""
    page = browsing.window(browser, viewport=window)
    complaints = browsing.complaints(page, expected=())
    page.goto(f"{address}/mailbox/")
    return page, complaints


def test_a_grant_is_a_mail_on_the_page_without_reloading_it(club: Server, browser: Browser) -> None:
    page, complaints = opened(browser, club.address, DESK)
    expect(page.get_by_text("No mail yet")).to_be_visible()

    membership = join(club)
    link = page.get_by_role("link", name="Ihre Mitgliedschaft „Gold“ hat begonnen")
    expect(link).to_be_visible()
    club.post(f"/api/v1/memberships/{membership}/cancel", {"when": "now"}, status=200)
    expect(page.get_by_role("link", name="Ihre Mitgliedschaft „Gold“ ist gekündigt")).to_be_visible()

    link.click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Ihre Mitgliedschaft „Gold“ hat begonnen")
    mail = page.frame_locator("iframe")
    expect(mail.get_by_role("heading", level=1)).to_have_text("Willkommen, Ada")
    expect(mail.get_by_role("row", name="Mitgliedschaft Gold")).to_be_visible()
    page.get_by_role("link", name="Plain text").click()
    expect(page.locator("pre")).to_contain_text("Ihre Mitgliedschaft „Gold“ bei Strand House hat begonnen.")
    assert complaints == []

    phone, complaints = opened(browser, club.address, PHONE)
    expect(phone.get_by_role("heading", level=2)).to_be_hidden()
    phone.get_by_role("link", name="ist gekündigt").click()
    expect(phone.get_by_role("heading", level=2)).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.get_by_role("link", name="All mails").click()
    expect(phone.get_by_role("link", name="hat begonnen")).to_be_visible()
    assert complaints == []
