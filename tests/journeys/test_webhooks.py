"""An owner has another system told what happens, in a real browser, with the real server, worker and receiver."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from standardwebhooks import Webhook

from tests import browsing
from tests.cli import clubs
from tests.cli.founding import OWNER
from tests.webhooks.receiver import Receiver, receiving, with_status

pytestmark = pytest.mark.browser


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(allowed=False) as found:  # the installation has settings of its own
        yield found


@pytest.fixture
def page(browser: Browser, tmp_path: Path, receiver: Receiver) -> Iterator[Page]:
    """The console of a new test club, its owner signed in; nothing in the browser may complain."""
    allowed = receiver.url.removeprefix("http://").partition("/")[0]
    with clubs.served(tmp_path, test=True, settings={"TESSERA_OUTBOUND_ALLOWED": allowed}) as server:
        found = browsing.window(browser)
        complaints = browsing.complaints(found, expected=())
        browsing.sign_in(found, server.address, OWNER)
        yield found
        found.context.close()
    assert complaints == []


def to_webhooks(page: Page) -> None:
    page.get_by_role("navigation", name="Console").get_by_role("link", name="Settings").click()
    page.get_by_role("main").get_by_role("link", name="Webhooks").click()


def test_an_owner_adds_an_endpoint_tries_it_out_and_sees_what_arrives(page: Page, receiver: Receiver) -> None:
    to_webhooks(page)
    page.get_by_role("link", name="Add the first endpoint").click()
    page.get_by_role("textbox", name="Address").fill(receiver.url)
    page.get_by_label("What it is").fill("The club's website")
    expect(page.get_by_role("group", name="Customers", exact=True)).not_to_be_visible()
    page.get_by_label("What is ticked below").check()
    page.get_by_role("group", name="Customers", exact=True).get_by_label("All of these").check()
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
