"""Staff at work in a real browser, on the real server."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import browsing
from tests.browsing import DESK, PHONE
from tests.cli import clubs
from tests.cli.founding import MANAGER, PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served installation with an empty club and its staff; gives its address."""
    with clubs.served(tmp_path_factory.mktemp("club")) as server:
        yield server.address


@dataclass
class Desk:
    """The manager's browser at a desk, or in a hand."""

    page: Page
    address: str
    scripts: bool = True

    def sign_in(self) -> None:
        browsing.sign_in(self.page, self.address, MANAGER, scripts=self.scripts)
        expect(self.page.get_by_role("heading", name="Strand House", exact=True)).to_be_visible()

    def go(self, where: str) -> None:
        """Follow the navigation; on a phone, a part that is not at hand is behind "More"."""
        console = self.page.get_by_role("navigation", name="Console")
        more = console.get_by_text("More", exact=True)
        link = console.get_by_role("link", name=where)
        if not link.first.is_visible():
            more.click()
        link.locator("visible=true").click()

    def answer(self, button: str) -> None:
        """Press the button of the drawer, which then is gone."""
        self.page.get_by_role("dialog").get_by_role("button", name=button).click()
        expect(self.page.get_by_role("dialog")).to_have_count(0)


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def desk(club: str, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A browser window; nothing may complain in it: no script fails, and the content policy blocks nothing."""
    page = browsing.window(browser, viewport=request.param)
    heard = browsing.complaints(page)
    yield Desk(page, club)
    page.context.close()
    assert heard == []


def test_a_manager_sells_a_plan_to_a_company_and_sees_what_its_people_may(desk: Desk) -> None:
    page = desk.page
    mark = "phone" if page.viewport_size == PHONE else "desk"
    desk.sign_in()

    desk.go("Plans")
    page.get_by_role("link", name="Permissions").click()
    page.get_by_role("link", name="Make a permission").first.click()
    page.get_by_label("Key").fill(f"lounge-{mark}")
    page.get_by_label("Name optional").fill(f"Lounge {mark}")
    desk.answer("Make the permission")

    desk.go("Plans")
    page.get_by_role("link", name="Make a plan").click()
    page.get_by_label("Name", exact=True).fill(f"Corporate {mark}")
    page.get_by_label("Price", exact=True).fill("1250")
    page.get_by_label(f"Lounge {mark}").check()
    page.get_by_role("button", name="Make the plan").click()
    expect(page.get_by_role("heading", name=f"Corporate {mark}")).to_be_visible()
    expect(page.get_by_text("£1,250.00 a month")).to_be_visible()

    desk.go("Companies")
    page.get_by_role("link", name="Add a company").first.click()
    page.get_by_label("Trading name").fill(f"Acme {mark}")
    desk.answer("Add the company")
    page.get_by_role("link", name="Assign a plan").click()
    page.get_by_label("Plan and price").select_option(label=f"Corporate {mark}, £1,250.00 a month")
    expect(page.get_by_role("dialog")).to_contain_text(f"Acme {mark} has Corporate {mark} from today")
    desk.answer(f"Assign Corporate {mark}")
    expect(page.locator("article.membership")).to_contain_text("Active")
    company = page.url

    desk.go("Customers")
    page.get_by_role("link", name="Add a customer").first.click()
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill(f"Okonkwo-{mark}")
    desk.answer("Add the customer")
    expect(page.get_by_text("No membership yet")).to_be_visible()

    page.goto(company)
    page.get_by_role("link", name="Link somebody").click()
    page.get_by_label("Customer").fill(f"Ada Okonkwo-{mark}")
    page.get_by_label("Title").focus()
    expect(page.get_by_role("dialog")).to_contain_text(f"gains Lounge {mark} at once")
    page.get_by_role("dialog").get_by_role("button", name="Link").click()
    expect(page.get_by_role("row", name=f"Ada Okonkwo-{mark}")).to_be_visible()

    desk.go("Check access")
    page.get_by_label("Customer").fill(f"Ada Okonkwo-{mark}")
    page.get_by_label("Permission").select_option(label=f"Lounge {mark}")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="Yes, let in")).to_be_visible()
    allowed = page.url

    page.goto(company)
    page.get_by_role("link", name="Unlink").click()
    expect(page.get_by_role("dialog")).to_contain_text(f"loses Lounge {mark} at once")
    desk.answer("Unlink now")
    page.goto(allowed)
    expect(page.get_by_role("heading", name="Not let in")).to_be_visible()


def test_a_refused_form_keeps_what_was_typed(desk: Desk) -> None:
    desk.sign_in()
    desk.go("Customers")
    desk.page.get_by_role("link", name="Add a customer").first.click()
    desk.page.get_by_label("First name").fill("Zora")
    desk.page.get_by_label("E-mail").fill("no address")
    drawer = desk.page.get_by_role("dialog")
    drawer.get_by_role("button", name="Add the customer").click()
    expect(drawer).to_contain_text("is not an e-mail address")
    expect(drawer.get_by_label("First name")).to_have_value("Zora")
    expect(drawer.get_by_label("E-mail")).to_be_focused()
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)


def test_nothing_is_wider_than_the_window(desk: Desk) -> None:
    desk.sign_in()
    for where in ("Customers", "Companies", "Plans", "Check access"):
        desk.go(where)
        expect(desk.page.get_by_role("heading", level=1)).to_have_text(where)
        wide, window = desk.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window, f"{where} is {wide} wide in {window}"


def test_what_is_done_on_a_memberships_own_page_leads_back_to_it(desk: Desk) -> None:
    page = desk.page
    mark = "phone" if page.viewport_size == PHONE else "desk"
    desk.sign_in()
    desk.go("Plans")
    page.get_by_role("link", name="Make a plan").click()
    page.get_by_label("Name", exact=True).fill(f"Rowing {mark}")
    page.get_by_label("Price", exact=True).fill("20")
    page.get_by_role("button", name="Make the plan").click()
    desk.go("Customers")
    page.get_by_role("link", name="Add a customer").first.click()
    page.get_by_label("First name").fill("Rosa")
    page.get_by_label("Last name").fill(f"River-{mark}")
    desk.answer("Add the customer")
    page.get_by_role("link", name="Assign a plan").click()
    page.get_by_label("Plan and price").select_option(label=f"Rowing {mark}, £20.00 a month")
    desk.answer(f"Assign Rowing {mark}")

    page.locator("article.membership").click(position={"x": 4, "y": 4})  # the whole row opens it, not its name alone
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Rowing {mark}")
    expect(page.get_by_role("img", name=f"Rowing {mark}: 1 term")).to_be_visible()
    here = page.url
    page.get_by_role("link", name="Renew").click()
    desk.answer("Renew until")
    expect(page.get_by_role("img", name=f"Rowing {mark}: 2 terms")).to_be_visible()
    assert page.url == here
    page.locator("#main").get_by_text("More", exact=True).click()
    page.get_by_role("link", name="End now").click()
    page.get_by_role("dialog").get_by_role("link", name="Leave as it is").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_text("As a table").click()
    expect(page.get_by_role("rowheader", name=f"Booked: Rowing {mark}")).to_be_visible()
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, f"{wide} wide in {window}"


@pytest.mark.parametrize("desk", [DESK], indirect=True, ids=["desk"])
def test_signing_in_and_searching_take_no_mouse(desk: Desk) -> None:
    page = desk.page
    page.goto(f"{desk.address}/console/signin")
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(MANAGER)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Strand House", exact=True)).to_be_visible()
    expect(page.locator(".tiles.is-waiting")).to_have_count(0)
    page.goto(f"{desk.address}/console/strand-house/customers/new")
    page.get_by_label("First name").fill("Quentin")
    page.get_by_label("Last name").fill("Quick")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quentin Quick")
    page.goto(f"{desk.address}/console/strand-house/customers")
    page.keyboard.press("/")
    expect(page.get_by_label("Find a customer")).to_be_focused()
    page.keyboard.type("qu")
    expect(page.locator("#found tbody tr")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quentin Quick")

    page.wait_for_load_state()  # its scripts listen from then on
    page.keyboard.press("Control+k")
    page.keyboard.type("check acc")
    page.keyboard.press("Enter")  # before an answer is there: it waits for it
    expect(page.get_by_role("heading", level=1)).to_have_text("Check access")
    page.wait_for_load_state()  # its scripts listen from then on
    page.keyboard.press("/")
    page.keyboard.type("add a comp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Add a company")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("desk", [DESK], indirect=True, ids=["desk"])
def test_a_receptionist_finds_a_member_with_two_keys_and_enter(desk: Desk) -> None:
    page = desk.page
    desk.sign_in()
    page.goto(f"{desk.address}/console/strand-house/customers/new")
    page.get_by_label("First name").fill("Xenia")
    page.get_by_label("Last name").fill("Xylander")
    page.get_by_role("button", name="Add the customer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Xenia Xylander")
    page.goto(f"{desk.address}/console/strand-house")
    expect(page.locator(".tiles.is-waiting")).to_have_count(0)

    page.keyboard.press("x")
    page.keyboard.press("y")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Xenia Xylander")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Strand House")
    expect(page.locator(".tiles.is-waiting")).to_have_count(0)


@pytest.mark.parametrize("desk", [DESK], indirect=True, ids=["desk"])
def test_two_people_at_one_record_see_both_versions(desk: Desk) -> None:
    page = desk.page
    desk.sign_in()
    page.goto(f"{desk.address}/console/strand-house/customers/new")
    page.get_by_label("First name").fill("Vera")
    page.get_by_label("Last name").fill("Versions")
    page.get_by_role("button", name="Add the customer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vera Versions")
    page.get_by_role("link", name="Edit").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("Last name").fill("Mine")

    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("link", name="Edit").click()
    other.get_by_label("Last name").fill("Theirs")
    other.get_by_role("button", name="Save the details").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Vera Theirs")

    drawer.get_by_role("button", name="Save the details").click()
    expect(drawer.get_by_role("group", name="What has changed meanwhile")).to_contain_text("Theirs")
    expect(drawer.get_by_label("Last name")).to_have_value("Mine")
    drawer.get_by_label("Keep what was saved meanwhile").check()
    drawer.get_by_role("button", name="Save the details").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Vera Theirs")


@pytest.mark.parametrize("desk", [DESK], indirect=True, ids=["desk"])
def test_a_session_that_ends_in_the_middle_of_a_drawer_loses_nothing(desk: Desk) -> None:
    page = desk.page
    desk.sign_in()
    desk.go("Customers")
    page.get_by_role("link", name="Add a customer").first.click()
    page.get_by_label("First name").fill("Petra")
    page.get_by_label("Last name").fill("Patience")
    page.context.clear_cookies(name="tessera")
    drawer = page.get_by_role("dialog")
    drawer.get_by_role("button", name="Add the customer").click()
    expect(drawer).to_contain_text("You have been signed out")

    with page.context.expect_page() as opened:
        drawer.get_by_role("link", name="Sign in in a new window").click()
    other = opened.value
    other.get_by_label("E-mail").fill(MANAGER)
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("You are signed in")
    other.close()

    with page.expect_response("**/console/token"):
        page.evaluate("window.dispatchEvent(new Event('focus'))")
    drawer.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Petra Patience")


def test_without_scripts_everything_essential_works(club: str, browser: Browser) -> None:
    page = browsing.window(browser, java_script_enabled=False)
    desk = Desk(page, club, scripts=False)
    desk.sign_in()
    desk.go("Customers")
    page.get_by_role("link", name="Add a customer").first.click()
    page.get_by_label("First name").fill("Nora")
    page.get_by_label("Last name").fill("Noscript")
    page.get_by_role("button", name="Add the customer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nora Noscript")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Last name").fill("Plain")
    page.get_by_role("button", name="Save the details").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nora Plain")
    desk.go("Plans")
    page.get_by_role("link", name="Make a plan").click()
    page.get_by_label("Name", exact=True).fill("Plain plan")
    page.get_by_label("Price", exact=True).fill("10")
    page.get_by_role("button", name="Make the plan").click()
    desk.go("Customers")
    page.get_by_label("Find a customer").fill("Plain")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Assign a plan").click()
    page.get_by_label("Plan and price").select_option(label="Plain plan, £10.00 a month")
    page.get_by_role("button", name="Say what will happen").click()
    expect(page.locator(".consequence")).to_contain_text("Nora Plain has Plain plan from today")
    page.get_by_role("button", name="Assign Plain plan").click()
    expect(page.locator("article.membership")).to_contain_text("Active")
    page.locator("article.membership").get_by_text("More").click()
    page.get_by_role("link", name="End now").click()
    page.get_by_role("button", name="End it now").click()
    expect(page.locator("article.membership")).to_contain_text("Expired")
    page.context.close()
