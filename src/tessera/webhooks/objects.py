"""What an event is about, as the API shows it now: the object that a message carries, or names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tessera.core import ids
from tessera.core.errors import NotFound
from tessera.core.ids import Prefix
from tessera.events.queries import EventLine
from tessera.http.schemas import Out
from tessera.memberships import queries as memberships
from tessera.memberships.schemas import MembershipOut
from tessera.organizations.api import OrganizationOut
from tessera.organizations.models import Organization
from tessera.people import queries as people
from tessera.people.models import Affiliation
from tessera.people.schemas import AffiliationOut, CompanyOut, CustomerOut
from tessera.plans import queries as plans
from tessera.plans.models import Permission
from tessera.plans.schemas import PermissionOut, PlanOut
from tessera.webhooks import queries
from tessera.webhooks.schemas import EndpointOut


@dataclass(frozen=True, slots=True)
class Subject:
    """What an event is about. `shown` is what the API shows of it; None where it is no longer there."""

    kind: str
    id: str
    shown: Mapping[str, Any] | None


def subject_of(organization: Organization, line: EventLine, *, at: datetime) -> Subject | None:
    """Return what the event is about as it is at `at`; None if that is nothing that the API shows (staff, keys).

    A customer who was merged into another one is that one, as everywhere.
    """
    noun = line.type.partition(".")[0]
    kind = "plan" if noun == "price" else noun  # prices are shown with their plan
    if kind not in _KINDS:
        return None
    prefix, read = _KINDS[kind]
    key = _key(organization, kind, line)
    if key is None:
        return None
    text = ids.to_text(prefix, key)
    try:
        shown = read(organization, text, at).model_dump(mode="json")
    except NotFound:
        return Subject(kind, text, None)
    return Subject(kind, str(shown["id"]), shown)


def _key(organization: Organization, kind: str, line: EventLine) -> UUID | None:
    columns = {
        "organization": organization.pk,
        "customer": line.customer_id,
        "company": line.company_id,
        "membership": line.membership_id,
        "plan": line.plan_id,
    }
    if kind in columns:
        return columns[kind]
    member = "endpoint" if kind == "webhook_endpoint" else kind
    return ids.from_text(_KINDS[kind][0], str(line.data.get(member, "")))


def _uuid(prefix: Prefix, ref: str) -> UUID:
    key = ids.from_text(prefix, ref)
    assert key is not None  # it was made from one
    return key


def _organization(organization: Organization, ref: str, at: datetime) -> Out:
    return OrganizationOut.of(organization)


def _customer(organization: Organization, ref: str, at: datetime) -> Out:
    return CustomerOut.of(people.customer(people.customer_by_ref(organization, ref)))


def _company(organization: Organization, ref: str, at: datetime) -> Out:
    return CompanyOut.of(people.company(people.company_by_ref(organization, ref)))


def _affiliation(organization: Organization, ref: str, at: datetime) -> Out:
    rows = Affiliation.objects.filter(organization=organization).select_related("customer", "company")
    row = rows.filter(pk=_uuid(Prefix.AFFILIATION, ref)).first()
    if row is None:
        raise NotFound("there is no such affiliation")
    return AffiliationOut.of(people.affiliated(row, at))


def _membership(organization: Organization, ref: str, at: datetime) -> Out:
    key = _uuid(Prefix.MEMBERSHIP, ref)
    return MembershipOut.of(memberships.membership(organization=organization, membership_id=key, at=at))


def _plan(organization: Organization, ref: str, at: datetime) -> Out:
    return PlanOut.of(plans.plan(plans.plan_by_id(organization, ref)))


def _permission(organization: Organization, ref: str, at: datetime) -> Out:
    # By its id: another one may have been given the key of one that was deleted.
    row = Permission.objects.filter(organization=organization, pk=_uuid(Prefix.PERMISSION, ref)).first()
    if row is None:
        raise NotFound("there is no such permission")
    return PermissionOut.of(plans.permission(row))


def _endpoint(organization: Organization, ref: str, at: datetime) -> Out:
    return EndpointOut.of(queries.endpoint(queries.endpoint_by_id(organization, ref)))


_Read = Callable[[Organization, str, datetime], Out]
_KINDS: Final[Mapping[str, tuple[Prefix, _Read]]] = {
    "organization": (Prefix.ORGANIZATION, _organization),
    "customer": (Prefix.CUSTOMER, _customer),
    "company": (Prefix.COMPANY, _company),
    "affiliation": (Prefix.AFFILIATION, _affiliation),
    "membership": (Prefix.MEMBERSHIP, _membership),
    "plan": (Prefix.PLAN, _plan),
    "permission": (Prefix.PERMISSION, _permission),
    "webhook_endpoint": (Prefix.WEBHOOK_ENDPOINT, _endpoint),
}
