"""Of somebody who was erased nothing is left: in no column of any table, and in no file.

Every table is read as it is. One that could hold what somebody said and that the person here left no trace in is a gap
of this test: leave one in `somebody.py`, or say in `OF_NOBODY` why none can be left.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models

from tessera.core import clock
from tessera.files import sweeping
from tessera.lifecycle.erasing import erase_customer, referring
from tessera.people import searching
from tessera.people.erasure import kept
from tests import make
from tests.api.dump import dump
from tests.lifecycle.somebody import DESK, MARKS, NOON, known_in_every_way

pytestmark = pytest.mark.django_db(transaction=True)

_ABLE: Final = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.DateField)

# What is gone a little later by itself, and when at the latest (docs/privacy.md).
LATER: Final = {"django_session.session_data": timedelta(seconds=settings.SESSION_COOKIE_AGE)}
# Columns in which nothing of a customer can be, and why.
OF_NOBODY: Final[Mapping[str, str]] = {
    "staff and their accounts, who are nobody's customers by that": """
        account_emailaddress.email account_emailconfirmation.key auth_group.name auth_permission.codename
        auth_permission.name django_session.session_key mfa_authenticator.data
        organizations_invitation.email organizations_invitation.name organizations_user.email
        organizations_user.locale organizations_user.name organizations_user.password
        organizations_user.pending_email usersessions_usersession.data usersessions_usersession.session_key
        usersessions_usersession.user_agent events_eventorigin.device
        console_listcolumns.columns console_listcolumns.listed console_savedview.listed""",
    "the organization's own: how it is set up, what it offers and asks": """
        organizations_apikey.hint organizations_apikey.name organizations_apikey.scopes
        organizations_numberseries.kind organizations_organization.accent
        organizations_organization.allowed_origins organizations_organization.contact_email
        organizations_organization.currency organizations_organization.locale organizations_organization.name
        organizations_organization.second_factor_roles organizations_organization.slug
        organizations_organization.subject_types organizations_organization.time_zone
        organizations_trustedissuer.issuer organizations_trustedissuer.jwks_url organizations_trustedissuer.keys
        organizations_trustedissuer.name plans_permission.description plans_permission.key plans_permission.name
        plans_permissiontarget.action plans_permissiontarget.resource_id plans_permissiontarget.resource_type
        plans_plan.colour plans_plan.cycle_rollover plans_plan.cycle_start plans_plan.description plans_plan.name
        plans_price.currency signup_signupsettings.closed_sentence signup_signupsettings.privacy_url
        signup_signupsettings.welcome signup_termsversion.text signup_termsversion.url signup_wording.choices
        signup_wording.help signup_wording.label webhooks_webhookendpoint.description
        webhooks_webhookendpoint.event_types webhooks_webhookendpoint.url""",
    "companies, who are nobody": """
        people_company.email people_company.email_domains people_company.external_id people_company.legal_name
        people_company.name people_company.name_key people_company.number people_company.phone people_company.tags
        people_company.websites people_companytag.key people_companytag.tag""",
    "public ids, and who of the staff did it": """
        events_event.actor events_eventorigin.actor memberships_bulkrun.actor memberships_pause.paused_by
        memberships_term.booked_by people_companyinvitation.invited_by people_companylink.made_by people_note.author
        transfer_export.actor transfer_export.selection transfer_import.actor jobs_job.arguments jobs_job.key
        jobs_job.result notices_notice.context notices_notice.fact events_event.data people_customer.number""",
    "words, numbers and texts of ours": """
        console_savedview.listed django_content_type.app_label django_content_type.model events_event.type
        http_idempotencykey.content_type identity_injection.detail identity_injection.origin
        identity_injection.refusal identity_injection.said_issuer jobs_job.queue jobs_job.task jobs_job.worker
        jobs_lease.holder jobs_lease.name jobs_periodic.name memberships_membership.anchor
        memberships_membership.anchor_before_change memberships_membership.paid_by memberships_pause.anchor_before
        memberships_term.paid_by notices_notice.kind notices_notice.why notices_unsubscription.group
        transfer_export.list transfer_import.checked transfer_import.delimiter transfer_import.encoding
        transfer_import.failure transfer_import.written transfer_importblock.letters
        transfer_rememberedmapping.setup webhooks_delivery.last_error webhooks_delivery.type
        webhooks_deliveryattempt.detail webhooks_deliveryattempt.failure identity_appgrant.audience
        identity_publishedkeys.url""",
    "what all rows of a file have alike": "transfer_import.setup",
    "a language, a kind of device": """
        people_customer.locale organizations_formeremail.locale identity_codeattempt.locale
        identity_customersession.device""",
    "hashes and keys, which tell nothing": """
        files_picture.digest http_idempotencykey.digest http_idempotencykey.payload_hash
        identity_appgrant.family_hash identity_appgrant.secret_hash identity_codeattempt.browser_hash
        identity_codeattempt.code_hash identity_customersession.secret_hash identity_passkey.credential
        identity_passkey.credential_hash identity_passkey.user_handle identity_publishedkeys.keys
        identity_signingkey.kid identity_signingkey.private identity_signingkey.public
        identity_usedtoken.token_hash organizations_apikey.secret_hash webhooks_webhookendpoint.previous_secret
        webhooks_webhookendpoint.secret""",
    "what accounts are proved by, which the erasure keeps (docs/privacy.md)": """
        memberships_membership.external_reference memberships_term.provider_reference""",
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "HOME", tmp_path)
    return tmp_path


def traces() -> set[str]:
    """Return where the database holds a mark: `table.column`. What virtual tables keep beside themselves, and what
    sessions of staff hold, which is written in a way of its own, too."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table == searching.INDEX.marks:  # cannot be read: what it is kept in stands beside it
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                found |= {f"{table}.{name}" for name, value in zip(names, row, strict=True) if _marked(value)}
    if any(_marked(session.get_decoded()) for session in Session.objects.all()):
        found.add("django_session.session_data")
    return found


def _marked(value: object) -> bool:
    plain = bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
    return any(mark in plain.lower() for mark in MARKS)


def files(home: Path) -> set[str]:
    """Return which files hold a mark, or are somebody's photo."""
    every = (path for path in home.rglob("*") if path.is_file())
    return {path.suffix for path in every if path.suffix == ".webp" or _marked(path.read_bytes()) or _marked(path.name)}


def able() -> set[str]:
    """Return every column that could hold what somebody said: texts that are not one of a few words, and days."""
    return {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if isinstance(field, _ABLE) and not isinstance(field, models.DateTimeField) and not field.choices
    }


def test_nothing(home: Path) -> None:
    person = known_in_every_way(make.organization("Strand House", test_now=NOON))
    before = traces()
    assert able() - before == {each for names in OF_NOBODY.values() for each in names.split()}
    assert files(home) == {".csv", ".eml", ".webp"}
    assert all(kept <= timedelta(hours=12) for kept in LATER.values())

    erase_customer(customer=person, at=NOON, actor=DESK)

    assert traces() == set(LATER)
    sweeping.sweep(at=clock.now() + sweeping.YOUNG * 2)
    assert files(home) == set()


def test_whatever_refers_to_a_customer_goes_but_for_what_was_declared_to_stay() -> None:
    """A new kind of record goes by itself; whoever wants one to stay says so beside its model, and here."""
    stays = {model.__name__ for model, _field in referring() if model in kept()}
    assert stays == {"Acceptance", "Affiliation", "Answer", "BulkItem", "Membership", "SearchEntry"}
    person = known_in_every_way(make.organization("Strand House", test_now=NOON))
    assert all(model._base_manager.filter(**{field: person}).exists() for model, field in referring())

    erase_customer(customer=person, at=NOON, actor=DESK)

    left = {model.__name__ for model, field in referring() if model._base_manager.filter(**{field: person}).exists()}
    assert left == stays


def test_somebody_elses_traces_stay() -> None:
    """Two clubs know the same person, and one of them forgets: the other is another island."""
    elsewhere = make.organization("Elsewhere", test_now=NOON)
    known_in_every_way(elsewhere)
    before = dump(elsewhere)
    person = known_in_every_way(make.organization("Strand House", test_now=NOON))

    erase_customer(customer=person, at=NOON, actor=DESK)

    assert dump(elsewhere) == before
