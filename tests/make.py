"""Makers: records for tests, put straight into the database with sensible defaults.

They go round the services on purpose: a test of a rule may begin in any state that the database allows.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import count
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

from tessera.console.models import SavedView
from tessera.core import clock
from tessera.core.periods import Interval
from tessera.events.models import Event
from tessera.files import services as files
from tessera.files.models import Picture
from tessera.files.types import Kind
from tessera.http.scopes import Scope
from tessera.jobs.models import Job
from tessera.jobs.types import State
from tessera.memberships.models import BulkRun, Membership, Pause, Term
from tessera.memberships.types import BulkAction, BulkState, EndedReason
from tessera.organizations import issuer_keys
from tessera.organizations.models import ApiKey, Organization, Staff, TrustedIssuer, User
from tessera.organizations.rights import Role
from tessera.people import contacts, numbers, searching
from tessera.people.models import Affiliation, Company, Customer, CustomerEmail, CustomerPhone
from tessera.people.names import name_key
from tessera.people.types import CompanyStatus, CustomerStatus, Source, Via
from tessera.plans.models import Permission, PermissionTarget, Plan, PlanPermission, Price
from tessera.plans.types import Audience, Billing, Rule, Visibility
from tessera.transfer import spool
from tessera.transfer.models import Export, Import
from tessera.transfer.types import ExportStatus, ImportStatus
from tessera.transfer.types import Kind as ImportKind
from tessera.webhooks import signatures
from tessera.webhooks.models import Delivery, DeliveryAttempt, WebhookEndpoint
from tessera.webhooks.types import DeliveryStatus, DisabledReason, Payload

JAN_10 = datetime(2026, 1, 10, 12, tzinfo=UTC)
FEB_10 = datetime(2026, 2, 10, 12, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
ACTOR = "system:tests"

_serial = count(1)
_FIRST_NAMES = ("Ada", "Bruno", "Chidi", "Dalia", "Edith", "Femi", "Grace", "Hugo", "Ines", "Jonas")
_LAST_NAMES = ("Ashby", "Brandt", "Coker", "Delacroix", "Eriksen", "Fontaine", "Gallagher")


def organization(
    name: str = "Strand House",
    *,
    slug: str | None = None,
    time_zone: str = "Europe/London",
    currency: str = "GBP",
    locale: str = "en-GB",
    grace_days: int = 7,
    reminder_days: int = 7,
    subject_types: Sequence[str] = (),
    test_now: datetime | None = None,
) -> Organization:
    """A live organization in London; with `test_now` a test organization whose clock stands there."""
    return Organization.objects.create(
        slug=slug or f"club-{next(_serial)}",
        name=name,
        time_zone=time_zone,
        currency=currency,
        locale=locale,
        grace_days=grace_days,
        reminder_days=reminder_days,
        subject_types=list(subject_types),
        is_test=test_now is not None,
        test_now=test_now,
        created_at=JAN_10,
    )


def staff(
    club: Organization,
    role: Role = Role.OWNER,
    *,
    name: str = "Sam Steward",
    email: str | None = None,
    password: str | None = None,
    disabled_at: datetime | None = None,
) -> Staff:
    """Somebody who works for the organization; can sign in only if a password is given (hashing is slow)."""
    user = User(email=email or f"staff-{next(_serial)}@club.example", name=name, created_at=JAN_10)
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    user.save()
    return Staff.objects.create(organization=club, user=user, role=role, disabled_at=disabled_at, created_at=JAN_10)


def key(
    club: Organization,
    scopes: Iterable[Scope] = tuple(Scope),
    *,
    name: str = "Tests",
    made_by: Staff | None = None,
    expires_at: datetime | None = None,
    revoked_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """An API key with all scopes unless told, and its secret."""
    secret = f"tk_{'test' if club.is_test else 'live'}_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        organization=club,
        name=name,
        hint=secret[:12],
        secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
        scopes=[str(scope) for scope in scopes],
        made_by=made_by,
        expires_at=expires_at,
        revoked_at=revoked_at,
        created_at=JAN_10,
    )
    return row, secret


def trusted_issuer(club: Organization, issuer: str = "", *, active: bool = True) -> TrustedIssuer:
    """A site that signs with a key of its own."""
    site = issuer or f"https://site-{next(_serial)}.example"
    key = Ed25519PrivateKey.generate().public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return TrustedIssuer.objects.create(
        organization=club, name="Website", issuer=site, keys=issuer_keys.read(pem), active=active, created_at=JAN_10
    )


def customer(
    club: Organization,
    *,
    first_name: str | None = None,
    last_name: str | None = None,
    display_name: str = "",
    emails: Sequence[str] = (),
    verified_emails: Sequence[str] = (),
    phones: Sequence[str] = (),
    external_id: str | None = None,
    number: str | None = None,
    status: CustomerStatus = CustomerStatus.ACTIVE,
    ban_reason: str = "",
    merged_into: Customer | None = None,
    tags: Sequence[str] = (),
    created_at: datetime = JAN_10,
) -> Customer:
    """A person with a name of their own; `verified_emails` come after `emails`."""
    serial = next(_serial)
    first = _FIRST_NAMES[serial % len(_FIRST_NAMES)] if first_name is None else first_name
    last = _LAST_NAMES[serial % len(_LAST_NAMES)] if last_name is None else last_name
    own_number = number or numbers.take(numbers.Series.CUSTOMER, organization_id=club.pk)
    person = Customer.objects.create(
        organization=club,
        number=own_number,
        external_id=external_id,
        first_name=first,
        last_name=last,
        display_name=display_name,
        name_key=name_key(display_name or f"{first} {last}".strip() or own_number, first, last),
        status=status,
        ban_reason=ban_reason or ("Broke the rules" if status == CustomerStatus.BANNED else ""),
        source=Source.STAFF,
        merged_into=merged_into,
        created_at=created_at,
    )
    for position, address in enumerate([*emails, *verified_emails]):
        CustomerEmail.objects.create(
            organization=club,
            customer=person,
            address=address,
            key=address.casefold(),
            verified_at=created_at if address in verified_emails else None,
            position=position,
        )
    for position, phone in enumerate(phones):
        CustomerPhone.objects.create(organization=club, customer=person, number=phone, position=position)
    contacts.write_tags(person, tags)
    searching.index_customers([person.pk])
    return person


def company(
    club: Organization,
    name: str | None = None,
    *,
    external_id: str | None = None,
    number: str | None = None,
    email: str = "",
    phone: str = "",
    email_domains: Sequence[str] = (),
    tags: Sequence[str] = (),
    status: CompanyStatus = CompanyStatus.ACTIVE,
    created_at: datetime = JAN_10,
) -> Company:
    """A company with a name of its own."""
    trading_name = name or f"Acme {next(_serial)} Ltd"
    firm = Company.objects.create(
        organization=club,
        number=number or numbers.take(numbers.Series.COMPANY, organization_id=club.pk),
        external_id=external_id,
        name=trading_name,
        name_key=name_key(trading_name),
        email=email,
        phone=phone,
        email_domains=list(email_domains),
        tags=list(tags),
        status=status,
        created_at=created_at,
    )
    contacts.write_tags(firm, tags)
    searching.index_companies([firm.pk])
    return firm


def affiliation(
    person: Customer,
    employer: Company,
    *,
    starts_at: datetime = JAN_10,
    ends_at: datetime | None = None,
    recorded_at: datetime | None = None,
    title: str = "",
    company_admin: bool = False,
    primary_contact: bool = False,
    via: Via = Via.STAFF,
) -> Affiliation:
    """The person belongs to the company over `[starts_at, ends_at)`; recorded when it starts unless told."""
    recorded = recorded_at or starts_at
    return Affiliation.objects.create(
        organization_id=person.organization_id,
        customer=person,
        company=employer,
        starts_at=starts_at,
        ends_at=ends_at,
        recorded_at=recorded,
        queue_at=max(starts_at, recorded),
        title=title,
        company_admin=company_admin,
        primary_contact=primary_contact,
        via=via,
    )


def employee(employer: Company, *, starts_at: datetime = JAN_10, ends_at: datetime | None = None) -> Customer:
    """A new person who belongs to the company."""
    person = customer(employer.organization)
    affiliation(person, employer, starts_at=starts_at, ends_at=ends_at)
    return person


def permission(
    club: Organization, key: str = "pool", *, targets: Sequence[str] = (), name: str | None = None
) -> Permission:
    """A permission; targets are written `enter door:main`. One that exists only gets the targets added."""
    row, _ = Permission.objects.get_or_create(
        organization=club, key=key, defaults={"name": name or key.capitalize(), "created_at": JAN_10}
    )
    for target in targets:
        action, _, resource = target.partition(" ")
        resource_type, _, resource_id = resource.partition(":")
        PermissionTarget.objects.create(
            organization=club,
            permission=row,
            action=action,
            resource_type=resource_type,
            resource_id=resource_id,
        )
    return row


def plan(
    club: Organization,
    name: str | None = None,
    *,
    permissions: Sequence[str | Permission] = (),
    amount: int = 3500,
    interval: Interval = Interval.MONTH,
    interval_count: int = 1,
    billing: Billing = Billing.RECURRING,
    trial_days: int = 0,
    audience: Audience = Audience.BOTH,
    visibility: Visibility = Visibility.PUBLIC,
    rule: Rule = Rule.ROLLING,
    cycle_start: str = "",
    cycle_rollover: str = "",
    needs_approval: bool = False,
    seats: int | None = None,
    pauses_allowed: bool = False,
    pauses_extend: bool = False,
    revival_days: int = 0,
    position: int = 0,
    archived_at: datetime | None = None,
) -> Plan:
    """A plan with one active price; permissions named by key are made if there are none."""
    row = Plan.objects.create(
        organization=club,
        name=name or f"Gold {next(_serial)}",
        audience=audience,
        rule=rule,
        cycle_start=cycle_start,
        cycle_rollover=cycle_rollover,
        visibility=visibility,
        needs_approval=needs_approval,
        seats=seats,
        pauses_allowed=pauses_allowed,
        pauses_extend=pauses_extend,
        revival_days=revival_days,
        position=position,
        archived_at=archived_at,
        created_at=JAN_10,
    )
    for each in permissions:
        granted = permission(club, each) if isinstance(each, str) else each
        PlanPermission.objects.create(plan=row, permission=granted)
    price(
        row,
        amount=amount,
        interval=interval,
        interval_count=interval_count,
        billing=billing,
        trial_days=trial_days,
    )
    return row


def price(
    of: Plan,
    *,
    amount: int = 3500,
    currency: str | None = None,
    interval: Interval = Interval.MONTH,
    interval_count: int = 1,
    billing: Billing = Billing.RECURRING,
    trial_days: int = 0,
    joining_fee: int = 0,
    active: bool = True,
    created_at: datetime = JAN_10,
) -> Price:
    """One more price of a plan; an open-ended one has no interval."""
    return Price.objects.create(
        organization_id=of.organization_id,
        plan=of,
        amount_minor=amount,
        currency=currency or of.organization.currency,
        billing=billing,
        interval="" if billing == Billing.OPEN else interval,
        interval_count=interval_count,
        trial_days=trial_days,
        joining_fee_minor=joining_fee,
        active=active,
        created_at=created_at,
    )


def parked_job(
    club: Organization | None, task: str = "tessera.webhooks.tasks.send", *, error: str = "ValueError: no"
) -> Job:
    """A job that failed for good; of nobody's in particular without a club."""
    return Job.objects.create(
        organization_id=club.pk if club else None,
        task=task,
        arguments={"args": [], "kwargs": {}},
        queue="default",
        state=State.PARKED,
        run_after=JAN_10,
        attempts=12,
        failures=12,
        errors=[{"class": "builtins.ValueError", "traceback": f"Traceback\n{error}\n", "at": JAN_10.isoformat()}],
        enqueued_at=JAN_10,
        finished_at=JAN_10,
    )


def saved_view(
    club: Organization, by: Staff | None = None, *, name: str | None = None, query: str = "", shared: bool = True
) -> SavedView:
    """A view of the list of customers, shared with all unless told."""
    return SavedView.objects.create(
        organization=club,
        staff=by or staff(club),
        listed="customers",
        name=name or f"View {next(_serial)}",
        query=query,
        shared=shared,
        created_at=JAN_10,
    )


def bulk_run(club: Organization, action: BulkAction = BulkAction.TAG, **arguments: object) -> BulkRun:
    """Something that was done with nobody."""
    return BulkRun.objects.create(
        organization=club,
        action=action,
        arguments=arguments or {"tag": "Press"},
        state=BulkState.DONE,
        actor=ACTOR,
        created_at=JAN_10,
        finished_at=JAN_10,
    )


def membership(
    of: Plan,
    *,
    customer: Customer | None = None,
    company: Company | None = None,
    price: Price | None = None,
    starts_at: datetime | None = JAN_10,
    ends_at: datetime | None = None,
    grace_until: datetime | None = None,
    trial: bool = False,
    renews: bool = False,
    seats: int | None = None,
    anchor: str | None = None,
    pending_until: datetime | None = None,
    needs_approval: bool = False,
    awaits_payment: bool = False,
    cancel_booked_at: datetime | None = None,
    ended_at: datetime | None = None,
    ended_reason: EndedReason | None = None,
    announce_at: datetime | None = None,
    external_reference: str = "",
    created_at: datetime | None = None,
) -> Membership:
    """A membership with one term `[starts_at, ends_at)`, open unless told; `starts_at=None`: no term yet.

    Without a price it is held on the plan's oldest. `announce_at` is the later of end and grace unless told.
    """
    on = price or Price.objects.filter(plan=of).earliest("created_at", "id")
    made_at = created_at or starts_at or JAN_10
    booked = starts_at is not None
    if anchor is None:
        anchor = _anchor_at(starts_at, of.organization) if starts_at else ""
    row = Membership.objects.create(
        organization_id=of.organization_id,
        customer=customer,
        company=company,
        anchor=anchor,
        source=Source.STAFF,
        renews=renews,
        next_plan=None if booked else of,
        next_price=None if booked else on,
        seats=seats,
        needs_approval=needs_approval,
        awaits_payment=awaits_payment,
        pending_until=pending_until,
        cancel_booked_at=cancel_booked_at,
        ended_at=ended_at,
        ended_reason=ended_reason or (EndedReason.CANCELED if ended_at else ""),
        external_reference=external_reference,
        created_at=made_at,
        ends_at=ends_at,
        announced_until=made_at,
        announce_at=announce_at or (max(ends_at, grace_until or ends_at) if ends_at else None),
    )
    if starts_at is not None:
        term(row, of, price=on, starts_at=starts_at, ends_at=ends_at, grace_until=grace_until, trial=trial)
    return row


def term(
    of: Membership,
    plan: Plan,
    *,
    starts_at: datetime,
    ends_at: datetime | None = None,
    price: Price | None = None,
    grace_until: datetime | None = None,
    trial: bool = False,
    paid_by: str = "",
) -> Term:
    """One more term of a membership. Leaves the membership's own `ends_at` alone."""
    return Term.objects.create(
        membership=of,
        plan=plan,
        price=price or Price.objects.filter(plan=plan).earliest("created_at", "id"),
        starts_at=starts_at,
        ends_at=ends_at,
        grace_until=grace_until,
        trial=trial,
        paid_by=paid_by,
        booked_by=ACTOR,
        created_at=starts_at,
    )


def pause(
    of: Membership,
    *,
    starts_at: datetime,
    ends_at: datetime | None = None,
    extends: bool = False,
    reason: str = "",
) -> Pause:
    """An interval in which the membership grants nothing; open unless told. Moves no term."""
    return Pause.objects.create(
        membership=of,
        starts_at=starts_at,
        ends_at=ends_at,
        extends=extends,
        reason=reason,
        paused_by=ACTOR,
        created_at=starts_at,
    )


def webhook_endpoint(
    club: Organization,
    url: str = "https://hooks.example.org/tessera",
    *,
    description: str = "",
    event_types: Sequence[str] = (),
    payload: Payload = Payload.THIN,
    disabled_at: datetime | None = None,
    disabled_reason: DisabledReason = DisabledReason.BY_HAND,
    failing_since: datetime | None = None,
    last_success_at: datetime | None = None,
) -> WebhookEndpoint:
    """An address that is told what happens; its secret is sealed like any."""
    row = WebhookEndpoint(
        organization=club,
        url=url,
        description=description,
        event_types=list(event_types),
        payload=payload,
        disabled_at=disabled_at,
        disabled_reason=disabled_reason if disabled_at else "",
        failing_since=failing_since,
        last_success_at=last_success_at,
        created_at=JAN_10,
    )
    row.secret = signatures.seal(signatures.fresh_secret(), row)
    row.save(force_insert=True)
    return row


def delivery(
    to: WebhookEndpoint,
    status: DeliveryStatus = DeliveryStatus.DELIVERED,
    *,
    event: Event | None = None,
    attempts: int = 1,
    at: datetime = JAN_10,
) -> Delivery:
    """A message to an endpoint, about `event` (a test if there is none), with `attempts` of which the last counts."""
    delivered = status == DeliveryStatus.DELIVERED
    row = Delivery.objects.create(
        endpoint=to,
        event_id=event.pk if event else None,
        sequence=event.sequence if event else 0,
        type=event.type if event else "webhook.test",
        status=status,
        attempts=attempts,
        next_at=at if status == DeliveryStatus.RETRYING else None,
        last_status_code=None if status == DeliveryStatus.WAITING else 204 if delivered else 500,
        last_error="" if delivered or status == DeliveryStatus.WAITING else "answered 500",
        finished_at=at if status in (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED) else None,
        created_at=at,
    )
    for number in range(1, attempts + 1):
        good = delivered and number == attempts
        DeliveryAttempt.objects.create(
            delivery=row,
            round=1,
            number=number,
            at=at,
            milliseconds=40,
            status_code=204 if good else 500,
            failure="" if good else "status",
            detail="" if good else "answered 500",
            response_body="" if good else "out of order",
        )
    return row


def _anchor_at(instant: datetime, club: Organization) -> str:
    """The text of an anchor (`core.periods.Anchor`): the local wall-clock time, without a zone."""
    return instant.astimezone(ZoneInfo(club.time_zone)).replace(tzinfo=None).isoformat()


def photo(of: Customer, *, size: tuple[int, int] = (64, 64)) -> Picture:
    """The customer has a photo, on the disk too, of a colour of its own."""
    row = _picture(of.organization, Kind.CUSTOMER, size)
    Customer.objects.filter(pk=of.pk).update(photo=row)
    of.photo = row
    return row


def logo(of: Company | Organization) -> Picture:
    """The company, or the organization, has a logo, on the disk too."""
    if isinstance(of, Company):
        row = _picture(of.organization, Kind.COMPANY, (64, 32))
        Company.objects.filter(pk=of.pk).update(logo=row)
        of.logo = row
    else:
        row = _picture(of, Kind.ORGANIZATION, (64, 32))
        Organization.objects.filter(pk=of.pk).update(logo=row.pk)
        of.logo = row.pk
    return row


def _picture(club: Organization, kind: Kind, size: tuple[int, int]) -> Picture:
    serial = next(_serial)
    drawn = BytesIO()
    Image.new("RGB", size, (serial % 256, serial // 256 % 256, 90)).save(drawn, "PNG")
    row = files.written(drawn.getvalue(), organization=club, kind=kind, instead_of=None, at=JAN_10)
    assert row is not None
    files.keep(row)
    return row


def import_of(club: Organization, text: str = "first_name,last_name\nAda,Lovelace\n") -> Import:
    """A file of customers that has just come, with plain headers; its columns are not named yet."""
    header = text.partition("\n")[0]
    row = Import.objects.create(
        organization=club,
        kind=ImportKind.CUSTOMERS,
        status=ImportStatus.UPLOADED,
        actor=ACTOR,
        file_name="people.csv",
        size=len(text.encode()),
        encoding="utf-8",
        delimiter=",",
        headers=header.split(","),
        first_position=len(header) + 1,
        first_line=2,
        position=len(header) + 1,
        line=2,
        created_at=JAN_10,
        kept_until=clock.now() + timedelta(days=30),
    )
    with spool.writing(row.pk, "csv") as file:
        file.write(text.encode())
    return row


def export_of(club: Organization, name: str = "customers", text: str = "number\r\n") -> Export:
    """A list that was exported, and its file."""
    row = Export.objects.create(
        organization=club,
        list=name,
        status=ExportStatus.DONE,
        actor=ACTOR,
        size=len(text),
        created_at=JAN_10,
        kept_until=clock.now() + timedelta(hours=24),
    )
    with spool.writing(row.pk, "csv") as file:
        file.write(text.encode())
    return row
