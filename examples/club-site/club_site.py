"""A club's own website, on another site than Tessera: a login of its own, a page that embeds, a members' page.

    python club_site.py --port 8001 --settings settings.json

`tessera demo` writes the settings and starts it. Nothing of Tessera is imported here: this is what a club's developer
writes, with the standard library, PyJWT and cryptography. Start with `join`, `membership_token` and `members` below.
"""

import argparse
import html
import json
import mimetypes
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import signing
from gating import Membership, Tessera, Unreachable
from visitors import COOKIE, Account, Visitors

HERE = Path(__file__).parent
PERMISSION = "members-area"
MOST_BYTES = 10_000
# How the frame is to look: as the rest of the page does, in its light and its dark.
THEME = "accent: #1d4f45; radius: 2px; font: Georgia, Iowan Old Style, Times New Roman, serif"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: str | bytes = ""
    status: HTTPStatus = HTTPStatus.OK
    kind: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, with who is signed in to this site."""

    path: str
    query: dict[str, str]
    form: dict[str, str]
    account: Account | None
    secret: str


class Site:
    """The pages. Each is a method that takes what was asked and returns the answer."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.origin: str = settings["origin"]
        self.issuer: str = settings["issuer"]
        self.audience: str = settings["audience"]
        self.key = signing.key_in(Path(settings["signing_key"]))
        self.visitors = Visitors(Path(settings["accounts"]))
        self.hint: str = settings.get("hint", "")
        self.tessera = Tessera(
            address=settings["tessera"], slug=settings["organization"], issuer=settings["access_issuer"],
            key=Path(settings["api_key"]).read_text(encoding="utf-8").strip(), audience=self.origin,
        )  # fmt: skip
        self.gets: dict[str, Callable[[Asked], Answer]] = {
            "/": self.home, "/join": self.join, "/login": self.login, "/members": self.members, "/visit": self.visit,
        }  # fmt: skip
        self.posts: dict[str, Callable[[Asked], Answer]] = {
            "/login": self.sign_in, "/logout": self.sign_out, "/membership-token": self.membership_token,
            "/joined": self.joined,
        }  # fmt: skip

    def home(self, asked: Asked) -> Answer:
        """The first page, with the plans and prices as the club's staff have them in Tessera."""
        return self.page(asked, "home", title="Home", plans_html=self._plans())

    def visit(self, asked: Asked) -> Answer:
        """Where the club is."""
        return self.page(asked, "visit", title="Visit")

    def join(self, asked: Asked) -> Answer:
        """The page that embeds. The link is for visitors without JavaScript, and until the frame has answered."""
        plan = asked.query.get("plan", "")
        plan = plan if re.fullmatch(r"pln_[0-9a-z]{1,40}", plan) else ""
        return self.page(
            asked,
            "join",
            title="Join",
            tessera=self.tessera.address,
            organization=self.tessera.slug,
            plan=plan,
            link=f"{self.tessera.address}/join/{self.tessera.slug}{f'/{plan}' if plan else ''}",
            theme=THEME,
            # Only a visitor whom this site knows has a token to be fetched; anybody else is asked by the frame.
            token_url="/membership-token" if asked.account else "",
        )

    def membership_token(self, asked: Asked) -> Answer:
        """Tell the frame who is signed in here: {"nonce"} comes, {"token"} goes, nothing for strangers."""
        nonce = asked.form.get("nonce", "")
        if asked.account is None or not nonce:
            return Answer(status=HTTPStatus.NO_CONTENT)
        account = asked.account
        token = signing.visitor_token(
            self.key, issuer=self.issuer, audience=self.audience, nonce=nonce, subject=account.id,
            email=account.email, first=account.first, last=account.last,
        )  # fmt: skip
        return as_json({"token": token})

    def joined(self, asked: Asked) -> Answer:
        """The frame says that somebody has joined: what was known of them here is asked anew."""
        for reference in references(asked.account):
            self.tessera.forget(reference)
        return Answer(status=HTTPStatus.NO_CONTENT)

    def members(self, asked: Asked) -> Answer:
        """A page for members only: who may not read it is told why, and where to go."""
        if asked.account is None:
            return self.page(asked, "members_signed_out", title="Members")
        try:
            held = self._held(asked.account)
        except Unreachable as reason:
            sys.stderr.write(f"the members' page cannot be shown: {reason}\n")
            return self.page(asked, "members_unknown", title="Members", status=HTTPStatus.SERVICE_UNAVAILABLE)
        if held is None or PERMISSION not in held.permissions:
            return self.page(asked, "members_closed", title="Members", status=HTTPStatus.FORBIDDEN)
        return self.page(asked, "members", title="Members", number=held.number, permissions=", ".join(held.permissions))

    def login(self, asked: Asked, problem: str = "", email: str = "") -> Answer:
        """This site's own login: Tessera knows nothing of it."""
        status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
        told = f'<p class="problem" role="alert">{html.escape(problem)}</p>' if problem else ""
        back = asked.query.get("next", "") or asked.form.get("next", "")
        return self.page(
            asked, "login", title="Sign in", status=status, problem_html=told, email=email, next=own_path(back),
            hint=self.hint,
        )  # fmt: skip

    def sign_in(self, asked: Asked) -> Answer:
        """Sign in to this site."""
        email = asked.form.get("email", "")[:254]
        secret = self.visitors.sign_in(email, asked.form.get("password", ""))
        if secret is None:
            return self.login(asked, "This address and password do not belong together.", email)
        return gone(own_path(asked.form.get("next", "")), f"{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax")

    def sign_out(self, asked: Asked) -> Answer:
        """Sign out of this site."""
        self.visitors.sign_out(asked.secret)
        return gone("/", f"{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")

    def page(self, asked: Asked, name: str, *, title: str, status: HTTPStatus = HTTPStatus.OK, **values: str) -> Answer:
        """Return a page in the site's frame. Values are escaped, but for those whose names end with `_html`."""
        body = filled(name, values)
        plan = asked.query.get("plan", "")
        here = quote(f"{asked.path}?plan={plan}" if plan else asked.path)
        who = "signed_in" if asked.account else "signed_out"
        nav = filled(f"_{who}", {"name": asked.account.first if asked.account else "", "here": here})
        marks = {
            f"at_{each}": ' aria-current="page"' if asked.path == path else ""
            for each, path in (("home", "/"), ("join", "/join"), ("members", "/members"), ("visit", "/visit"))
        }
        shell = filled(
            "_shell", {"title": title, "body_html": body, "nav_html": nav} | {f"{k}_html": v for k, v in marks.items()}
        )
        return Answer(
            shell, status, headers=(("Content-Security-Policy", self._policy()), ("Cache-Control", "no-store"))
        )

    def _policy(self) -> str:
        """What this site lets its pages load: Tessera's script and frame beside its own things (docs/embedding.md)."""
        tessera = self.tessera.address
        return (
            f"default-src 'self'; script-src 'self' {tessera}; frame-src {tessera}; base-uri 'none'; "
            "form-action 'self'; frame-ancestors 'none'; object-src 'none'"
        )

    def _plans(self) -> str:
        try:
            plans = self.tessera.plans()
        except Unreachable as reason:
            sys.stderr.write(f"prices cannot be shown: {reason}\n")
            return ""
        return "".join(
            filled(
                "_plan",
                {
                    "name": plan["name"],
                    "description": plan["description"],
                    "price": " · ".join(price["text"] for price in plan["prices"]),
                    "grants_html": "".join(f"<li>{html.escape(each)}</li>" for each in plan["permissions"][:5]),
                    "link": f"/join?plan={quote(plan['id'])}",
                    "word": "Full for now" if plan["full"] else "Apply" if plan["needs_approval"] else "Join",
                },
            )
            for plan in plans
        )

    def _held(self, account: Account) -> Membership | None:
        for reference in references(account):
            held = self.tessera.membership(reference)
            if held is not None:
                return held
        return None


def references(account: Account | None) -> list[str]:
    """Return how the club may know somebody: by this site's number for them, or by their address, which it proved."""
    return [] if account is None else [f"external:{account.id}", f"email:{account.email}"]


def filled(name: str, values: dict[str, str]) -> str:
    """Return a template with its values."""
    safe = {key: value if key.endswith("_html") else html.escape(value) for key, value in values.items()}
    return Template((HERE / "pages" / f"{name}.html").read_text(encoding="utf-8")).substitute(safe)


def own_path(text: str) -> str:
    """Return where to go on, on this site only: anybody can write a link to the login."""
    return text if re.fullmatch(r"/(?:[a-z]+(?:\?plan=pln_[0-9a-z]+)?)?", text) else "/"


def gone(where: str, cookie: str) -> Answer:
    """Lead on after something was sent."""
    return Answer(status=HTTPStatus.SEE_OTHER, headers=(("Location", where), ("Set-Cookie", cookie)))


def as_json(value: object) -> Answer:
    """Return an answer for a script of ours."""
    return Answer(json.dumps(value), kind="application/json", headers=(("Cache-Control", "no-store"),))


class Handler(BaseHTTPRequestHandler):
    """HTTP around the site."""

    site: Site
    server_version = "StrandHouse"
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer with a page or a file."""
        parts = urlsplit(self.path)
        if parts.path.startswith("/static/"):
            self._send(file_at(parts.path))
            return
        page = self.site.gets.get(parts.path)
        asked = self._asked({})
        if page is None:
            self._send(self.site.page(asked, "missing", title="Not here", status=HTTPStatus.NOT_FOUND))
        else:
            self._send(page(asked))

    do_HEAD = do_GET  # noqa: N815  (its name there)

    def do_POST(self) -> None:
        """Do what a form or a script of ours sends: of no other site, whatever cookies come along."""
        page = self.site.posts.get(urlsplit(self.path).path)
        length = self.headers.get("Content-Length", "")
        if page is None or not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            self._send(Answer("Not here.", HTTPStatus.NOT_FOUND, "text/plain"))
            return
        body = self.rfile.read(int(length)).decode("utf-8", "replace")
        if self.headers.get("Origin") != self.site.origin:
            self._send(Answer("This did not come from our own pages.", HTTPStatus.FORBIDDEN, "text/plain"))
            return
        self._send(page(self._asked(fields(body, self.headers.get("Content-Type", "")))))

    def _asked(self, form: dict[str, str]) -> Asked:
        parts = urlsplit(self.path)
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        secret = cookie.value if cookie else ""
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return Asked(parts.path, query, form, self.site.visitors.signed_in(secret), secret)

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  (its name there)
        """Say nothing of every request."""


def file_at(path: str) -> Answer:
    """Return one of the site's own files."""
    name = path.removeprefix("/static/")
    file = HERE / "static" / name
    if not re.fullmatch(r"[a-z-]+\.[a-z0-9]+", name) or not file.is_file():
        return Answer("Not here.", HTTPStatus.NOT_FOUND, "text/plain")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Answer(file.read_bytes(), kind=kind, headers=(("Cache-Control", "max-age=300"),))


def fields(body: str, kind: str) -> dict[str, str]:
    """Return what a form or a script sent; of what is no text, nothing."""
    if kind.startswith("application/json"):
        try:
            read = json.loads(body)
        except ValueError:
            return {}
        return {name: value for name, value in read.items() if isinstance(value, str)} if isinstance(read, dict) else {}
    return {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}


def main() -> None:
    """Serve the site on this machine until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--settings", type=Path, required=True)
    arguments = parser.parse_args()
    Handler.site = Site(json.loads(arguments.settings.read_text(encoding="utf-8")))
    with ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler) as server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
