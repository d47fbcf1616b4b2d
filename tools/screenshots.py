"""Pictures of pages, taken of a fresh demo club: `make screenshots`. Those of members: `screenshots_of_members.py`.

Those of the documentation go to `docs/images`. With a folder as argument every page and state goes there instead, light
and dark, on a desk and on a phone, to be looked at.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.debian import chromium
from tests.ports import free_port
from tools.findings import ROOT
from tools.screenshots_of_members import take_of_members

IMAGES = ROOT / "docs" / "images"
_PASSWORD = "come-in-and-stay"
_DESK, _PHONE = (1440, 900), (390, 844)
_CLUB = "/console/strand-house"
Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: where to go, and what to press there. `first` follows the first link that fits, `keys` are pressed and
    `types` typed after that; `waits` is what the picture is of."""

    name: str
    address: str
    first: str = ""
    press: tuple[str, ...] = ()
    keys: str = ""
    types: str = ""
    waits: str = ""
    documented: bool = False


SHOTS = (
    Shot("home", "", documented=True),
    Shot("home-found", "", press=(".home-finder input",), types="ok", waits=".found .hit"),
    Shot("palette", "/plans", keys="Control+k", types="kest", waits="#palette .hit", documented=True),
    Shot("find", "/find?q=ok"),
    Shot("events", "/events", documented=True),
    Shot("events-of-a-kind", "/events?kind=memberships"),
    Shot("events-none", "/events?until=2001-01-01"),
    Shot("memberships", "/memberships", documented=True),
    Shot("memberships-ending", "/memberships?ending=30&renews=no"),
    Shot("approvals", "/memberships/approvals"),
    Shot("customers-filtered", "/customers?membership=active&ending=30"),
    Shot("columns", "/customers", press=("text=Columns",), waits="dialog.drawer[open]"),
    Shot("bulk-assign", "/customers?q=oka", press=("[data-all]", "text=Assign a plan"), waits="dialog.drawer[open]"),
    Shot("note-write", "/customers/CUS-000009", press=("text=Write a note",), waits="dialog.drawer[open]"),
    Shot("photo", "/customers/CUS-000009", press=(".picture-link",), waits="dialog.drawer[open]"),
    Shot("duplicates", "/customers/CUS-000009/merge"),
    Shot("likely", "/customers/duplicates"),
    Shot("likely-phones", "/customers/duplicates?by=phone"),
    Shot("memberships-unpaid", "/memberships?payment=missing"),
    Shot("company-paste", "/companies/COM-000003", press=("text=Link a list",)),
    Shot("matrix", "/plans/matrix", documented=True),
    Shot("permissions", "/plans/permissions"),
    Shot("settings", "/settings"),
    Shot("settings-organization", "/settings/organization"),
    Shot("branding", "/settings/branding", documented=True),
    Shot("policy", "/settings/policy"),
    Shot("staff", "/settings/staff", documented=True),
    Shot("staff-rights", "/settings/staff/rights"),
    Shot("staff-invite", "/settings/staff", press=("text=Invite somebody",), waits="dialog.drawer[open]"),
    Shot("staff-policy", "/settings/staff", press=("text=Change who needs one",), waits="dialog.drawer[open]"),
    Shot("keys", "/settings/keys"),
    Shot("key-new", "/settings/keys/new"),
    Shot("embedding", "/settings/embedding"),
    Shot("injections", "/settings/embedding/recent"),
    Shot("signing-up", "/settings/signup"),
    Shot("question-new", "/settings/signup", press=("text=Ask a question",)),
    Shot("on-your-website", "/plans", first=".plan h2 a", press=("text=On your website",)),
    Shot("imports", "/settings/imports"),
    Shot("import-new", "/settings/imports/new"),
    Shot("exports", "/settings/exports"),
    Shot("export-new", "/customers", press=("text=Export",), waits="dialog.drawer[open]"),
    Shot("danger", "/settings/danger"),
    Shot("given-up", "/settings/jobs"),
    Shot("customers", "/customers", documented=True),
    Shot("customers-found", "/customers?q=oka"),
    Shot("customers-none", "/customers?q=zzzz"),
    Shot("customers-banned", "/customers?status=banned"),
    Shot("customer-new", "/customers", press=("text=Add a customer",), waits="dialog.drawer[open]"),
    Shot(
        "customer-refused",
        "/customers",
        press=("text=Add a customer", "text=Add the customer"),
        waits=".has-error, .problem",
    ),
    Shot("customer", "/customers/CUS-000009", documented=True),
    Shot("customer-inherits", "/companies", first="th .row-link", press=("#found th .row-link",)),
    Shot(
        "assign", "/customers/CUS-000009", press=("text=Assign a plan",), waits="dialog.drawer[open]", documented=True
    ),
    Shot("verbs", "/customers/CUS-000009", press=(".membership summary",)),
    Shot(
        "end-now",
        "/customers/CUS-000009",
        press=(".membership summary", ".menu >> text=End now"),
        waits="dialog.drawer[open]",
        documented=True,
    ),
    Shot(
        "change",
        "/customers/CUS-000009",
        press=(".membership summary", ".menu >> text=Change plan"),
        waits="dialog.drawer[open]",
    ),
    Shot(
        "ban", "/customers/CUS-000009", press=(".page-head summary", ".menu >> text=Ban"), waits="dialog.drawer[open]"
    ),
    Shot("customer-edit", "/customers/CUS-000009", press=("text=Edit",), waits="dialog.drawer[open]"),
    Shot("membership", "/memberships?status=active&holder=customer", first="th .row-link"),
    Shot("membership-inherited", "/companies?q=kestrel&open=1", first=".membership h3 a"),
    Shot(
        "membership-verb",
        "/companies?q=kestrel&open=1",
        first=".membership h3 a",
        press=(".page-head summary", ".menu >> text=Extend"),
        waits="dialog.drawer[open]",
    ),
    Shot("companies", "/companies"),
    Shot("company", "/companies?q=kestrel&open=1", documented=True),
    Shot("unlink", "/companies", first="th .row-link", press=("td >> text=Unlink",), waits="dialog.drawer[open]"),
    Shot("link", "/companies", first="th .row-link", press=("text=Link somebody",), waits="dialog.drawer[open]"),
    Shot("plans", "/plans", documented=True),
    Shot("plans-archived", "/plans?archived=1"),
    Shot("plan", "/plans", first=".plan h2 a"),
    Shot("plan-edit", "/plans", first=".plan h2 a", press=("text=Edit the plan",)),
    Shot("plan-new", "/plans/new"),
    Shot("plan-refused", "/plans/new", press=("text=Make the plan",)),
    Shot("price-new", "/plans", first=".plan h2 a", press=("text=Add a price",), waits="dialog.drawer[open]"),
    Shot("check", "/check"),
    Shot("check-allow", "/check?who=CUS-000009&permission=house", documented=True),
    Shot("check-deny", "/check?who=CUS-000001&permission=gym"),
    Shot("check-refused", "/check?who=zzzz&permission=gym"),
    Shot("webhooks", "/settings/webhooks"),
    Shot("webhook", "/settings/webhooks", first="th .row-link"),
    Shot("webhook-delivery", "/settings/webhooks", first="th .row-link", press=("th .row-link",)),
    Shot("webhook-new", "/settings/webhooks/new"),
    Shot("webhook-new-chosen", "/settings/webhooks/new", press=("text=What is ticked below",)),
    Shot("webhook-refused", "/settings/webhooks/new", press=("text=Add the endpoint",), waits=".has-error"),
    Shot(
        "webhook-test",
        "/settings/webhooks",
        first="th .row-link",
        press=("text=Send a test",),
        waits="dialog.drawer[open]",
    ),
    Shot(
        "webhook-replay",
        "/settings/webhooks",
        first="th .row-link",
        press=(".page-head summary", ".menu >> text=Send again"),
        waits="dialog.drawer[open]",
    ),
    Shot("not-found", "/customers/CUS-999999"),
)


def take(browser: Browser, base: str, folder: Path, *, documented: bool) -> int:
    """Take the pictures into `folder`; return how many there are."""
    schemes: tuple[Scheme, ...] = ("light",) if documented else ("light", "dark")
    taken = 0
    for width, height in (_DESK,) if documented else (_DESK, _PHONE):
        for scheme in schemes:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
                locale="en-GB",
            )
            page = context.new_page()
            suffix = f"-{scheme}" if documented else f"-{width}-{scheme}"
            page.goto(f"{base}/console/signin")
            page.screenshot(path=folder / f"signin{suffix}.png")
            _sign_in(page, base)
            taken += 1
            for shot in SHOTS:
                if documented and not shot.documented:
                    continue
                _show(page, base, shot)
                page.screenshot(path=folder / f"{shot.name}{suffix}.png", full_page=not documented and not shot.press)
                taken += 1
            taken += take_of_members(context, base, folder, suffix=suffix, documented=documented)
            context.close()
    return taken


def _sign_in(page: Page, base: str) -> None:
    page.goto(f"{base}/console/signin")
    page.get_by_label("E-mail").fill("owner@strand-house.example")
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_label("Password").press("Enter")
    page.wait_for_url(lambda address: "/signin" not in address)


def _show(page: Page, base: str, shot: Shot) -> None:
    answer = page.goto(base + _CLUB + shot.address)
    if answer is not None and answer.status == 404 and shot.name != "not-found":
        raise LookupError(f"{shot.name}: there is no page {shot.address}")
    if shot.first:
        _visible(page, shot.first).click()
        page.wait_for_load_state("networkidle")
    elif not shot.press:
        page.wait_for_load_state("networkidle")
    for what in shot.press:
        _visible(page, what).click()
        page.wait_for_load_state("networkidle")
    if shot.keys:
        page.keyboard.press(shot.keys)
    if shot.types:
        page.keyboard.type(shot.types)
    if shot.waits:
        page.locator(shot.waits).first.wait_for()


def _visible(page: Page, what: str) -> Locator:
    """The first that can be seen: menus that are shut have entries of the same words."""
    return page.locator(what).locator("visible=true").first


@contextmanager
def _demo() -> Iterator[str]:
    """Serve a fresh demo on a free port while the block runs; give its address."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="tessera-pictures-") as home:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TESSERA_")}
        environment["PYTHONPATH"] = str(ROOT / "src")
        command = [sys.executable, "-m", "tessera.cli", "demo", "--home", home, "--port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            _wait(f"{base}/livez", server)
            yield base
        finally:
            server.terminate()
            server.wait(30)


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(2400):
        if server.poll() is not None:
            raise SystemExit("the demo did not start")
        try:
            with urlopen(address, timeout=1):
                return
        except (URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("the demo did not answer within four minutes")


def main() -> int:
    """Take the pictures."""
    everything = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    folder = everything or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    with _demo() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium()))
        taken = take(browser, base, folder, documented=everything is None)
        browser.close()
    sys.stdout.write(f"{taken} pictures in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
