"""Every page of the console that a link leads to, and every drawer: usable without a mouse, at 320 px, in the dark.

The pages are found by following links from the first one, so that a new page is looked at without being named here.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Page, Request, ViewportSize, expect

from tests import axe, browsing
from tests.browsing import DESK
from tests.browsing import NARROW as SMALL
from tests.cli.installation import fresh

pytestmark = pytest.mark.browser

CLUB = "/console/strand-house"
PARTS = ("", "customers", "companies", "memberships", "plans", "settings")  # "" is all the rest
# What differs in the dark and where there is little room; the rest is the same document.
LOOKS = (
    "color-contrast",
    "target-size",
    "link-in-text-block",
    "scrollable-region-focusable",
    "link-name",
    "button-name",
)
_MOST_PAGES = 200
_FOLLOWED = "a[href]:not([download])"


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demo club, served; gives its address."""
    folder = tmp_path_factory.mktemp("demo")
    with fresh(folder) as installation, installation.demo(folder / "demo").served() as server:
        yield server.address


def signed_in(browser: Browser, club: str, size: ViewportSize, scheme: str) -> Page:
    """A window of the demo's owner."""
    page = browsing.window(browser, viewport=size, color_scheme="dark" if scheme == "dark" else "light")
    browsing.sign_in(page, club, "owner@strand-house.example", "come-in-and-stay")
    return page


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link leads. `kind` is the same for pages that differ only in the record they are about."""

    address: str
    kind: str
    drawer: bool

    @property
    def part(self) -> str:
        rest = urlsplit(self.address).path.removeprefix(CLUB).strip("/").split("/")[0]
        return rest if rest in PARTS else ""


def links(page: Page) -> list[Link]:
    """The links of the page that stay in the console, each with the view it leads to."""
    found = page.eval_on_selector_all(
        _FOLLOWED, "all => all.map((each) => [each.href, each.matches('[hx-get][hx-target=\"#drawer\"]')])"
    )
    seen = []
    for href, drawer in found:
        parts = urlsplit(href)
        if not parts.path.startswith(CLUB) or f"{parts.scheme}://{parts.netloc}" not in page.url:
            continue
        try:
            view = resolve(parts.path).view_name
        except Resolver404:
            continue
        asked = ",".join(sorted(parse_qs(parts.query, keep_blank_values=True)))
        seen.append(Link(href.partition("#")[0], f"{view}?{asked}", bool(drawer)))
    return seen


def walk(page: Page, club: str, part: str) -> Iterator[Link]:
    """Open one page of each kind within a part, as links lead there; the window shows each as it is given."""
    first = Link(f"{club}{CLUB}" + (f"/{part}" if part else ""), "first", drawer=False)
    waiting, known = deque([first]), {first.kind}
    for _n in range(_MOST_PAGES):
        if not waiting:
            return
        link = waiting.popleft()
        page.goto(link.address)
        expect(page.locator(".htmx-request, [hx-trigger=load]")).to_have_count(0)
        yield link
        for each in links(page):
            if each.part == part and each.kind not in known:
                known.add(each.kind)
                waiting.append(each)
    raise AssertionError(f"more than {_MOST_PAGES} kinds of pages: is one told from another by a number in its query?")


@pytest.mark.parametrize("part", PARTS)
def test_pages_and_drawers_are_accessible_on_a_desk(browser: Browser, club: str, part: str) -> None:
    page = signed_in(browser, club, DESK, "light")
    wrong: dict[str, list[str]] = {}
    for link in walk(page, club, part):
        if not link.drawer:
            if found := axe.violations(page):
                wrong[link.address] = found
        else:
            page.goto(f"{club}{CLUB}/settings")
            page.evaluate("(at) => htmx.ajax('GET', at, {target: '#drawer', swap: 'innerHTML'})", link.address)
            expect(page.locator("dialog.drawer[open]")).to_be_visible()
            if found := axe.violations(page):
                wrong[f"{link.address} as a drawer"] = found
    page.context.close()
    assert not wrong, told(wrong)


# The same documents in other colours: two parts on every run, the others with `make soak`.
@pytest.mark.parametrize("part", ["", "customers", *(pytest.param(each, marks=pytest.mark.soak) for each in PARTS[2:])])
def test_pages_are_accessible_in_the_dark_and_fit_320_pixels(browser: Browser, club: str, part: str) -> None:
    page = signed_in(browser, club, SMALL, "dark")
    wrong: dict[str, list[str]] = {}
    for link in walk(page, club, part):
        found = axe.violations(page, only=LOOKS)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > SMALL["width"]:
            found.append(f"it is {width} px wide: {widest(page)}")
        if found:
            wrong[link.address] = found
    page.context.close()
    assert not wrong, told(wrong)


def told(wrong: dict[str, list[str]]) -> str:
    """What is wrong where, a line each."""
    return "\n".join(f"{urlsplit(at).path}: {each}" for at, found in wrong.items() for each in found)


def widest(page: Page) -> list[str]:
    """What reaches furthest beyond the window's edge."""
    found: list[str] = page.evaluate(
        """(edge) => [...document.querySelectorAll("body *")]
            .filter((each) => each.getBoundingClientRect().right > edge + 1 && !each.closest(".table-wrap, pre, .tabs"))
            .slice(0, 3).map((each) => each.outerHTML.slice(0, 120))""",
        SMALL["width"],
    )
    return found


def test_the_palette_is_accessible_and_answers_to_the_keyboard(browser: Browser, club: str) -> None:
    page = signed_in(browser, club, DESK, "light")
    page.goto(f"{club}{CLUB}/events")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Find a person, a company, a plan or a page")
    expect(page.locator("#palette")).to_be_visible()
    box.press_sequentially("kest")
    expect(page.locator("#palette [role=option][aria-selected=true]")).to_be_visible()
    assert axe.violations(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_url(f"**{CLUB}/c*/*")
    page.context.close()


def test_the_components_are_accessible_and_read_from_right_to_left(browser: Browser, club: str) -> None:
    page = signed_in(browser, club, SMALL, "light")
    for theme in ("light", "dark"):
        page.goto(f"{club}/console/_components?theme={theme}")
        assert axe.violations(page) == []
    page.goto(f"{club}/console/_components?rtl")
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"], widest(page)
    page.context.close()


@pytest.mark.parametrize("path", ["", "/customers"])
def test_a_first_load_is_light(browser: Browser, club: str, path: str) -> None:
    """At most 160 kB as transferred, compressed, with fonts, in few files. The home page is the heaviest."""
    page = signed_in(browser, club, DESK, "light")
    first = browser.new_context(storage_state=page.context.storage_state(), viewport=DESK, locale="en-GB")
    page.context.close()
    fresh_page, transferred = first.new_page(), dict[str, int]()

    def arrived(request: Request) -> None:
        sizes = request.sizes()
        transferred[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]

    fresh_page.on("requestfinished", arrived)
    fresh_page.goto(f"{club}{CLUB}{path}")
    fresh_page.wait_for_load_state("networkidle")
    first.close()
    assert any(url.endswith(".woff2") for url in transferred)
    assert sum(transferred.values()) <= 160_000, transferred
    assert len(transferred) <= 16, sorted(transferred)
    # The console's own, and the organization's colour: a page waits for each.
    assert len([url for url in transferred if urlsplit(url).path.endswith(".css")]) == 2, sorted(transferred)
