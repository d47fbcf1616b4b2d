"""Who may frame what, and what a frame is told: nothing by a page that is not ours."""

import time
from collections.abc import Iterable, Iterator
from http.cookies import SimpleCookie

import pytest
from django.core import signing
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events.models import Event
from tessera.identity.models import CodeAttempt
from tessera.identity.types import Surface
from tessera.memberships.models import Membership
from tessera.organizations.models import Organization
from tessera.plans.models import Plan
from tessera.signup import tokens
from tests import make
from tests.signup.joiner import HOME, Joiner

pytestmark = pytest.mark.django_db
SITE = "https://club.example"


def ancestors(policy: str) -> str:
    return next(each for each in policy.split("; ") if each.startswith("frame-ancestors")).removeprefix(
        "frame-ancestors "
    )


def routes(patterns: Iterable[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    for each in patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        else:
            yield route


def filled(route: str, club: Organization, plan: Plan) -> str:
    ref = ids.to_text(Prefix.PLAN, plan.pk)
    return route.replace("<slug:slug>", club.slug).replace("<str:ref>", ref)


PAGES = [each for each in routes(get_resolver().url_patterns) if each.startswith("/embed/<slug")]
FRAMED = [each for each in PAGES if not each.endswith((".json", ".css"))]


@pytest.mark.parametrize("route", FRAMED)
@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        ([], "'none'"),
        ([SITE], SITE),
        ([SITE, "https://www.club.example:8443", "http://localhost:3000"], f"{SITE} https://www.club.example:8443 http://localhost:3000"),
    ],
)  # fmt: skip
def test_pages_below_embed_are_framed_by_the_allowed_origins_exactly(
    club: Organization, route: str, origins: list[str], allowed: str
) -> None:
    club.allowed_origins = origins
    club.save()
    answer = Client().get(filled(route, club, make.plan(club)))

    assert answer.status_code == 200
    assert ancestors(answer["Content-Security-Policy"]) == allowed
    assert ("X-Frame-Options" in answer) == (not origins)


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/join/{slug}", "/join/{slug}/{plan}", "/join/{slug}/terms", "/console/signin", "/nothing",
             "/embed/nobody", "/embed/nobody/{plan}", "/api/v1/plans", "/embed/{slug}/plans.json"],
)  # fmt: skip
def test_everything_else_is_framed_by_nobody(club: Organization, path: str) -> None:
    make.signup_settings(club, terms="Be kind.")
    plan = ids.to_text(Prefix.PLAN, make.plan(club).pk)
    answer = Client().get(path.format(slug=club.slug, plan=plan))

    assert ancestors(answer["Content-Security-Policy"]) == "'none'"
    assert answer["X-Frame-Options"] == "DENY"


def test_what_is_refused_in_a_frame_is_framed_by_no_other_site(club: Organization) -> None:
    ada = Joiner(club, make.plan(club), framed=True)
    ada.open()
    page = ada.post(ada.page.form(do="address"), Origin="https://evil.example")

    assert (page.status, ancestors(page.headers["Content-Security-Policy"])) == (403, SITE)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},  # not sent
        {"Origin": SITE},  # allowed to frame, not to send
        {"Origin": f"{HOME}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_what_no_page_of_ours_sent_does_nothing(club: Organization, headers: dict[str, str]) -> None:
    ada = Joiner(club, make.plan(club, amount=0), framed=True)
    ada.sign_in()
    ada.send("details", first_name="Ada", last_name="Okonkwo")
    before = Event.objects.count()
    page = ada.post(ada.page.form(do="join"), **headers)

    assert page.status == 403
    assert (Membership.objects.count(), Event.objects.count()) == (0, before)


def test_an_old_browser_that_does_not_say_where_from_is_let_in_by_its_origin(club: Organization) -> None:
    ada = Joiner(club, make.plan(club, amount=0), framed=True)
    ada.open()
    told = {**ada.page.form(do="address"), "address": ada.address}
    assert ada.post(told, **{"Sec-Fetch-Site": ""}).step == "code"


@pytest.mark.parametrize("whose", ["", "rubbish", "x" * 1_000_000, "other club", "other surface", "other salt"])
def test_without_a_flow_token_of_this_frame_nothing_is_done(club: Organization, whose: str) -> None:
    flow, other = tokens.fresh(), make.organization()
    token = {
        "other club": tokens.signed(flow, organization_id=other.pk, surface=Surface.EMBED),
        "other surface": tokens.signed(flow, organization_id=club.pk, surface=Surface.PORTAL),
        "other salt": signing.dumps([club.pk.hex, "embed", {"nonce": "n"}], salt="else"),
    }.get(whose, whose)
    ada = Joiner(club, make.plan(club), framed=True)
    page = ada.post({"do": "address", "address": ada.address, "flow": token})

    assert page.status in (400, 409, 413)
    assert not CodeAttempt.objects.exists()


def test_a_flow_token_is_good_for_four_hours(club: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    text = tokens.signed(tokens.fresh(), organization_id=club.pk, surface=Surface.EMBED)
    really = time.time
    monkeypatch.setattr(time, "time", lambda: really() + tokens.LIFE_SECONDS - 60)
    assert tokens.read(text, organization_id=club.pk, surface=Surface.EMBED) is not None
    monkeypatch.setattr(time, "time", lambda: really() + tokens.LIFE_SECONDS + 60)
    assert tokens.read(text, organization_id=club.pk, surface=Surface.EMBED) is None


def test_a_code_counts_in_the_browser_that_asked_for_it_only(club: Organization) -> None:
    plan = make.plan(club, amount=0)
    ada, eve = Joiner(club, plan, framed=True), Joiner(club, plan, framed=True)
    ada.open()
    ada.send("address", address=ada.address)
    eve.open()
    eve.send("address", address="eve@evil.example")

    page = eve.send("code", code=ada.code())
    assert (page.status, page.step) == (422, "code")
    assert ada.send("code", code=ada.code()).step == "details"


def test_the_bearer_of_a_frame_opens_nothing_outside_of_frames(club: Organization) -> None:
    plan = make.plan(club, amount=0)
    ada = Joiner(club, plan, framed=True, keeps_cookies=False)
    bearer = ada.sign_in().form(do="details")["bearer"]
    assert bearer

    home = Joiner(club, plan)
    home.open()
    assert home.post({**home.page.form(do="address"), "do": "join", "bearer": bearer}).step == "address"
    assert not Membership.objects.exists()
    # In an address it is nothing at all: there it would be in logs.
    assert Joiner(club, plan, framed=True, query={"bearer": bearer}).open().step == "address"


def test_a_page_carries_no_bearer_once_the_cookie_comes_back(club: Organization) -> None:
    ada = Joiner(club, make.plan(club, amount=0), framed=True)
    assert "bearer" in ada.sign_in().form(do="details")
    assert "bearer" not in ada.send("details", first_name="Ada", last_name="Okonkwo").form(do="join")


def test_at_home_a_form_from_elsewhere_is_refused_by_django(club: Organization) -> None:
    ada = Joiner(club, make.plan(club))
    ada.open()
    told = ada.page.form(do="address")
    told.pop("csrfmiddlewaretoken")

    page = ada.post({**told, "address": ada.address})
    assert page.status == 403
    assert "Your browser sent no cookie along." in page.words
    assert not CodeAttempt.objects.exists()


def cookies_of(joiner: Joiner) -> list[str]:
    return [each.OutputString() for each in joiner.client.cookies.values() if "csrf" not in each.key]


def test_cookies_of_a_frame_are_of_one_site_and_no_script_reads_them(club: Organization) -> None:
    with override_settings(SESSION_COOKIE_SECURE=True):
        ada = Joiner(club, make.plan(club, amount=0), framed=True)
        ada.sign_in()
        sent = cookies_of(ada)

    assert len(sent) == 2  # the session; and the flow, told to go
    for each in sent:
        name, _, rest = each.partition("=")
        assert name.startswith("__Host-tessera-embed-")
        for part in ("HttpOnly", "Path=/", "SameSite=None", "Secure", "Partitioned"):
            assert f"; {part}" in f"; {rest}"
        assert "Domain" not in each
        SimpleCookie().load(each.replace("; Partitioned", ""))


def test_cookies_at_home_are_first_party(club: Organization) -> None:
    ada = Joiner(club, make.plan(club, amount=0))
    ada.sign_in()

    for each in cookies_of(ada):
        assert each.startswith("tessera-portal-")
        assert "SameSite=Lax" in each
        assert "HttpOnly" in each
        assert "Partitioned" not in each


def test_nothing_leads_elsewhere(club: Organization) -> None:
    ada = Joiner(club, make.plan(club), query={"next": "https://evil.example", "locale": "//evil.example"})
    ada.open()
    answer = ada.client.post(
        ada.path, {**ada.page.form(do="address"), "address": ada.address}, headers={"Origin": HOME}
    )

    assert answer.status_code == 303
    assert answer["Location"].startswith(f"/join/{club.slug}/pln_")
    assert "evil" not in answer["Location"]


def test_pages_are_kept_by_nobody(club: Organization) -> None:
    for framed in (False, True):
        page = Joiner(club, make.plan(club), framed=framed).open()
        assert "no-store" in page.headers["Cache-Control"]
