"""Pictures of what members see: the club's own website, joining in its frame and without, the portal."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, FrameLocator, Page

_CLUB: Final = "strand-house"
_FREE: Final = "Friends of Strand House"
_ATTEMPTS: Final = 120
DOCUMENTED: Final = frozenset({"website", "join-review", "portal"})


Picture = Callable[[str], None]


def take_of_members(context: BrowserContext, base: str, folder: Path, *, suffix: str, documented: bool) -> int:
    """Take the pictures into `folder`, with a person who is new; return how many there are.

    `base` is where Tessera answers; the demo's website does on `localhost`, at the next port.
    """
    page = context.new_page()
    parts = urlsplit(base)
    site = f"http://localhost:{(parts.port or 80) + 1}"
    address = f"zoe{suffix}@visitor.example"
    taken: list[str] = []

    def picture(name: str) -> None:
        if documented and name not in DOCUMENTED:
            return
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"{name}{suffix}.png")
        taken.append(name)

    page.goto(site)
    picture("website")
    page.goto(f"{site}/join")
    code = _join(page, base, address, picture)
    page.goto(f"{base}/join/{_CLUB}")
    picture("join-hosted")
    _portal(page, base, address, picture, but=code)
    return len(taken)


def _join(page: Page, base: str, address: str, picture: Picture) -> str:
    """Join in the frame; return the code that it took."""
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name=_FREE).wait_for()
    picture("join-chooser")
    frame.get_by_role("link", name=_FREE).click()
    _ask_for_code(frame, address)
    picture("join-code")
    code = _code(page.context, base, address)
    frame.get_by_label("The code").fill(code)
    frame.get_by_role("button", name="Go on").click()
    frame.get_by_label("First name").fill("Zoë")
    frame.get_by_label("Last name").fill("Ångström")
    picture("join-details")
    frame.get_by_role("button", name="Go on").click()
    frame.get_by_role("button", name="Join").wait_for()
    picture("join-review")
    frame.get_by_role("button", name="Join").click()
    frame.get_by_role("heading", name="Welcome, Zoë").wait_for()
    picture("join-done")
    return code


def _portal(page: Page, base: str, address: str, picture: Picture, *, but: str) -> None:
    page.goto(f"{base}/portal/{_CLUB}")
    _ask_for_code(page, address)
    page.get_by_label("The code").fill(_code(page.context, base, address, but=but))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Zoë Ångström").wait_for()
    picture("portal")
    page.get_by_role("link", name=_FREE).click()
    picture("portal-membership")
    page.get_by_role("link", name="Leave").click()
    picture("portal-leave")
    for name in ("details", "sessions", "data"):
        page.goto(f"{base}/portal/{_CLUB}/{name}")
        picture(f"portal-{name}")


def _ask_for_code(where: Page | FrameLocator, address: str) -> None:
    where.get_by_label("Your e-mail address").fill(address)
    where.get_by_role("button", name="Go on").click()
    where.get_by_label("The code").wait_for()


def _code(context: BrowserContext, base: str, address: str, *, but: str = "") -> str:
    """The newest code that was mailed to the address, once it is there; one before it was `but`."""
    seen = context.new_page()
    try:
        for _ in range(_ATTEMPTS):
            seen.goto(f"{base}/mailbox/")
            row = seen.locator("tr, li", has_text=address).filter(has_text=re.compile(r"\d{6} is your code"))
            found = re.search(r"\d{6}", row.first.inner_text()) if row.count() else None
            if found is not None and found[0] != but:
                return found[0]
            time.sleep(0.25)
        raise SystemExit(f"no code was mailed to {address}")
    finally:
        seen.close()
