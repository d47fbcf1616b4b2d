"""An owner has another system told what happens, in a real browser, with the real server, worker and receiver."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from standardwebhooks import Webhook

from tests.cli.installation import Installation, fresh
from tests.webhooks.receiver import Receiver, receiving, with_status

pytestmark = pytest.mark.browser

EMAIL, PASSWORD = "olga@club.example", "a-key-for-the-front-door"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(allowed=False) as found:  # the installation has settings of its own
        yield found


@pytest.fixture
def page(chromium: Path, tmp_path: Path, receiver: Receiver) -> Iterator[Page]:
    """The console of a new test club, its owner signed in; nothing in the browser may complain."""
    complaints: list[str] = []
    with fresh(tmp_path) as made:
        allowed = receiver.url.removeprefix("http://").partition("/")[0]
        installation = Installation({**made.environ, "TESSERA_OUTBOUND_ALLOWED": allowed})
        installation.migrate()
        installation.run(
            "organization", "create", "Strand House", "--timezone", "Europe/London", "--currency", "GBP", "--test"
        )  # fmt: skip
        installation.run(
            "staff", "add", "--email", EMAIL, "--name", "Olga Owner", "--role", "owner", stdin=f"{PASSWORD}\n"
        )
        with installation.served() as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(chromium))
            context = browser.new_context(reduced_motion="reduce", locale="en-GB")
            found = context.new_page()
            found.set_default_timeout(20_000)
            expect.set_options(timeout=20_000)
            found.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            found.on("pageerror", lambda failure: complaints.append(str(failure)))
            found.goto(f"{server.address}/console/signin")
            found.get_by_label("E-mail").fill(EMAIL)
            found.get_by_label("Password").fill(PASSWORD)
            found.get_by_role("button", name="Sign in").click()
            yield found
            browser.close()
    assert complaints == []


def to_webhooks(page: Page) -> None:
    page.get_by_role("navigation", name="Console").get_by_role("link", name="Settings").click()
    page.get_by_role("main").get_by_role("link", name="Webhooks").click()


def test_an_owner_adds_an_endpoint_tries_it_out_and_sees_what_arrives(page: Page, receiver: Receiver) -> None:
    to_webhooks(page)
    page.get_by_role("link", name="Add the first endpoint").click()
    page.get_by_role("textbox", name="Address").fill(receiver.url)
    page.get_by_label("What it is").fill("The club's website")
    expect(page.get_by_role("group", name="Customers")).not_to_be_visible()
    page.get_by_label("What is ticked below").check()
    page.get_by_role("group", name="Customers").get_by_label("All of these").check()
    page.get_by_role("button", name="Add the endpoint").click()
    expect(page.get_by_role("heading", name="Endpoint added")).to_be_visible()
    secret = page.locator(".once code").inner_text()

    receiver.answers = [with_status(500, b"the disk is full")]
    page.get_by_role("link", name="Send a test").click()
    page.get_by_role("button", name="Send the test").click()
    expect(page.locator("#fate")).to_contain_text("Given up")  # it appears by itself
    expect(page.get_by_text("the disk is full")).to_be_visible()

    page.get_by_role("link", name="Send it again").click()
    page.get_by_role("dialog").get_by_role("button", name="Send it again").click()
    expect(page.locator("#fate")).to_contain_text("Delivered")
    expect(page.get_by_text("Before it was sent again")).to_be_visible()
    assert [Webhook(secret).verify(got.body, dict(got.headers))["type"] for got in receiver.got] == ["webhook.test"] * 2

    page.get_by_role("navigation", name="Console").get_by_role("link", name="Customers").click()
    page.get_by_role("link", name="Add a customer").first.click()
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill("Okonkwo")
    page.get_by_role("dialog").get_by_role("button", name="Add the customer").click()
    expect(page.get_by_role("heading", name="Ada Okonkwo")).to_be_visible()
    to_webhooks(page)
    page.get_by_role("link", name="The club's website").click()
    delivered = page.get_by_role("row", name="customer.created").filter(has_text="Delivered")
    for _ in range(40):  # the list says how things were when it was opened
        if delivered.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(delivered).to_be_visible()
    assert receiver.got[-1].type == "customer.created"
