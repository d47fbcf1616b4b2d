"""Passkeys of customers (WebAuthn Level 3): made by whoever is signed in, signed in with at the portal. Real time.

What the browser is asked goes with a *state*: the challenge, signed, and bound to who was asked. A page sends it back
with the answer. It is good for five minutes and one answer, so that nothing is written before somebody answers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_bytes
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.db import IntegrityError
from fido2.rpid import verify_rp_id
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tessera import db
from tessera.core import clock, ids
from tessera.core.ids import Prefix, new_id
from tessera.core.phrases import said
from tessera.events import services as events
from tessera.events.types import Actor, EventType
from tessera.http import limits
from tessera.identity import sessions
from tessera.identity.errors import PasskeyUnknown, TooManyPasskeys
from tessera.identity.models import Passkey, UsedToken
from tessera.identity.types import Begun, How, SignedIn, Surface
from tessera.organizations.errors import FieldInvalid, PasskeyRefused
from tessera.organizations.models import Organization
from tessera.organizations.time import now
from tessera.people.errors import CustomerErased, CustomerMerged
from tessera.people.models import Customer
from tessera.people.present import locked

MOST: Final = 10
LIVES: Final = timedelta(minutes=5)
_LONGEST: Final = 20_000  # characters of an answer
_SALT: Final = "tessera.identity.passkeys"
_REQUIRED: Final = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser is asked, as JSON (`{"publicKey": …}`), and what the page sends back with the answer."""

    options: str
    state: str


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey as its owner sees it."""

    id: str
    name: str
    created_at: datetime
    used_at: datetime | None


def passkeys_of(customer: Customer) -> list[PasskeyView]:
    """Return the customer's passkeys, the oldest first. One query."""
    return [_view(row) for row in Passkey.objects.filter(customer=customer).order_by("created_at", "id")]


def question_to_make(signed_in: SignedIn, *, domain: str) -> Question:
    """Return what the browser is asked to make. `domain` is what `organizations.adapters.passkey_domain` says.

    The device has to know its owner (by a finger, a face, a PIN), and to offer the passkey by itself next time.
    """
    customer = signed_in.customer
    challenge = token_bytes(32)
    options, _ = _server(domain, signed_in.organization.name).register_begin(
        PublicKeyCredentialUserEntity(
            id=customer.pk.bytes, name=signed_in.address or customer.name, display_name=customer.name
        ),
        credentials=[_credential(row) for row in Passkey.objects.filter(customer=customer)],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_REQUIRED,
        challenge=challenge,
        extensions={"credProps": True},
    )
    return Question(json.dumps(dict(options)), _state("make", domain, signed_in.session_id.hex, challenge))


def make(signed_in: SignedIn, *, domain: str, state: str, answer: str, name: str) -> PasskeyView:
    """Keep the passkey that the browser has just made, as JSON in `answer`, under a name.

    Raises PasskeyRefused; FieldInvalid for the name; TooManyPasskeys.
    """
    name = _checked_name(name)
    if signed_in.how is How.TOKEN:
        raise PasskeyRefused("sign in with a code first: a passkey opens more than one visit", pointer="/passkey")
    customer = signed_in.customer
    challenge = _challenge(state, "make", domain, signed_in.session_id.hex)
    credential = _read(answer)
    try:
        made = _server(domain).register_complete(_asked(challenge), credential)
        data = made.credential_data
        if data is None:
            raise ValueError("no key")
    except (ValueError, KeyError, TypeError, AttributeError) as reason:
        raise _refused() from reason
    row = Passkey(
        id=new_id(), organization=signed_in.organization, customer=customer, name=name,
        credential_hash=_hash(data.credential_id), credential=bytes(data), user_handle=customer.pk.hex,
        sign_count=made.counter, created_at=clock.now(),
    )  # fmt: skip
    with db.transaction():
        _spend(signed_in.organization, challenge)
        locked(customer)
        if Passkey.objects.filter(customer=customer).count() >= MOST:
            raise TooManyPasskeys(said("you have {most} passkeys: remove one first", most=MOST))
        try:
            with db.transaction():
                row.save(force_insert=True)
        except IntegrityError as reason:
            raise PasskeyRefused("this passkey is known already", pointer="/passkey") from reason
        _record(EventType.CUSTOMER_PASSKEY_ADDED, row)
    return _view(row)


def question(*, domain: str, browser: str) -> Question:
    """Return what a browser is asked to sign, by any passkey it has for here; `browser` is its secret.

    It names nobody, so that it tells nobody who has a passkey.
    """
    challenge = token_bytes(32)
    options, _ = _server(domain).authenticate_begin(user_verification=_REQUIRED, challenge=challenge)
    return Question(json.dumps(dict(options)), _state("sign_in", domain, browser, challenge))


def sign_in(
    *,
    organization: Organization,
    domain: str,
    browser: str,
    state: str,
    answer: str,
    device: str,
    client_address: str,
) -> Begun:
    """Sign in, at the portal, whoever's passkey has signed what this browser was asked. `device` is its User-Agent.

    Raises PasskeyRefused, whatever is wrong with it; TooManyRequests.
    """
    limits.passkey_attempt(address=client_address)
    challenge = _challenge(state, "sign_in", domain, browser)
    credential = _read(answer)
    try:
        response = AuthenticationResponse.from_dict(credential)
        row = _passkey(organization, response.raw_id)
        _server(domain).authenticate_complete(_asked(challenge), [_credential(row)], response)
        handle, counter = response.response.user_handle, response.response.authenticator_data.counter
    except (ValueError, KeyError, TypeError, AttributeError) as reason:
        raise _refused() from reason
    if handle is not None and bytes(handle).hex() != row.user_handle:
        raise _refused()
    if (counter or row.sign_count) and counter <= row.sign_count:  # WebAuthn, 7.2, step 22: perhaps a copy
        with db.transaction():
            _record(EventType.CUSTOMER_PASSKEY_DOUBTED, row)
        raise _refused()
    with db.transaction():
        try:
            locked(row.customer)
        except (CustomerMerged, CustomerErased) as reason:  # just now
            raise _refused() from reason
        _spend(organization, challenge)
        as_read = Passkey.objects.filter(pk=row.pk, sign_count=row.sign_count)
        if not as_read.update(sign_count=counter, used_at=clock.now()):
            raise _refused()
        return sessions.open_session(
            organization=organization, customer=row.customer, surface=Surface.PORTAL, how=How.PASSKEY, address="",
            device=device,
        )  # fmt: skip


def rename(*, customer: Customer, passkey: str, name: str) -> PasskeyView:
    """Give one of the customer's passkeys another name. Raises PasskeyUnknown, FieldInvalid."""
    name = _checked_name(name)
    with db.transaction():
        row = _own(customer, passkey)
        if row.name != name:
            Passkey.objects.filter(pk=row.pk).update(name=name)
            row.name = name
            _record(EventType.CUSTOMER_PASSKEY_RENAMED, row)
    return _view(row)


def forget(*, customer: Customer, passkey: str, actor: Actor | None = None) -> None:
    """Have one of the customer's passkeys sign nobody in any more. `actor` None: themselves. Raises PasskeyUnknown."""
    with db.transaction():
        row = _own(customer, passkey)
        _record(EventType.CUSTOMER_PASSKEY_REMOVED, row, actor)
        row.delete()


def _own(customer: Customer, passkey: str) -> Passkey:
    key = ids.from_text(Prefix.PASSKEY, passkey)
    row = None if key is None else Passkey.objects.select_for_update().filter(customer=customer, pk=key).first()
    if row is None:
        raise PasskeyUnknown("there is no such passkey")
    row.customer = customer
    return row


def _passkey(organization: Organization, credential_id: bytes) -> Passkey:
    rows = Passkey.objects.filter(organization=organization, credential_hash=_hash(credential_id))
    row = rows.filter(customer__merged_into=None).select_related("customer__organization").first()
    if row is None:
        raise _refused()
    return row


def _server(domain: str, name: str = "Tessera") -> Fido2Server:
    """WebAuthn allows pages below the domain too; here only our own address counts."""
    base = urlsplit(settings.BASE_URL)
    own = f"{base.scheme}://{base.netloc}"
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=domain, name=name),
        verify_origin=lambda origin: origin == own if domain != "localhost" else verify_rp_id(domain, origin),
    )


def _state(purpose: str, domain: str, asked: str, challenge: bytes) -> str:
    told = [purpose, domain, _hash(asked.encode()), websafe_encode(challenge)]
    return signing.dumps(told, salt=_SALT, compress=False)


def _challenge(state: str, purpose: str, domain: str, asked: str) -> str:
    """Return the challenge of a state that was given for this, to whom is asked now. Raises PasskeyRefused."""
    try:
        told = signing.loads(state[:_LONGEST], salt=_SALT, max_age=LIVES)
    except signing.BadSignature as reason:
        raise _refused() from reason
    if told[:3] != [purpose, domain, _hash(asked.encode())]:
        raise _refused()
    return str(told[3])


def _spend(organization: Organization, challenge: str) -> None:
    """Have a challenge count once. Part of what it is answered for. Raises PasskeyRefused if it was answered before."""
    spent = UsedToken(
        organization=organization, token_hash=_hash(f"passkey {challenge}".encode()), expires_at=clock.now() + LIVES
    )
    try:
        with db.transaction():
            spent.save(force_insert=True)
    except IntegrityError as reason:
        raise _refused() from reason


def _asked(challenge: str) -> Mapping[str, object]:
    return {"challenge": websafe_encode(websafe_decode(challenge)), "user_verification": _REQUIRED}


def _credential(row: Passkey) -> AttestedCredentialData:
    return AttestedCredentialData(bytes(row.credential))


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > _LONGEST:
        raise _refused()
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError) as reason:
        raise _refused() from reason
    if not isinstance(found, dict):
        raise _refused()
    return found


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise FieldInvalid("give the passkey a name of 1 to 100 characters, such as Phone", pointer="/name")
    return name


def _view(row: Passkey) -> PasskeyView:
    return PasskeyView(ids.to_text(Prefix.PASSKEY, row.pk), row.name, row.created_at, row.used_at)


def _hash(value: bytes) -> str:
    return sha256(value).hexdigest()


def _record(what: EventType, row: Passkey, actor: Actor | None = None) -> None:
    customer = row.customer
    events.record(
        events.Happened(
            organization_id=row.organization_id,
            type=what,
            at=now(customer.organization),
            actor=actor or Actor.customer(customer.pk),
            customer_id=customer.pk,
            data={"passkey": ids.to_text(Prefix.PASSKEY, row.pk)},
        )
    )


def _refused() -> PasskeyRefused:
    return PasskeyRefused("that passkey could not be checked: try again, or choose another way", pointer="/passkey")
