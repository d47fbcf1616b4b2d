"""Who a subject of the access API is (4-interfaces, "Access API")."""

from typing import Final
from uuid import UUID

from tessera.access.types import TOKEN, Reason
from tessera.core import ids
from tessera.core.errors import NotFound
from tessera.core.ids import Prefix
from tessera.identity import app_tokens, signatures
from tessera.identity.errors import TokenInvalid
from tessera.identity.signatures import Kind
from tessera.organizations.models import Organization
from tessera.people.errors import ReferenceAmbiguous
from tessera.people.models import Customer
from tessera.people.references import LONGEST, customer_by_ref

CUSTOMER: Final = "customer"
USER: Final = "user"


def customer_of(
    organization: Organization, subject_type: str, subject_id: str, audience: str | None = None
) -> UUID | Reason:
    """Return the key of the customer that a subject is, or the reason why it is nobody in particular.

    `customer` takes any reference; the ids of `user`, and of the types an organization lists, are the caller's own.
    The key may be of no customer, or of one merged into another: the decision finds out. An id costs no query.
    An id of more than 300 characters is nobody's. `token` takes an access or app token of ours, which costs a query or
    two; `audience` is what its `aud` has to be, None: anything.
    """
    if subject_type == TOKEN:
        return _bearer(organization, subject_id, audience)
    if len(subject_id) > LONGEST:
        return Reason.CUSTOMER_UNKNOWN
    if subject_type == CUSTOMER:
        return _referred(organization, subject_id)
    if subject_type == USER or subject_type in organization.subject_types:
        rows = Customer.objects.filter(organization=organization, external_id=subject_id)
        found: UUID | None = rows.values_list("pk", flat=True).first()
        return found or Reason.CUSTOMER_UNKNOWN
    return Reason.CUSTOMER_UNKNOWN


def _referred(organization: Organization, ref: str) -> UUID | Reason:
    key = ids.from_text(Prefix.CUSTOMER, ref)
    if key is not None:
        return key
    try:
        found: UUID = customer_by_ref(organization, ref).pk
    except NotFound:
        return Reason.CUSTOMER_UNKNOWN
    except ReferenceAmbiguous:
        return Reason.REFERENCE_AMBIGUOUS
    return found


def _bearer(organization: Organization, token: str, audience: str | None) -> UUID | Reason:
    try:
        found = signatures.verified(
            token,
            kinds=(Kind.ACCESS, Kind.APP),
            organization=organization,
            audience=audience,
            at=signatures.present_instant(),
        )
    except TokenInvalid:
        return Reason.TOKEN_INVALID
    if found.kind is Kind.APP and not app_tokens.goes_on(organization, found):
        return Reason.TOKEN_INVALID
    return ids.from_text(Prefix.CUSTOMER, found.customer) or Reason.TOKEN_INVALID
