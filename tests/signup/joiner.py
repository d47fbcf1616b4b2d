"""Somebody who joins: a browser at the page of a plan, at home or in a frame, with the forms that it shows."""

import html
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.identity import codes
from tessera.identity.models import CodeAttempt
from tessera.organizations.models import Organization
from tessera.plans.models import Plan
from tests.pages import Page

HOME = "http://127.0.0.1:8000"
DOORS = [
    pytest.param({"framed": False}, id="at home"),
    pytest.param({"framed": True}, id="in a frame"),
    pytest.param({"framed": True, "keeps_cookies": False}, id="in a frame without cookies"),
]


def public(prefix: Prefix, row: Any) -> str:
    """The id of a record as pages have it."""
    return ids.to_text(prefix, row.pk)


@dataclass(frozen=True, slots=True)
class Step(Page):
    """A page of the flow."""

    @property
    def step(self) -> str:
        return self.told("step")

    def told(self, name: str) -> str:
        """What the part that is swapped says of itself: `data-<name>`."""
        found = re.search(rf'<main data-flow[^>]* data-{name}="([^"]*)"', self.text)
        return html.unescape(found[1]) if found else ""


@dataclass(slots=True)
class Joiner:
    """A browser. `cookies` False: it keeps none in a frame, as with third-party cookies blocked."""

    club: Organization
    plan: Plan | None = None
    framed: bool = False
    keeps_cookies: bool = True
    address: str = "ada@member.example"
    query: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))
    page: Step = field(default_factory=lambda: Step(0, "", {}, 0))

    @property
    def path(self) -> str:
        base = f"/{'embed' if self.framed else 'join'}/{self.club.slug}"
        path = base if self.plan is None else f"{base}/{ids.to_text(Prefix.PLAN, self.plan.pk)}"
        return f"{path}?{urlencode(self.query)}" if self.query else path

    def open(self, **headers: str) -> Step:
        with CaptureQueriesContext(connection) as queries:
            answer = self.client.get(self.path, headers=headers)
        return self._read(answer, len(queries))

    def send(self, do: str, **told: str) -> Step:
        """Send the form of a step as the page has it, with what is typed; follow where it leads."""
        return self.post({**self.page.form(do=do), **told})

    def post(self, told: dict[str, str], **headers: str) -> Step:
        """Send something, as a page of ours would unless other headers are told."""
        sent = {"Origin": HOME, "Sec-Fetch-Site": "same-origin", **headers}
        with CaptureQueriesContext(connection) as queries:
            answer = self.client.post(self.path, told, headers={name: text for name, text in sent.items() if text})
        if answer.status_code in (302, 303):
            return self.open()
        return self._read(answer, len(queries))

    def code(self) -> str:
        """The code, as the mail that is written now has it."""
        row = CodeAttempt.objects.filter(organization=self.club, key=self.address.casefold()).latest("asked_at")
        made = codes.make(self.club, row.pk)
        assert made is not None
        return made[0]

    def sign_in(self) -> Step:
        self.open()
        self.send("address", address=self.address)
        return self.send("code", code=self.code())

    def join(self) -> Step:
        """From a stranger to a member, with six things to type or press."""
        self.sign_in()
        if self.page.step == "details":
            self.send("details", first_name="Ada", last_name="Okonkwo")
        return self.send("join")

    def _read(self, answer: Any, queries: int) -> Step:
        if not self.keeps_cookies:
            self.client.cookies.clear()
        self.page = Step(answer.status_code, answer.content.decode(), answer.headers, queries)
        return self.page
