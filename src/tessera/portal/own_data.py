"""A member's own data: a copy of it to take along, and the wish to be deleted."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from enum import Enum
from typing import Any, cast
from uuid import UUID

import msgspec
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.events import queries as events
from tessera.events.types import EventType
from tessera.http import limits
from tessera.http.errors import TooManyRequests
from tessera.identity import linking, passkeys, signing_in
from tessera.memberships import queries as memberships
from tessera.organizations.formatting import Formats
from tessera.organizations.models import Organization
from tessera.people import own_data as wishes
from tessera.people import queries as people
from tessera.people.models import Customer
from tessera.portal.access import Member, member_may
from tessera.portal.pages import done, page, refusal_of
from tessera.signup import queries as signup
from tessera.signup.pages.steps import too_many

_A_BLOCK = 200
# What staff file, or write for each other, is theirs to give, and may tell of others (docs/decisions/0032-portal.md).
_STAFF_ONLY = ("tags", "ban_reason")
_OF_STAFF = {each for each in EventType if each.startswith("note.")}


@member_may
def own_data(member: Member) -> HttpResponse:
    """Say what there is, and what can be asked."""
    return _shown(member)


@member_may
def download(member: Member) -> HttpResponse:
    """Answer with the whole record as JSON, part by part. Each copy is put down in the log."""
    if member.request.method != "POST":
        return done(member, member.address("own_data"))
    try:
        limits.own_data_asked_for(customer=member.customer.pk)
    except TooManyRequests as spent:
        return _shown(member, problem=too_many(spent), status=429)
    refusal = refusal_of(lambda: wishes.record_download(customer=member.customer, at=member.at, actor=member.actor))
    if refusal is not None:
        raise refusal
    name = f"{member.organization.slug}-{member.customer.number}.json"
    parts = document(member.organization, member.customer, member.at)
    answer = StreamingHttpResponse(parts, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return cast("HttpResponse", answer)  # what every view answers with, as far as decorators look


@member_may
def deletion(member: Member) -> HttpResponse:
    """Ask to be deleted, or take that back."""
    if member.request.method != "POST":
        return done(member, member.address("own_data"))
    asks = member.request.POST.get("wish") == "delete"
    verb = wishes.ask_deletion if asks else wishes.withdraw_deletion
    refusal = refusal_of(lambda: verb(customer=member.customer, at=member.at, actor=member.actor))
    if refusal is not None:
        raise refusal
    return done(member, member.address("own_data", done="deletion" if asks else "deletion-withdrawn"))


def document(organization: Organization, customer: Customer, at: datetime) -> Iterator[bytes]:
    """Yield a customer's whole record as one JSON document: who, contacts, companies, memberships with their terms,
    answers, terms accepted, how they sign in, and every event about them. Reads a part at a time."""
    known = {name: value for name, value in asdict(people.customer(customer)).items() if name not in _STAFF_ONLY}
    yield b'{"organization":' + _json({"name": organization.name, "slug": organization.slug})
    yield b',"as_of":' + _json(at)
    yield b',"customer":' + _json({**known, "id": ids.to_text(Prefix.CUSTOMER, customer.pk)})
    yield b',"companies":' + _json(_companies(customer, at))
    yield b',"memberships":['
    yield from _each(_memberships(organization, customer, at))
    yield b'],"answers":' + _json([asdict(each) for each in signup.answers_of(customer)])
    yield b',"terms_accepted":' + _json([asdict(each) for each in signup.acceptances_of(customer)])
    yield b',"sessions":' + _json([asdict(each) for each in signing_in.sessions_of(customer)])
    yield b',"passkeys":' + _json([asdict(each) for each in passkeys.passkeys_of(customer)])
    yield b',"sites":' + _json([asdict(each) for each in linking.sites_of(customer)])
    yield b',"deletion_asked_at":' + _json(wishes.asked_at(customer))
    yield b',"events":['
    yield from _each(_events(organization, customer))
    yield b"]}\n"


def _each(found: Iterator[Any]) -> Iterator[bytes]:
    for number, each in enumerate(found):
        yield (b"," if number else b"") + _json(each)


def _companies(customer: Customer, at: datetime) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        rows = people.companies_of(customer, at=at, limit=_A_BLOCK, cursor=cursor)
        for each in rows.data:
            told = ("company_name", "company_number", "starts_at", "ends_at", "title", "company_admin", "via")
            found.append({name: getattr(each, name) for name in told})
        if (cursor := rows.next_cursor) is None:
            return found


def _memberships(organization: Organization, customer: Customer, at: datetime) -> Iterator[dict[str, Any]]:
    views = memberships.held_by_customer(organization=organization, customer=customer, at=at)
    for view in views:
        if view.inherited_from is not None:
            told = ("status", "plan", "inherited_from", "starts_at", "ends_at", "permissions")
            yield {name: getattr(view, name) for name in told}
        else:
            life = memberships.life(organization=organization, membership_id=view.id, at=at)
            pauses = [
                {"starts_at": each.starts_at, "ends_at": each.ends_at, "reason": each.reason} for each in life.pauses
            ]
            yield {**_public(life.view), "terms": [_public(each) for each in life.terms], "pauses": pauses}


def _public(view: Any) -> dict[str, Any]:
    return {name: value for name, value in asdict(view).items() if name not in ("anchor", "booked_by", "pause")}


def _events(organization: Organization, customer: Customer) -> Iterator[dict[str, Any]]:
    """What happened to them. Who of the staff did something stays between the organization and them."""
    cursor, merged = None, people.merged_ids(customer)
    while True:
        lines, cursor = events.timeline(
            organization, customer_id=customer.pk, merged_ids=merged, limit=_A_BLOCK, cursor=cursor
        )
        for line in lines:
            if line.type in _OF_STAFF:
                continue
            yield {"type": str(line.type), "at": line.at, "by": line.actor.partition(":")[0], "data": line.data}
        if cursor is None:
            return


def _json(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID | date):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    return str(value)


def _shown(member: Member, *, problem: str = "", status: int = 200) -> HttpResponse:
    asked = wishes.asked_at(member.customer)
    return page(
        member,
        "portal/own_data.html",
        place="own_data",
        status=status,
        problem=problem,
        asked=_since(asked, member.formats) if asked is not None else "",
    )


def _since(asked: datetime, formats: Formats) -> str:
    return gettext("since %(day)s") % {"day": formats.moment(asked)}
