"""A manager brings the members of another system and takes a list along, in a real browser, with a real worker."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import axe, browsing
from tests.cli import clubs
from tests.cli.founding import MANAGER

pytestmark = pytest.mark.browser

FILE = (
    "Mitgliedsnr;Vorname;Familie;E-Mail;Geburtsdatum\n"
    "M-7;Ada;Lovelace;ada@example.org;10.12.1985\n"
    "M-8;Zoë;Østby;zoe@example.org;\n"
    "M-9;Bo;Li;nobody;\n"
)


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served installation, its worker with it, with an empty club and its staff; gives its address."""
    with clubs.served(tmp_path_factory.mktemp("club")) as server:
        yield server.address


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def page(club: str, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window in which the manager has signed in; nothing in it may complain."""
    found = browsing.window(browser, java_script_enabled=request.param)
    complaints = browsing.complaints(found, expected=())
    browsing.sign_in(found, club, MANAGER, scripts=request.param)
    found.get_by_role("navigation", name="Console").get_by_role("link", name="Settings").click()
    yield found
    found.context.close()
    assert complaints == []


@pytest.fixture
def scripts(request: pytest.FixtureRequest) -> bool:
    return "no scripts" not in request.node.name


def usable(page: Page, scripts: bool) -> None:
    """Axe finds nothing; it is a script, so only where there are some."""
    if scripts:
        assert axe.violations(page) == []


def until(page: Page, scripts: bool, text: str) -> None:
    """With scripts the page goes on by itself; without, by being looked at again."""
    again, said = page.get_by_role("link", name="Look again"), page.get_by_text(text).first
    for _ in range(0 if scripts else 60):
        expect(said.or_(again).first).to_be_visible()  # what was clicked before has led somewhere
        if said.is_visible():
            break
        page.wait_for_timeout(200)
        with page.expect_navigation():
            again.click()
    expect(page.get_by_text(text).first).to_be_visible()


def test_a_manager_brings_members_and_mends_what_was_left_out(page: Page, scripts: bool, tmp_path: Path) -> None:
    mark = "scripts" if scripts else "none"
    file = tmp_path / "members.csv"
    file.write_text(FILE.replace("M-", f"{mark}-"), encoding="cp1252")
    page.get_by_role("navigation", name="Settings").or_(page.locator("main")).get_by_role(
        "link", name="Imports"
    ).first.click()
    page.get_by_role("link", name="Import").last.click()
    usable(page, scripts)
    page.get_by_label("a customer", exact=True).check()
    page.get_by_label("File").set_input_files(file)
    page.get_by_role("button", name="Bring the file").click()

    expect(page.get_by_role("heading", name="Which column is what")).to_be_visible()
    expect(page.get_by_label("Column for Last name")).to_have_value("2" if not scripts else "")
    page.get_by_label("Column for Last name").select_option(label="Familie")
    expect(page.get_by_label("Column for Birthday")).to_have_value("4")
    expect(page.get_by_label("31/03/2026, 31.03.2026")).to_be_checked()
    usable(page, scripts)
    page.get_by_role("button", name="Check the rows").click()

    until(page, scripts, "What would happen")
    expect(page.locator("main")).to_contain_text("2 rows are written")
    usable(page, scripts)
    page.get_by_role("button", name="Import 2 rows").click()
    until(page, scripts, "What happened")
    usable(page, scripts)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download these rows").click()
    left_out = Path(download.value.path()).read_text(encoding="utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(left_out), delimiter=";")
    assert (row["Vorname"], row["line"], row["code"]) == ("Bo", "4", "email_invalid")

    mended = tmp_path / "mended.csv"
    mended.write_text(left_out.replace("nobody", f"bo.{mark}@example.org"), encoding="utf-8")
    page.get_by_role("link", name="Imports").first.click()
    page.get_by_role("link", name="Import a file").click()
    page.get_by_label("File").set_input_files(mended)
    page.get_by_role("button", name="Bring the file").click()
    expect(page.get_by_label("Column for Last name")).to_have_value("2")  # as it was said last time
    page.get_by_role("button", name="Check the rows").click()
    until(page, scripts, "What would happen")
    page.get_by_role("button", name="Import 1 row").click()
    until(page, scripts, "No row was left out.")


def test_a_manager_takes_a_list_along(page: Page, scripts: bool) -> None:
    page.get_by_role("link", name="Exports").first.click()
    page.locator("main").get_by_role("link", name="Plans").last.click()
    usable(page, scripts)
    page.get_by_label("A program").check()
    page.get_by_role("button", name="Write the file").click()
    until(page, scripts, "The file can be downloaded until")
    usable(page, scripts)
    for _ in range(2):  # a second time, too: the page stays
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the file").click()
        assert Path(download.value.path()).read_text(encoding="utf-8").startswith('"plan_id","name"')
