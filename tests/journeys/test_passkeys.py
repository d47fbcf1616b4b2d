"""Passkeys in a real browser, with an authenticator that Chromium plays: made, signed in with, asked for as a proof."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, ConsoleMessage, Page, expect, sync_playwright

from tests.axe import violations
from tests.cli.installation import fresh

pytestmark = pytest.mark.browser

EMAIL, PASSWORD = "odette@club.example", "a-key-for-the-front-door"


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served installation with an owner, at a name: `localhost`, for which browsers make passkeys."""
    with fresh(tmp_path_factory.mktemp("club")) as installation:
        installation.migrate()
        installation.run("organization", "create", "Strand House", "--timezone", "Europe/London", "--currency", "GBP")
        for email, name, role in ((EMAIL, "Odette Owner", "owner"), ("dora@club.example", "Dora Desk", "front_desk")):
            installation.run(
                "staff", "add", "--email", email, "--name", name, "--role", role, stdin=f"{PASSWORD}\n"
            )  # fmt: skip
        with installation.served() as server:
            yield server.address.replace("127.0.0.1", "localhost")


@pytest.fixture
def context(chromium: Path) -> Iterator[BrowserContext]:
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium))
        made = browser.new_context(reduced_motion="reduce", locale="en-GB")
        yield made
        browser.close()


def authenticator(context: BrowserContext, page: Page) -> CDPSession:
    """Let the page have an authenticator that unlocks by itself, as a phone does under its owner's finger."""
    devtools = context.new_cdp_session(page)
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


def test_a_passkey_is_made_signed_in_with_and_asked_for(club: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 422" not in message.text:
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda failure: complaints.append(str(failure)))
    authenticator(context, page)

    page.goto(f"{club}/console/signin")
    page.get_by_label("E-mail").fill(EMAIL)
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
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("link", name="Customers").first).to_be_visible()
    assert complaints == []


def test_a_passkey_of_another_installation_opens_nothing(club: str, context: BrowserContext) -> None:
    page = context.new_page()
    page.set_default_timeout(20_000)
    authenticator(context, page)
    page.goto(f"{club}/console/signin")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("Nothing came of it")).to_be_visible()
    expect(page).to_have_url(f"{club}/console/signin")
