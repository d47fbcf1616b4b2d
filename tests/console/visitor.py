"""Somebody at the console: signed in with a role, looking at pages and sending forms."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tessera.console.models import SavedView
from tessera.core import clock, ids
from tessera.core.ids import Prefix
from tessera.files.models import Picture
from tessera.identity.models import SiteLink
from tessera.jobs.models import Job
from tessera.memberships.models import BulkRun, Membership
from tessera.organizations.models import ApiKey, Invitation, Organization, Staff, TrustedIssuer
from tessera.organizations.rights import Role
from tessera.people.models import Company, Customer, Note
from tessera.plans.models import Plan, Price
from tessera.signup.models import Question
from tessera.transfer.models import Export, Import
from tessera.webhooks.models import Delivery, WebhookEndpoint
from tests import make, pages
from tests.pages import Page

_PREFIXES: dict[type, Prefix] = {
    Customer: Prefix.CUSTOMER,
    Company: Prefix.COMPANY,
    Note: Prefix.NOTE,
    Membership: Prefix.MEMBERSHIP,
    Plan: Prefix.PLAN,
    Question: Prefix.QUESTION,
    Price: Prefix.PRICE,
    WebhookEndpoint: Prefix.WEBHOOK_ENDPOINT,
    Delivery: Prefix.DELIVERY,
    Job: Prefix.JOB,
    Staff: Prefix.STAFF,
    Invitation: Prefix.INVITATION,
    SavedView: Prefix.SAVED_VIEW,
    BulkRun: Prefix.BULK_RUN,
    ApiKey: Prefix.API_KEY,
    TrustedIssuer: Prefix.TRUSTED_ISSUER,
    Picture: Prefix.PICTURE,
    SiteLink: Prefix.SITE_LINK,
    Import: Prefix.IMPORT,
    Export: Prefix.EXPORT,
}


def ref(row: object) -> str:
    """The public id of a record."""
    key = getattr(row, "pk")  # noqa: B009
    return ids.to_text(_PREFIXES[type(row)], key)


@dataclass(slots=True)
class Visitor:
    """A browser of somebody who works for `club`."""

    club: Organization
    staff: Staff | None
    client: Client = field(default_factory=Client)

    def get(self, name: str, /, *args: object, htmx: object = False, **query: str) -> Page:
        """Open a page by the name of its address."""
        address = self.address(name, *args)
        return self.open(f"{address}?{urlencode(query)}" if query else address, htmx=htmx)

    def open(self, address: str, *, htmx: object = False) -> Page:
        """Open a page by its address."""
        headers = {"HX-Request": "true"} if htmx else {}
        with CaptureQueriesContext(connection) as queries:
            answer = self.client.get(address, headers=headers)
        return pages.read(answer, len(queries))

    def post(self, name: str, /, *args: object, htmx: object = False, **told: object) -> Page:
        """Send a form."""
        headers = {"HX-Request": "true"} if htmx else {}
        answer = self.client.post(self.address(name, *args), told, headers=headers)
        return pages.read(answer)

    def address(self, name: str, *args: object) -> str:
        texts = [each if isinstance(each, str) else ref(each) for each in args]
        return reverse(f"console:{name}", args=[self.club.slug, *texts])


def working_for(club: Organization, role: Role = Role.OWNER, *, proved: bool = True) -> Visitor:
    """A visitor who has signed in as staff of the club; a moment ago, unless not `proved`."""
    staff = make.staff(club, role)
    visitor = Visitor(club, staff)
    visitor.client.force_login(staff.user)
    if proved:
        prove(visitor.client)
    return visitor


def prove(client: Client) -> None:
    """Let whoever sits there have proved who they are a moment ago, and have been seen."""
    session = client.session
    session["proved_at"] = session["seen_at"] = clock.now().timestamp()
    session.save()
