"""An owner sets the club up in a real browser: a photo, a logo, a colour, a clock, and two owners at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests import browsing
from tests.axe import violations
from tests.browsing import DESK, NARROW, PHONE, complaints
from tests.cli import clubs
from tests.cli.founding import OWNER
from tests.files import pictures

pytestmark = pytest.mark.browser

CLUB = "/console/strand-house"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served installation with a club for tests and its owner."""
    with clubs.served(tmp_path_factory.mktemp("club"), test=True) as server:
        yield server.address


def signed_in(browser: Browser, address: str, size: ViewportSize = DESK, *, scripts: bool = True) -> Page:
    page = browsing.window(browser, viewport=size, java_script_enabled=scripts, base_url=address)
    browsing.sign_in(page, address, OWNER, scripts=scripts)
    return page


def someone(page: Page, first: str, last: str) -> None:
    page.goto(f"{CLUB}/customers/new")
    page.get_by_label("First name").fill(first)
    page.get_by_label("Last name").fill(last)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name=f"{first} {last}")).to_be_visible()


def is_shown(page: Page, selector: str) -> bool:
    return bool(
        page.eval_on_selector(selector, "async image => { await image.decode(); return image.naturalWidth > 0 }")
    )


def test_long_names_of_plans_and_permissions_stay_inside_their_places(browser: Browser, address: str) -> None:
    page = signed_in(browser, address)
    name = "Donaudampfschifffahrtsgesellschaftskapitänsmitgliedschaft mit allem Drum und Dran"
    page.goto(f"{CLUB}/plans/permissions/new")
    page.get_by_label("Key").fill("pool")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make the permission").click()
    expect(page.get_by_text("Permission made.")).to_be_visible()
    page.goto(f"{CLUB}/plans/new")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Price", exact=True).fill("12,50")
    page.get_by_label(name).check()
    page.get_by_role("button", name="Make the plan").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    paths = [page.url, page.url + "/edit", f"{CLUB}/plans", f"{CLUB}/plans/matrix", f"{CLUB}/plans/permissions"]
    for size in (NARROW, DESK):
        page.set_viewport_size(size)
        for path in paths:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
            broad = page.locator(".plan, .option, .cell").evaluate_all(
                "found => found.filter((each) => each.scrollWidth > each.clientWidth).length"
            )
            assert broad == 0, path
    page.context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_photo_is_uploaded_in_a_drawer_and_seen_in_lists(
    browser: Browser, address: str, size: ViewportSize, tmp_path: Path
) -> None:
    page = signed_in(browser, address, size)
    heard = complaints(page)
    (good := tmp_path / "me.jpg").write_bytes(pictures.from_telephone())
    (bad := tmp_path / "me.png").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    someone(page, "Ada", f"Of {size['width']}")

    page.get_by_role("link", name="Add a photo").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("Picture").set_input_files(bad)
    drawer.get_by_role("button", name="Save the photo").click()
    expect(drawer.get_by_text("It should be JPEG, PNG or WebP.")).to_be_visible()
    assert violations(page) == []
    drawer.get_by_label("Picture").set_input_files(good)
    drawer.get_by_role("button", name="Save the photo").click()

    expect(page.get_by_text("Photo saved.")).to_be_visible()
    assert is_shown(page, ".avatar.is-large img")
    assert violations(page) == []
    page.goto(f"{CLUB}/customers?q=Of+{size['width']}")
    if size is DESK:  # a phone's list has no room for faces
        assert is_shown(page, ".avatar img.is-customer")
    assert heard == []


def test_a_photo_is_uploaded_without_scripts_too(browser: Browser, address: str, tmp_path: Path) -> None:
    page = signed_in(browser, address, scripts=False)
    (good := tmp_path / "me.jpg").write_bytes(pictures.from_telephone())
    someone(page, "Bea", "Without")
    page.get_by_role("link", name="Add a photo").click()
    page.get_by_label("Picture").set_input_files(good)
    page.get_by_role("button", name="Save the photo").click()
    expect(page.get_by_role("heading", name="Bea Without")).to_be_visible()
    expect(page.locator(".avatar.is-large img")).to_have_count(1)
    page.get_by_role("link", name="Change the photo").click()
    page.get_by_role("button", name="Remove the photo").click()
    expect(page.get_by_role("link", name="Add a photo")).to_be_visible()


def test_a_colour_is_tried_out_before_it_is_saved(browser: Browser, address: str) -> None:
    page = signed_in(browser, address)
    heard = complaints(page)
    page.goto(f"{CLUB}/settings/branding")
    page.get_by_label("Accent colour").fill("#ffe066")
    expect(page.get_by_text("#ffe066 reads at 1.2 to 1, which is too little")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Save the colour").click()
    expect(page.get_by_text("Colour saved.")).to_be_visible()
    assert violations(page) == []  # a bad colour makes nothing unreadable
    assert heard == []


def test_the_clock_is_moved_and_the_page_follows_it(browser: Browser, address: str) -> None:
    page = signed_in(browser, address)
    page.goto(f"{CLUB}/settings/clock")
    page.get_by_label("By a week").check()
    page.get_by_role("button", name="Move the clock").click()
    expect(page.locator(".clock-face .now")).to_contain_text("17 Jan")
    expect(page.get_by_role("button", name="Move the clock")).to_be_visible()


def test_two_owners_who_save_at_once_see_both_versions(browser: Browser, address: str) -> None:
    one, other = signed_in(browser, address), signed_in(browser, address, PHONE)
    for page in (one, other):
        page.goto(f"{CLUB}/settings/organization")
    one.get_by_label("Name", exact=True).fill("Strand Rooms")
    one.get_by_role("button", name="Save the organization").click()
    expect(one.get_by_text("Saved.", exact=True)).to_be_visible()

    other.get_by_label("Name", exact=True).fill("The Strand")
    other.get_by_role("button", name="Save the organization").click()

    expect(other.get_by_text("Both versions are shown; nothing is saved yet.")).to_be_visible()
    expect(other.get_by_text("Strand Rooms").first).to_be_visible()
    assert violations(other) == []
    other.get_by_role("button", name="Save the organization").click()
    expect(other.get_by_text("Saved.", exact=True)).to_be_visible()
    one.reload()
    expect(one.get_by_label("Name", exact=True)).to_have_value("The Strand")


# On a desk in the light they are looked at by the walk over all pages; the rest of what differs, with `make soak`.
@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(NARROW, "dark", id="narrow, dark"),
        *(
            pytest.param(size, "light", id=f"{size['width']}, light", marks=pytest.mark.soak)
            for size in (PHONE, NARROW)
        ),
        *(pytest.param(size, "dark", id=f"{size['width']}, dark", marks=pytest.mark.soak) for size in (DESK, PHONE)),
    ],
)
def test_every_page_of_the_settings_can_be_used_by_everybody(
    browser: Browser, address: str, size: ViewportSize, scheme: str
) -> None:
    page = signed_in(browser, address, size)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    heard = complaints(page)
    for path in (
        "organization", "branding", "branding/logo", "policy", "keys", "keys/new", "embedding", "embedding/new",
        "clock", "danger", "danger/address", "danger/keys", "danger/sign-out", "danger/delete",
    ):  # fmt: skip
        page.goto(f"{CLUB}/settings/{path}")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is too wide"
    page.goto(f"{CLUB}/settings/keys/new")
    page.get_by_role("button", name="Make the key").click()
    assert violations(page) == []
    page.get_by_label("Name", exact=True).fill(f"Website {size['width']} {scheme}")
    page.locator('input[value="customers:read"]').check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_text("Copy it now: it is not shown again.")).to_be_visible()
    assert violations(page) == []
    page.goto(f"{CLUB}/settings/keys")
    assert violations(page) == []
    assert heard == []
