"""Makers: records for tests, put straight into the database with sensible defaults.

They go round the services on purpose: a test of a rule may begin in any state that the database allows.
"""

from tests.make.basics import ACTOR, FEB_10, JAN_10, PASSWORD
from tests.make.catalogue import permission, plan, price
from tests.make.files import export_of, import_of, saved_view
from tests.make.holding import bulk_run, membership, pause, term
from tests.make.identity import injection, site_link
from tests.make.organizations import authenticator_app, invitation, key, organization, staff, totp, trusted_issuer
from tests.make.people import affiliation, company, customer, employee, note
from tests.make.pictures import logo, photo
from tests.make.sending import delivery, parked_job, webhook_endpoint
from tests.make.signup import question, signup_settings

__all__ = [
    "ACTOR",
    "FEB_10",
    "JAN_10",
    "PASSWORD",
    "affiliation",
    "authenticator_app",
    "bulk_run",
    "company",
    "customer",
    "delivery",
    "employee",
    "export_of",
    "import_of",
    "injection",
    "invitation",
    "key",
    "logo",
    "membership",
    "note",
    "organization",
    "parked_job",
    "pause",
    "permission",
    "photo",
    "plan",
    "price",
    "question",
    "saved_view",
    "signup_settings",
    "site_link",
    "staff",
    "term",
    "totp",
    "trusted_issuer",
    "webhook_endpoint",
]
