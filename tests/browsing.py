"""Somebody at a real browser: how it is started, how staff sign in, and what it complains about."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect, sync_playwright

from tests.cli.founding import PASSWORD

WITHIN = 20_000  # ms: a machine that runs the rest of the suite meanwhile may be slow
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 320, "height": 640}
# What the browser itself logs of each form that is refused, as it should be: the page says why.
REFUSED_FORM = "status of 422"
# What htmx logs of a question that a newer one, or another page, has overtaken, as it should be.
_OVERTAKEN = ("htmx:sendAbort,", "htmx:afterRequest,")
_sessions: dict[tuple[str, str], list[Any]] = {}  # of whom, where


@contextmanager
def launched(chromium: Path, *arguments: str) -> Iterator[Browser]:
    """Start the browser for the length of the block."""
    expect.set_options(timeout=WITHIN)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium), args=list(arguments))
        yield started
        started.close()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """A browser for the tests of a module; each has windows of its own."""
    with launched(chromium) as started:
        yield started


def window(browser: Browser, **settings: Any) -> Page:
    """Open a window that nobody has used, in English, without motion; `settings` are those of Playwright's contexts."""
    page = browser.new_context(
        **{"viewport": DESK, "reduced_motion": "reduce", "locale": "en-GB", **settings}
    ).new_page()
    page.set_default_timeout(WITHIN)
    return page


def complaints(page: Page, *, expected: tuple[str, ...] = (REFUSED_FORM,)) -> list[str]:
    """Return a list to which is added what the browser complains of: scripts that fail, what a policy blocks."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(each in message.text for each in (*expected, *_OVERTAKEN)):
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda failure: heard.append(str(failure)))
    return heard


def sign_in(page: Page, address: str, email: str, password: str = PASSWORD, *, scripts: bool = True) -> None:
    """Let staff into the console of the installation at `address`, and wait for the page it opens.

    By the form, the first time; then by the session that it gave, as somebody who opens another window.
    """
    kept = _sessions.get((address, email))
    if kept is None:
        page.goto(f"{address}/console/signin")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda there: "/signin" not in there)
        _sessions[(address, email)] = [*page.context.cookies()]
    else:
        page.context.add_cookies(kept)
        page.goto(f"{address}/console/")
    expect(page.locator("h1").first).to_be_visible()
    if scripts:
        expect(page.locator(".is-waiting")).to_have_count(0)  # leaving sooner breaks off what the page still asks for
