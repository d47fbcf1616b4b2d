"""Trusted issuers: sites whose back ends may sign their visitors in. Their tokens are judged by `identity`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypedDict, Unpack
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from django.db import IntegrityError
from django.db.models import F

from tessera import db
from tessera.core import ids
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.http import outbound
from tessera.http.outbound import Answer, OutboundRefused, OutboundUrlInvalid
from tessera.organizations import issuer_keys, versions
from tessera.organizations.errors import (
    FieldInvalid,
    IssuerKeyInvalid,
    IssuerKeysUnreachable,
    IssuerTaken,
    IssuerUnknown,
)
from tessera.organizations.issuer_keys import Jwk
from tessera.organizations.models import Organization, TrustedIssuer

_MOST: Final = 20
_MOST_BYTES: Final = 64 * 1024

Ask = Callable[..., Answer]


class IssuerDetails(TypedDict):
    """What is said of an issuer. `keys` are as they were pasted; empty with a `jwks_url`."""

    name: str
    issuer: str
    jwks_url: str
    keys: str


@dataclass(frozen=True, slots=True)
class Published:
    """What an issuer publishes right now, and how long the answer took."""

    keys: tuple[Jwk, ...]
    milliseconds: int


def audience(organization: Organization) -> str:
    """Return what `aud` of a token for the organization has to be, exactly. It stays when the address changes."""
    return f"tessera:{ids.to_text(ids.Prefix.ORGANIZATION, organization.pk)}"


def trusted_issuers(organization: Organization) -> list[TrustedIssuer]:
    """Return the organization's issuers by name, those that are switched off too."""
    return list(TrustedIssuer.objects.filter(organization=organization).order_by("name", "pk"))


def issuer_by_id(organization: Organization, ref: str) -> TrustedIssuer:
    """Return one of the organization's issuers. Raises IssuerUnknown."""
    key = ids.from_text(ids.Prefix.TRUSTED_ISSUER, ref)
    row = None if key is None else TrustedIssuer.objects.filter(organization=organization, pk=key).first()
    if row is None:
        raise IssuerUnknown("there is no such issuer")
    return row


def keys_text(row: TrustedIssuer) -> str:
    """Return the keys that an issuer was given as text that can be read again: a JWK set, empty if there are none."""
    return msgspec.json.format(msgspec.json.encode({"keys": row.keys}), indent=2).decode() if row.keys else ""


def trust_issuer(
    *, organization: Organization, at: datetime, actor: Actor, **told: Unpack[IssuerDetails]
) -> TrustedIssuer:
    """Trust tokens of an issuer from now on.

    Raises FieldInvalid; IssuerKeyInvalid; OutboundUrlInvalid or OutboundRefused for `jwks_url`; IssuerTaken.
    """
    row = TrustedIssuer(id=ids.new_id(), organization=organization, created_at=at)
    fields = _checked(told)
    for name, value in fields.items():
        setattr(row, name, value)
    with db.transaction():
        db.one_at_a_time(str(organization.pk), "issuers")  # they are counted, then one more is added
        if TrustedIssuer.objects.filter(organization=organization).count() >= _MOST:
            raise FieldInvalid(said("at most {most} issuers can be trusted", most=_MOST), pointer="/issuer")
        _or_taken(lambda: row.save(force_insert=True))
        _record(EventType.TRUSTED_ISSUER_CREATED, row, at, actor)
    return row


def update_issuer(
    *, row: TrustedIssuer, version: int | None, at: datetime, actor: Actor, **told: Unpack[IssuerDetails]
) -> TrustedIssuer:
    """Change what is said of an issuer. What is already so is not written. Raises as `trust_issuer`; VersionStale."""
    wanted = _checked(told)
    with db.transaction():
        present = _locked(row)
        versions.check(
            present.version,
            version,
            detail=said("the issuer has been changed: its version is {version}", version=str(present.version)),
        )
        fields = {name: value for name, value in wanted.items() if getattr(present, name) != value}
        if fields:
            _or_taken(lambda: TrustedIssuer.objects.filter(pk=present.pk).update(**fields, version=F("version") + 1))
            _record(EventType.TRUSTED_ISSUER_UPDATED, present, at, actor, fields=sorted(fields))
            present.refresh_from_db()
    return present


def switch_issuer(*, issuer: TrustedIssuer, active: bool, at: datetime, actor: Actor) -> TrustedIssuer:
    """Have an issuer's tokens count, or not. As it is already, nothing is written."""
    with db.transaction():
        present = _locked(issuer)
        if present.active != active:
            TrustedIssuer.objects.filter(pk=present.pk).update(active=active, version=F("version") + 1)
            _record(EventType.TRUSTED_ISSUER_UPDATED, present, at, actor, fields=["active"])
            present.refresh_from_db()
    return present


def forget_issuer(*, issuer: TrustedIssuer, at: datetime, actor: Actor) -> None:
    """Trust an issuer no longer, and forget its keys. Raises IssuerUnknown if somebody was faster."""
    with db.transaction():
        present = _locked(issuer)
        _record(EventType.TRUSTED_ISSUER_DELETED, present, at, actor)
        present.delete()


def published(url: str, *, ask: Ask = outbound.request) -> Published:
    """Return the keys that are published at an address right now. Changes nothing; outside a transaction.

    Raises OutboundUrlInvalid, OutboundRefused, OutboundFailed; IssuerKeysUnreachable; IssuerKeyInvalid.
    """
    answer = ask(
        "GET", url, headers={"Accept": "application/jwk-set+json, application/json"}, body=None, seconds=8.0,
        most_bytes=_MOST_BYTES + 1,
    )  # fmt: skip
    if answer.status != 200:
        raise IssuerKeysUnreachable(
            said(
                "{host} answered {status}; it should be 200 with a JWK set",
                host=urlsplit(url).hostname,
                status=str(answer.status),
            ),
            pointer="/jwks_url",
        )
    if len(answer.body) > _MOST_BYTES:
        raise IssuerKeysUnreachable("what is published there has more than 64 kB", pointer="/jwks_url")
    try:
        document = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError) as reason:
        raise IssuerKeyInvalid("what is published there is not JSON", pointer="/jwks_url") from reason
    return Published(tuple(issuer_keys.from_set(document, pointer="/jwks_url")), answer.milliseconds)


def _checked(told: IssuerDetails) -> dict[str, object]:
    name, issuer, jwks_url = told["name"].strip(), told["issuer"].strip(), told["jwks_url"].strip()
    if not 1 <= len(name) <= 100 or "\0" in name:
        raise FieldInvalid("a name should have 1 to 100 characters", pointer="/name")
    _check_issuer(issuer)
    if jwks_url and told["keys"].strip():
        raise FieldInvalid("either an address where keys are published, or pasted keys: not both", pointer="/keys")
    if jwks_url:
        _check_address(jwks_url)
    keys = [] if jwks_url else issuer_keys.read(told["keys"])
    return {"name": name, "issuer": issuer, "jwks_url": jwks_url, "keys": keys}


def _check_issuer(issuer: str) -> None:
    try:
        parts = urlsplit(issuer)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    printable = issuer.isascii() and issuer.isprintable() and " " not in issuer
    if not host or not printable or len(issuer) > 500 or parts.scheme != "https" or parts.query or parts.fragment:
        raise FieldInvalid(
            "an issuer should be an address such as https://club.example, exactly as its tokens say it (iss)",
            pointer="/issuer",
        )


def _check_address(url: str) -> None:
    if len(url) > 2_000:
        raise FieldInvalid("an address should have at most 2,000 characters", pointer="/jwks_url")
    try:
        outbound.check_url(url)
    except (OutboundUrlInvalid, OutboundRefused) as refusal:
        raise type(refusal)(refusal.detail, pointer="/jwks_url") from refusal


def _locked(issuer: TrustedIssuer) -> TrustedIssuer:
    row = TrustedIssuer.objects.select_for_update(no_key=False).filter(pk=issuer.pk).first()
    if row is None:
        raise IssuerUnknown("there is no such issuer any more")
    return row


def _or_taken(write: Callable[[], object]) -> None:
    try:
        with db.transaction():
            write()
    except IntegrityError as reason:
        raise IssuerTaken("this issuer is trusted already: change that one instead", pointer="/issuer") from reason


def _record(what: EventType, row: TrustedIssuer, at: datetime, actor: Actor, **data: object) -> None:
    events.record(
        events.Happened(
            organization_id=row.organization_id,
            type=what,
            at=at,
            actor=actor,
            data={"issuer": _public_id(row.pk), **data},
        )
    )


def _public_id(key: UUID) -> str:
    return ids.to_text(ids.Prefix.TRUSTED_ISSUER, key)
