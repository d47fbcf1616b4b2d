"""One's own account, and the pages before one is known: usable without a mouse, at 320 px, in the dark."""

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests import axe
from tests.accessible.test_console import club, signed_in, told, widest
from tests.browsing import DESK
from tests.browsing import NARROW as SMALL

__all__ = ["club"]  # a fixture

pytestmark = pytest.mark.browser

BEFORE = ("signin", "reset-password", "invitation/inv_x/x", "reset-password/usr_x/x", "confirm-email/usr_x/x")
ACCOUNT = (
    "account", "account/email", "account/password", "account/security", "account/security/app",
    "account/security/passkeys/new", "account/security/recovery-codes", "account/sessions",
)  # fmt: skip
DRAWERS = ("email", "password", "security/app", "security/passkeys/new")


def looked_at(page: Page, wrong: dict[str, list[str]]) -> None:
    found = axe.violations(page)
    if page.evaluate("document.documentElement.scrollWidth") > page.evaluate("window.innerWidth"):
        found.append(f"it is too wide: {widest(page)}")
    if found:
        wrong[page.url] = found


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (SMALL, "dark")], ids=["desk", "small and dark"])
def test_the_account_and_what_comes_before_it_are_accessible(
    browser: Browser, club: str, size: ViewportSize, scheme: str
) -> None:
    wrong: dict[str, list[str]] = {}
    named = club.replace("127.0.0.1", "localhost")  # where passkeys are offered
    page = browser.new_page(viewport=size, color_scheme="dark" if scheme == "dark" else "light")
    for each in BEFORE:
        page.goto(f"{named}/console/{each}")
        looked_at(page, wrong)
    page.context.close()
    page = signed_in(browser, named, size, scheme)
    for each in ACCOUNT:
        page.goto(f"{named}/console/{each}")
        looked_at(page, wrong)
    for each in DRAWERS:
        page.goto(f"{named}/console/account")
        page.evaluate(
            "(at) => htmx.ajax('GET', at, {target: '#drawer', swap: 'innerHTML'})", f"/console/account/{each}"
        )
        expect(page.locator("dialog.drawer[open]")).to_be_visible()
        looked_at(page, wrong)
    page.context.close()
    assert not wrong, told(wrong)
