"""Passkeys in a real browser, with an authenticator that Chromium plays: made, signed in with, asked for as a proof."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests import browsing
from tests.axe import violations
from tests.cli import clubs
from tests.cli.founding import OWNER, PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served installation with an owner, at a name: `localhost`, for which browsers make passkeys."""
    with clubs.served(tmp_path_factory.mktemp("club")) as server:
        yield server.address.replace("127.0.0.1", "localhost")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window with an authenticator that unlocks by itself."""
    found = browsing.window(browser)
    authenticator(found)
    yield found
    found.context.close()


def authenticator(page: Page) -> CDPSession:
    """Let the page have an authenticator that unlocks by itself, as a phone does under its owner's finger."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


def test_a_passkey_is_made_signed_in_with_and_asked_for(club: str, page: Page) -> None:
    complaints = browsing.complaints(page)

    page.goto(f"{club}/console/signin")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{club}/console/account/security")
    page.get_by_role("link", name="Make a passkey").click()
    page.get_by_label("Name").fill("Front desk computer")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("rowheader", name="Front desk computer")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    # Alone, instead of the password.
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("link", name="Customers").first).to_be_visible()
    page.context.clear_cookies()

    # As the second step, after the password.
    page.goto(f"{club}/console/signin")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("link", name="Customers").first).to_be_visible()
    assert complaints == []


def test_a_passkey_of_another_installation_opens_nothing(club: str, page: Page) -> None:
    page.goto(f"{club}/console/signin")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("Nothing came of it")).to_be_visible()
    expect(page).to_have_url(f"{club}/console/signin")
