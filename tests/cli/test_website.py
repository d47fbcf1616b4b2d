"""The club's own website of the demo: it embeds, vouches for its visitors, and asks who is a member."""

import json
import os
import re
import runpy
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tessera.cli.demo import website
from tessera.cli.demo.club import SLUG
from tessera.cli.demo.home import Home, Keys
from tessera.events.models import Event
from tessera.organizations import issuers
from tests import make
from tests.ports import free_port
from tools.findings import ROOT

FOLDER = ROOT / "examples" / "club-site"
ISSUER = "http://tessera.example/organizations/org_1"
PASSWORD = "come-in-and-stay"


@dataclass(slots=True)
class FakeTessera:
    """Answers what the site asks of Tessera, signed with a key of its own."""

    address: str = ""
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    claims: dict[str, Any] = field(default_factory=dict)
    typ: str = "tessera-access+jwt"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, object]:
        if path.endswith("plans.json"):
            price = {"text": "£65.00 a month"}
            plan = {"id": "pln_1", "name": "House <b>", "description": "All.", "permissions": ["Bar"]}
            return 200, {"plans": [{**plan, "prices": [price], "full": False, "needs_approval": False}]}
        if path.endswith("jwks.json"):
            public = jwt.get_algorithm_by_name("EdDSA").to_jwk(self.key.public_key(), as_dict=True)
            return 200, {"keys": [{**public, "kid": "1", "alg": "EdDSA", "use": "sig"}]}
        if "external" in path:
            return 404, {"code": "customer_not_found"}
        headers = {"kid": "1", "typ": self.typ}
        return 200, {"token": jwt.encode(self.claims, self.key, algorithm="EdDSA", headers=headers)}


@contextmanager
def serving(tessera: FakeTessera) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            tessera.asked.append((self.path, self.headers.get("Authorization", "")))
            status, told = tessera.answer(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tessera.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@dataclass(slots=True)
class Browser:
    """Somebody at the site."""

    origin: str
    cookie: str = ""

    def get(self, path: str) -> tuple[int, str]:
        return self._send(urllib.request.Request(f"{self.origin}{path}"))

    def post(
        self, path: str, body: str, *, kind: str = "application/x-www-form-urlencoded", origin: str = ""
    ) -> tuple[int, str]:
        headers = {"Content-Type": kind, "Origin": origin or self.origin}
        return self._send(urllib.request.Request(f"{self.origin}{path}", data=body.encode(), headers=headers))

    def token(self, nonce: str, origin: str = "") -> tuple[int, str]:
        return self.post("/membership-token", json.dumps({"nonce": nonce}), kind="application/json", origin=origin)

    def _send(self, request: urllib.request.Request) -> tuple[int, str]:
        if self.cookie:
            request.add_header("Cookie", self.cookie)
        try:
            with urllib.request.build_opener(_Stay).open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                if "Set-Cookie" in refusal.headers:
                    self.cookie = refusal.headers["Set-Cookie"].partition(";")[0]
                return refusal.code, refusal.read().decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """Follow nothing: where it leads is looked at."""


@pytest.fixture(scope="module")
def tessera() -> Iterator[FakeTessera]:
    fake = FakeTessera()
    with serving(fake):
        yield fake


@pytest.fixture(scope="module")
def site(tessera: FakeTessera, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    origin = f"http://localhost:{port}"
    entry = runpy.run_path(str(FOLDER / "visitors.py"))["entry"]
    wren = entry(number="17", email="wren@club.example", first="Wren", last="Calloway", password=PASSWORD)
    (folder / "accounts.json").write_text(json.dumps([wren]))
    (folder / "api-key").write_text("tk_live_secret")
    told = {
        "tessera": tessera.address, "organization": "strand-house", "origin": origin, "issuer": "https://club.example",
        "audience": "tessera:org_1", "access_issuer": ISSUER, "signing_key": str(folder / "key.pem"),
        "api_key": str(folder / "api-key"), "accounts": str(folder / "accounts.json"),
    }  # fmt: skip
    (folder / "settings.json").write_text(json.dumps(told))
    process = subprocess.Popen(
        [sys.executable, "club_site.py", "--port", str(port), "--settings", str(folder / "settings.json")],
        cwd=FOLDER,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    try:
        _until_it_answers(origin)
        yield Browser(origin)
    finally:
        process.terminate()
        process.wait(10)


def _until_it_answers(origin: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{origin}/visit", timeout=1).close()
        except OSError:
            threading.Event().wait(0.05)
        else:
            return
    raise AssertionError("the site does not answer")


def signed_in(site: Browser) -> Browser:
    browser = Browser(site.origin)
    status, _ = browser.post("/login", f"email=wren%40club.example&password={PASSWORD}&next=/join")
    assert status == 303
    return browser


def test_prices_are_tesseras_and_what_comes_from_there_is_text(site: Browser) -> None:
    status, text = site.get("/")
    assert status == 200
    assert "£65.00 a month" in text
    assert "House &lt;b&gt;" in text
    assert '<script src="/static/site.js" defer>' in text
    assert site.get("/static/../signing.py")[0] == 404
    assert site.get("/nowhere")[0] == 404


def test_the_page_that_embeds_names_the_plan_and_nothing_else_that_was_typed(
    site: Browser, tessera: FakeTessera
) -> None:
    _, text = site.get("/join?plan=pln_1")
    assert f'src="{tessera.address}/embed/v1.js" data-organization="strand-house" data-plan="pln_1"' in text
    assert 'data-token-url=""' in text
    assert '"onload' not in site.get("/join?plan=%22onload=x")[1]
    assert 'data-token-url="/membership-token"' in signed_in(site).get("/join")[1]


def test_a_token_is_signed_for_whoever_is_signed_in_here_and_for_pages_of_ours(site: Browser) -> None:
    assert site.token("n-1")[0] == 204
    browser = signed_in(site)
    assert browser.token("n-1", origin="https://evil.example")[0] == 403
    status, text = browser.token("n-1")
    token = json.loads(text)["token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert status == 200
    assert jwt.get_unverified_header(token)["typ"] == "tessera-visitor+jwt"
    assert (claims["nonce"], claims["sub"], claims["aud"], claims["iss"]) == (
        "n-1", "17", "tessera:org_1", "https://club.example",
    )  # fmt: skip
    assert claims["exp"] - claims["iat"] <= 300
    assert json.loads(browser.token("n-1")[1])["token"] != token


@pytest.mark.parametrize(
    ("said", "typ", "status"),
    [
        ({}, "tessera-access+jwt", 200),
        ({"permissions": ["bar"]}, "tessera-access+jwt", 403),
        ({"aud": "http://other.example"}, "tessera-access+jwt", 503),
        ({"iss": "http://tessera.example/organizations/org_2"}, "tessera-access+jwt", 503),
        ({"exp": 1}, "tessera-access+jwt", 503),
        ({}, "tessera-app+jwt", 503),
    ],
)
def test_members_pages_are_for_whom_a_token_of_tesseras_names(
    site: Browser, tessera: FakeTessera, said: dict[str, Any], typ: str, status: int
) -> None:
    good = {"iss": ISSUER, "aud": site.origin, "sub": "cus_1", "iat": 1, "exp": 4_000_000_000, "number": "CUS-000001",
            "permissions": ["members-area"]}  # fmt: skip
    tessera.claims, tessera.typ = {**good, **said}, typ
    browser = signed_in(site)
    browser.post("/joined", "{}", kind="application/json")  # what was known is asked anew
    told, text = browser.get("/members")
    assert told == status
    assert ("Winter swimming" in text) == (status == 200)
    assert ("/api/v1/customers/email%3Awren%40club.example/token", "Bearer tk_live_secret") in tessera.asked
    assert all(not key for path, key in tessera.asked if not path.startswith("/api/"))


def test_strangers_are_not_signed_in_and_are_led_nowhere_else(site: Browser) -> None:
    browser = Browser(site.origin)
    assert browser.post("/login", "email=wren%40club.example&password=wrong")[0] == 422
    assert browser.get("/members") == site.get("/members")
    assert "Sign in to read them" in browser.get("/members")[1]
    for where in ("//evil.example", "https://evil.example", "/\\evil.example", "/join?plan=x&y"):
        assert re.search(r'name="next" value="/"', site.get(f"/login?next={where}")[1])


@pytest.mark.django_db
def test_the_demos_club_trusts_its_site_and_is_told_so_once(tmp_path: Path) -> None:
    club = make.organization(slug=SLUG)
    home = Home.made(tmp_path)
    home.keep(Keys("tk_live_1", "tk_test_1"))

    part = website.website(home, 8130)
    club.refresh_from_db()
    events = Event.objects.filter(organization=club).count()
    again = website.website(home, 8130)

    assert part is not None
    assert again is not None
    assert club.allowed_origins == ["http://localhost:8131"]
    (issuer,) = issuers.trusted_issuers(club)
    assert (issuer.issuer, [key["alg"] for key in issuer.keys]) == ("https://strand-house.example", ["EdDSA"])
    assert website.accounts(home) == [website.VISITOR]
    assert Event.objects.filter(organization=club).count() == events
    told = json.loads((home.website / "settings.json").read_text())
    assert told["audience"] == issuers.audience(club)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in home.website.iterdir())
    # On another port it is another origin, and the one before may frame no longer.
    website.website(home, 9000)
    club.refresh_from_db()
    assert club.allowed_origins == ["http://localhost:9001"]
