"""Somebody at a browser who looks at their own pages, signed in or not yet."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tessera import db
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.identity import codes
from tessera.identity.models import CodeAttempt
from tessera.identity.sessions import open_session
from tessera.identity.types import How, Surface
from tessera.organizations.models import Organization
from tessera.people.models import Company, Customer
from tests import pages
from tests.pages import Page


@dataclass(slots=True)
class Browser:
    """A browser at one club's portal. `strict`: forms need their token, as they do outside of tests."""

    club: Organization
    strict: bool = False
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = Client(enforce_csrf_checks=self.strict)

    def sign_in_as(self, customer: Customer, *, surface: Surface = Surface.PORTAL, address: str = "") -> "Browser":
        """Keep a session of the customer's, as if a code had been entered; of another surface if told so."""
        customer.organization = self.club
        with db.transaction():
            begun = open_session(
                organization=self.club,
                customer=customer,
                surface=surface,
                how=How.CODE,
                address=address,
                device="Firefox",
            )
        self.client.cookies[f"tessera-portal-session-{self.club.pk.hex}"] = begun.secret
        return self

    def get(self, path: str, **headers: str) -> Page:
        with CaptureQueriesContext(connection) as queries:
            answer = self.client.get(self.full(path), headers=headers)
        return pages.read(answer, len(queries))

    def post(self, path: str, **told: str) -> Page:
        with CaptureQueriesContext(connection) as queries:
            answer = self.client.post(self.full(path), told)
        return pages.read(answer, len(queries))

    def follow(self, path: str, **told: str) -> Page:
        """Send something and look at the page that it leads to."""
        answer = self.post(path, **told)
        assert answer.status == 303, answer.words
        return self.get(answer.location)

    def full(self, path: str) -> str:
        return path if path.startswith(("/portal/", "/join/")) else f"/portal/{self.club.slug}{path}"

    def code(self, address: str) -> str:
        """The code, as the mail that is written now has it."""
        row = CodeAttempt.objects.filter(organization=self.club, key=address.casefold()).latest("asked_at")
        made = codes.make(self.club, row.pk)
        assert made is not None
        return made[0]


def signed_in(customer: Customer, **told: Any) -> Browser:
    return Browser(customer.organization).sign_in_as(customer, **told)


def mem(membership: Any) -> str:
    return f"/memberships/{ids.to_text(Prefix.MEMBERSHIP, membership.pk)}"


def com(company: Company) -> str:
    return f"/companies/{ids.to_text(Prefix.COMPANY, company.pk)}"
