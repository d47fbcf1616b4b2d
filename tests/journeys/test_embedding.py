"""Joining on the club's own site, in a real browser: other origins, cookies refused, tokens, keyboards, phones."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, FrameLocator, Page, Playwright, expect, sync_playwright

from tests.axe import violations
from tests.journeys.embedding import CLUB, EVIL, HEARD, WITHIN, Club, club
from tests.journeys.websites import OURS

__all__ = ["club"]  # a fixture

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=WITHIN)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(club: Club, chromium: Path, playwright: Playwright) -> Iterator[Browser]:
    """A browser that keeps third-party cookies apart, as most do by now."""
    launched = playwright.chromium.launch(
        executable_path=str(chromium),
        args=[f"--host-resolver-rules={club.sites.mapping()}", "--test-third-party-cookie-phaseout"],
    )
    yield launched
    launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(ignore_https_errors=True, locale="en-GB", reduced_motion="reduce")
    yield made
    made.close()


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(WITHIN)
    page.goto(address)
    return page


def inside(page: Page) -> Frame:
    (found,) = [each for each in page.frames if each.url.startswith(f"https://{OURS}/embed/")]
    return found


def frame_of(page: Page) -> FrameLocator:
    return page.frame_locator(".tessera-membership iframe")


def heard(page: Page, kind: str) -> list[Any]:
    found: list[Any] = page.evaluate(
        "(kind) => window.heard.filter(([type]) => type === kind).map(([, told]) => told)", kind
    )
    return found


def wait_to_hear(page: Page, kind: str) -> Any:
    page.wait_for_function("(kind) => window.heard.some(([type]) => type === kind)", arg=kind)
    return heard(page, kind)[-1]


def join_by_code(club: Club, page: Page, address: str, first: str, last: str) -> FrameLocator:
    frame = frame_of(page)
    frame.get_by_label("Your e-mail address").fill(address)
    frame.get_by_role("button", name="Go on").click()
    frame.locator("input[name=code]").fill(club.code(address))
    frame.locator("[data-step=code] form:has(input[name=code]) button[type=submit]").first.click()
    frame.get_by_label("First name").fill(first)
    frame.get_by_label("Last name").fill(last)
    frame.locator("[data-step=details] form.step button[type=submit]").click()
    frame.get_by_role("button", name="Join", exact=True).click()
    return frame


def test_a_stranger_joins_by_code_where_cookies_of_others_are_kept_apart(club: Club, context: BrowserContext) -> None:
    page = opened(context, club.page(CLUB))
    frame = join_by_code(club, page, "wren@stranger.example", "Wren", "Calloway")
    expect(frame.get_by_role("heading", name="Welcome, Wren")).to_be_visible()
    done = wait_to_hear(page, "completed")
    assert (done["status"], done["membership_id"][:4]) == ("active", "mem_")
    assert [told["name"] for told in heard(page, "step")] == ["address", "code", "details", "review", "done"]
    cookies = [each for each in context.cookies() if "session" in each["name"]]
    assert [(each["name"][:22], each["secure"], each["sameSite"]) for each in cookies] == [
        ("__Host-tessera-embed-s", True, "None")
    ]
    assert cookies[0].get("partitionKey") == f"https://{CLUB}"
    # Loaded anew, it knows who it is, by a cookie of this site alone: on another site it does not.
    page.reload()
    expect(frame_of(page).get_by_role("heading", name="Welcome, Wren")).to_be_visible()
    other = opened(context, club.page("other.example"))
    expect(frame_of(other).get_by_label("Your e-mail address")).to_be_visible()
    # Nor is the frame's session anything at home.
    home = opened(context, f"https://{OURS}/join/strand-house/{club.plan}")
    expect(home.get_by_label("Your e-mail address")).to_be_visible()


def test_where_no_cookie_comes_back_the_page_carries_the_session(
    club: Club, chromium: Path, playwright: Playwright, tmp_path: Path
) -> None:
    (tmp_path / "Default").mkdir()
    refuse_all = {"profile": {"default_content_setting_values": {"cookies": 2}, "block_third_party_cookies": True}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(refuse_all))
    context = playwright.chromium.launch_persistent_context(
        tmp_path, executable_path=str(chromium), ignore_https_errors=True, locale="en-GB",
        args=[f"--host-resolver-rules={club.sites.mapping()}"],
    )  # fmt: skip
    try:
        page = opened(context, club.page(CLUB))
        frame = join_by_code(club, page, "cleo@stranger.example", "Cleo", "Marchetti")
        expect(frame.get_by_role("heading", name="Welcome, Cleo")).to_be_visible()
        assert context.cookies() == []
    finally:
        context.close()


def test_a_site_that_is_not_allowed_cannot_frame_and_its_visitors_keep_the_link(
    club: Club, context: BrowserContext
) -> None:
    address = club.page(EVIL)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(address)
    told = wait_to_hear(page, "error")
    assert told["code"] == "no_answer"
    assert f"https://{EVIL}" in told["detail"]
    assert any("frame-ancestors" in text for text in said)
    assert heard(page, "ready") == []
    expect(page.get_by_role("link", name="Join")).to_be_visible()
    # A bare frame, and the self-test, are as closed to it.
    bare = f'<iframe src="https://{OURS}/embed/strand-house/{club.plan}"></iframe>'
    club.sites.pages[EVIL]["/bare"] = bare + f'<iframe src="https://{OURS}/embed/strand-house/check"></iframe>'
    said.clear()
    page.goto(f"https://{EVIL}/bare")
    page.wait_for_timeout(500)
    assert sum("frame-ancestors" in text for text in said) == 2


def test_nor_by_putting_an_allowed_page_into_a_page_of_its_own(club: Club, context: BrowserContext) -> None:
    club.sites.pages[EVIL]["/around"] = f'<iframe src="{club.page(CLUB)}" width="600" height="600"></iframe>'
    page = opened(context, f"https://{EVIL}/around")
    (allowed,) = [each for each in page.frames if each.url == f"https://{CLUB}/join"]
    allowed.wait_for_function("window.heard.some(([type]) => type === 'error')")
    assert allowed.evaluate("window.heard.filter(([type]) => type === 'ready').length") == 0


def test_whom_the_site_knows_joins_with_one_click_and_a_token_is_good_once(club: Club, context: BrowserContext) -> None:
    page = opened(context, club.page(CLUB))
    nonce = wait_to_hear(page, "ready")["nonce"]
    token = club.token(nonce)
    page.evaluate("(token) => Tessera.mount('.tessera-membership').authenticate(token)", token)
    frame = frame_of(page)
    frame.get_by_role("button", name="Join", exact=True).dblclick()
    expect(frame.get_by_role("heading", name="Welcome, Ines")).to_be_visible()
    assert wait_to_hear(page, "completed")["status"] == "active"
    assert heard(page, "error") == []
    context.clear_cookies()

    # Copied out of the page and used again in another frame: that frame has another nonce.
    again = opened(context, club.page(CLUB))
    wait_to_hear(again, "ready")
    again.evaluate("(token) => Tessera.mount('.tessera-membership').authenticate(token)", token)
    assert wait_to_hear(again, "error")["code"] == "nonce_wrong"
    expect(frame_of(again).get_by_label("Your e-mail address")).to_be_visible()


def test_a_replayed_token_is_refused_and_the_code_by_mail_is_still_there(club: Club, context: BrowserContext) -> None:
    page = opened(context, club.page(CLUB))
    token = club.token(wait_to_hear(page, "ready")["nonce"], sub="18", email="ilse@member.example")
    # Whoever could copy a token right out of the frame, with all that the frame knows, is late by one use.
    post = """(token) => fetch(location.pathname, { method: "POST", body: new URLSearchParams({
      token, origin: "https://club.example", flow: document.querySelector("input[name=flow]").value }) })
      .then(async (answer) => (answer.ok ? "taken" : (await answer.json()).code))"""
    assert inside(page).evaluate(post, token) == "taken"
    context.clear_cookies()
    assert inside(page).evaluate(post, token) == "token_replayed"
    page.evaluate("(token) => Tessera.mount('.tessera-membership').authenticate(token)", token)
    assert wait_to_hear(page, "error")["code"] == "token_replayed"
    frame = frame_of(page)
    frame.get_by_label("Your e-mail address").fill("ilse@member.example")
    frame.get_by_role("button", name="Go on").click()
    expect(frame.locator("input[name=code]")).to_be_visible()


def test_a_token_that_is_refused_takes_nothing_from_whoever_is_typing(club: Club, context: BrowserContext) -> None:
    page = opened(context, club.page(CLUB))
    nonce = wait_to_hear(page, "ready")["nonce"]
    frame = frame_of(page)
    frame.get_by_label("Your e-mail address").fill("typed@member.example")
    page.evaluate(
        "(token) => Tessera.mount('.tessera-membership').authenticate(token)", club.token(nonce)[:-8] + "AAAAAAAA"
    )
    assert wait_to_hear(page, "error")["code"] == "signature_wrong"
    expect(frame.get_by_label("Your e-mail address")).to_have_value("typed@member.example")
    # One is taken in a frame, and only before somebody is signed in: another is not even sent.
    page.evaluate("(token) => Tessera.mount('.tessera-membership').authenticate(token)", club.token(nonce))
    page.wait_for_timeout(400)
    assert len(heard(page, "error")) == 1
    frame.get_by_role("button", name="Go on").click()
    expect(frame.locator("input[name=code]")).to_be_visible()


def test_the_frame_listens_to_its_parent_alone(club: Club, context: BrowserContext) -> None:
    page = opened(context, club.page(CLUB))
    nonce = wait_to_hear(page, "ready")["nonce"]
    token = club.token(nonce, sub="19", email="")
    # A sibling on an allowed page: the right origin, and not the parent.
    page.evaluate(
        """([token, host]) => {
          const other = document.createElement("iframe");
          other.srcdoc = `<script>parent.document.querySelector(".tessera-membership iframe").contentWindow
            .postMessage({tessera: 1, type: "authenticate", token: "${token}"}, "https://${host}")</scr` + "ipt>";
          document.body.append(other);
        }""",
        [token, OURS],
    )
    page.wait_for_timeout(500)
    expect(frame_of(page).get_by_label("Your e-mail address")).to_be_visible()
    assert [told["name"] for told in heard(page, "step")] == ["address"]
    # And the page does not listen to others, whatever they call themselves.
    page.evaluate("postMessage({tessera: 1, type: 'completed', membership_id: 'mem_1', status: 'active'}, '*')")
    page.wait_for_timeout(100)
    assert heard(page, "completed") == []


def test_the_frame_looks_like_its_host_and_is_filled_in(club: Club, context: BrowserContext) -> None:
    theme = json.dumps(
        {"accent": "#ffe14d", "background": "#fffdf5", "text": "#222222", "radius": "0", "font": "Georgia, serif"}
    )
    page = opened(
        context,
        club.page(
            CLUB,
            attributes=f"data-theme='{theme}' data-email='ada@member.example' data-locale='de' data-closable"
            " data-title='Mitglied'",
        ),
    )
    frame = frame_of(page)
    button = frame.locator("form.step button[type=submit]")
    expect(button).to_have_css("background-color", "rgb(255, 225, 77)")
    expect(button).to_have_css("color", "rgb(21, 24, 31)")  # white could not be read on it
    expect(button).to_have_css("border-radius", "0px")
    expect(frame.locator("body")).to_have_css("background-color", "rgb(255, 253, 245)")
    expect(frame.locator("html")).to_have_attribute("lang", "de")
    expect(frame.locator("input[type=email]")).to_have_value("ada@member.example")
    expect(page.locator("iframe")).to_have_attribute("title", "Mitglied")
    height = page.locator("iframe").evaluate("(frame) => [frame.offsetHeight, frame.scrolling]")
    assert height[0] == wait_to_hear(page, "resize")["height"]
    # Text that is no theme is left alone, and said; what is right beside it counts.
    page.evaluate(
        "Tessera.mount('.tessera-membership').theme({ accent: 'red;} body{display:none', radius: '12px', evil: 'x' })"
    )
    expect(button).to_have_css("border-radius", "12px")
    expect(button).to_have_css("background-color", "rgb(255, 225, 77)")
    assert "accent" in wait_to_hear(page, "error")["detail"]
    # A dialog of the host's is closed from within.
    frame.get_by_role("button", name="Schließen").click()
    assert wait_to_hear(page, "close") == {}
    # Taken away, the link is back.
    page.evaluate("Tessera.mount('.tessera-membership').destroy()")
    expect(page.get_by_role("link", name="Join")).to_be_visible()


def test_dark_pages_have_a_dark_frame_and_light_ones_a_light_one(club: Club, browser: Browser) -> None:
    context = browser.new_context(ignore_https_errors=True, color_scheme="dark", locale="en-GB")
    try:
        page = opened(context, club.page(CLUB))
        wait_to_hear(page, "ready")
        expect(frame_of(page).locator("html")).to_have_attribute("data-scheme", "light")
        page.goto(club.page(CLUB, style="color-scheme: light dark", attributes="data-theme='background: #101418'"))
        expect(frame_of(page).locator("html")).to_have_attribute("data-scheme", "dark")
        assert violations(inside(page)) == []
    finally:
        context.close()


def test_with_the_keyboard_alone_on_a_phone(club: Club, browser: Browser) -> None:
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, locale="en-GB"
    )
    try:
        page = opened(context, club.page(CLUB))
        wait_to_hear(page, "ready")
        assert violations(inside(page)) == []
        page.keyboard.press("Tab")
        page.keyboard.type("keys@stranger.example")
        page.keyboard.press("Enter")
        frame = frame_of(page)
        expect(frame.locator("[data-step=code]")).to_be_visible()
        page.keyboard.press("Tab")
        assert violations(inside(page)) == []
        assert inside(page).evaluate("document.documentElement.scrollWidth <= innerWidth")
        frame.locator("input[name=code]").focus()
        page.keyboard.type(club.code("keys@stranger.example"))
        page.keyboard.press("Enter")
        expect(frame.locator("[data-step=details]")).to_be_visible()
        assert inside(page).evaluate("document.activeElement.closest('[data-flow]') !== null")
        assert violations(inside(page)) == []
    finally:
        context.close()


def test_a_policy_of_the_page_that_is_in_the_way_is_named(club: Club, context: BrowserContext) -> None:
    address = club.page("other.example")
    club.sites.policies["other.example"] = f"frame-src 'self'; script-src https://{OURS} 'unsafe-inline'"
    try:
        page = opened(context, address)
        assert wait_to_hear(page, "error")["code"] == "blocked_by_policy"
        expect(page.get_by_role("link", name="Join")).to_be_visible()
    finally:
        del club.sites.policies["other.example"]


def test_loaded_twice_and_on_two_places_each_has_its_own_frame(club: Club, context: BrowserContext) -> None:
    snippet = f"""<div class="tessera-membership"><a href="#">Join</a></div>
      <script src="https://{OURS}/embed/v1.js" data-organization="strand-house" data-plan="{club.plan}"></script>"""
    club.sites.pages[CLUB]["/two"] = f"<!DOCTYPE html><html><body>{HEARD}{snippet}<p>And</p>{snippet}</body></html>"
    page = opened(context, f"https://{CLUB}/two")
    page.wait_for_function("window.heard.filter(([type]) => type === 'ready').length === 2")
    assert len({told["nonce"] for told in heard(page, "ready")}) == 2
    assert page.locator(".tessera-membership").evaluate_all(
        "(all) => all.map((each) => each.querySelectorAll('iframe').length)"
    ) == [1, 1]


def test_without_scripts_the_link_and_a_bare_frame_still_lead_there(club: Club, browser: Browser) -> None:
    context = browser.new_context(ignore_https_errors=True, java_script_enabled=False, locale="en-GB")
    try:
        page = opened(context, club.page(CLUB))
        page.get_by_role("link", name="Join").click()
        expect(page.get_by_label("Your e-mail address")).to_be_visible()
        club.sites.pages[CLUB]["/bare"] = f'<iframe src="https://{OURS}/embed/strand-house/{club.plan}"></iframe>'
        page.goto(f"https://{CLUB}/bare")
        frame = page.frame_locator("iframe")
        frame.get_by_label("Your e-mail address").fill("plain@stranger.example")
        frame.get_by_role("button", name="Go on").click()
        frame.locator("input[name=code]").fill(club.code("plain@stranger.example"))
        frame.locator("form:has(input[name=code]) button[type=submit]").first.click()
        expect(frame.get_by_label("First name")).to_be_visible()
    finally:
        context.close()


def test_a_lost_connection_loses_nothing_and_is_tried_again(club: Club, context: BrowserContext) -> None:
    page = opened(context, club.page(CLUB))
    wait_to_hear(page, "ready")
    frame = frame_of(page)
    frame.get_by_label("Your e-mail address").fill("lost@stranger.example")
    context.set_offline(True)
    frame.get_by_role("button", name="Go on").click()
    expect(frame.get_by_text("The connection was lost")).to_be_visible()
    expect(frame.get_by_label("Your e-mail address")).to_have_value("lost@stranger.example")
    context.set_offline(False)
    frame.get_by_role("button", name="Try again").click()
    expect(frame.locator("input[name=code]")).to_be_visible()
    expect(frame.get_by_text("The connection was lost")).to_be_hidden()


def test_the_self_test_says_what_is_well_and_judges_a_token(club: Club, context: BrowserContext) -> None:
    club.sites.pages[CLUB]["/check"] = f"""<!DOCTYPE html><html><body>{HEARD}<div class="tessera-membership"></div>
      <script src="https://{OURS}/embed/v1.js" data-organization="strand-house" data-plan="check" async></script>"""
    page = opened(context, f"https://{CLUB}/check")
    frame = frame_of(page)
    for name in ("framed", "origin", "sandbox", "secure", "loader", "cookies"):
        expect(frame.locator(f"[data-check={name}]")).to_have_class("is-good")
    nonce = wait_to_hear(page, "ready")["nonce"]
    frame.get_by_label("Paste one").fill(club.token(nonce, aud="somebody else"))
    frame.get_by_role("button", name="Judge it").click()
    expect(frame.get_by_role("heading", name="Refused: audience_wrong")).to_be_visible()
    frame.get_by_label("Paste one").fill(club.token(nonce, sub="self-test"))
    frame.get_by_role("button", name="Judge it").click()
    expect(frame.get_by_role("heading", name="It passes every check.")).to_be_visible()
    expect(frame.locator("[data-check=cookies]")).to_have_class("is-good")
    assert violations(inside(page)) == []
