"""Saying how people may join by themselves: open or closed, under which terms, what is asked and said."""

from datetime import datetime
from typing import Unpack

from django.db.models import F, Max

from tessera import db
from tessera.core.ids import new_id
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.organizations import versions
from tessera.organizations.models import Organization
from tessera.signup import queries, wordings
from tessera.signup.errors import SignupSettingInvalid
from tessera.signup.models import SignupSettings, TermsVersion
from tessera.signup.queries import SettingsFacts
from tessera.signup.types import AskPhone, SettingsDetails


def update_settings(
    *,
    organization: Organization,
    at: datetime,
    actor: Actor,
    version: int | None = None,
    **given: Unpack[SettingsDetails],
) -> SettingsFacts:
    """Change how people may join, and return how it is then. What is left out stays; nothing new writes nothing.

    Terms that say something else are a new version of them: whoever joined before has accepted the old one.

    Raises SignupSettingInvalid; VersionStale if `version` is given and not the present one.
    """
    told = _checked(given)
    with db.transaction():
        row = _locked(organization)
        versions.check(row.version, version)
        text, url = told.pop("terms_text", None), told.pop("terms_url", None)
        columns = {name: value for name, value in told.items() if getattr(row, name) != value}
        if text is not None or url is not None:
            before = (row.terms.text, row.terms.url) if row.terms is not None else ("", "")
            wanted = (before[0] if text is None else str(text), before[1] if url is None else str(url))
            if all(wanted):
                raise SignupSettingInvalid(
                    "either the terms themselves, or a link to them: not both", pointer="/terms_url"
                )
            if wanted != before:
                columns["terms"] = _new_terms(organization, *wanted, at=at) if any(wanted) else None
        if columns:
            SignupSettings.objects.filter(pk=row.pk).update(version=F("version") + 1, **columns)
            events.record(
                events.Happened(
                    organization_id=organization.pk,
                    type=EventType.SIGNUP_SETTINGS_UPDATED,
                    at=at,
                    actor=actor,
                    data={"fields": sorted(columns)},
                )
            )
    return queries.settings_of(organization)


def _checked(given: SettingsDetails) -> dict[str, object]:
    told: dict[str, object] = dict(given)
    for name, longest in (("closed_sentence", 500), ("welcome", 1_000), ("terms_text", wordings.LONGEST_TERMS)):
        if name in told:
            told[name] = wordings.paragraphs(str(told[name]), longest=longest, pointer=f"/{name}")
    for name in ("terms_url", "privacy_url"):
        if name in told:
            told[name] = wordings.link(str(told[name]), pointer=f"/{name}")
    if "ask_phone" in told:
        told["ask_phone"] = AskPhone(str(told["ask_phone"]))
    return told


def _locked(organization: Organization) -> SignupSettings:
    SignupSettings.objects.bulk_create([SignupSettings(organization=organization)], ignore_conflicts=True)
    rows = SignupSettings.objects.select_related("terms").select_for_update(no_key=True, of=("self",))
    return rows.get(organization=organization)


def _new_terms(organization: Organization, text: str, url: str, *, at: datetime) -> TermsVersion:
    """Part of the caller's transaction, which holds the settings: numbers have no gaps."""
    last = TermsVersion.objects.filter(organization=organization).aggregate(last=Max("number"))["last"]
    row = TermsVersion(id=new_id(), organization=organization, number=(last or 0) + 1, text=text, url=url, made_at=at)
    row.save(force_insert=True)
    return row
