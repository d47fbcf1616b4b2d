"""`organization` and `test-clock`: the caller's own."""

from typing import Annotated, Literal, cast

from django.conf import settings
from ninja import Router
from pydantic import Field

from tessera import organizations
from tessera.core import ids
from tessera.core.local_time import UnknownTimeZone
from tessera.events.queries import present_epoch
from tessera.http.problems import documents
from tessera.http.schemas import In, Instant, Out
from tessera.http.scopes import Scope
from tessera.organizations import queries, services
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.clock import move_clock
from tessera.organizations.errors import (
    ClockAdvancing,
    ClockBackwards,
    FieldInvalid,
    LocaleInvalid,
    NotATestOrganization,
    OriginInvalid,
    VersionStale,
)
from tessera.organizations.models import Organization

router = Router(tags=["organization"])


class OrganizationOut(Out):
    """The organization that the key belongs to. `now` is its present instant."""

    id: str
    version: int
    slug: str
    name: str
    time_zone: Annotated[str, Field(examples=["Europe/London"])]
    currency: str
    locale: str
    accent: Annotated[str, Field(examples=["#1f5f4a"])]
    logo_url: Annotated[
        str | None,
        Field(description="Where it is read, with the same key; null: there is none. Another has another `v`."),
    ]
    contact_email: Annotated[str, Field(description="What answers to its mails go to; empty: nowhere.")]
    allowed_origins: list[str]
    subject_types: list[str]
    grace_days: int
    reminder_days: int
    is_test: bool
    feed_epoch: Annotated[
        str,
        Field(
            description="What numbers of events are of; another after a restore. See `events`.",
            examples=["fep_01jh2xcejqtf2nbrexx3vqjhp4"],
        ),
    ]
    now: Instant
    created_at: Instant

    @classmethod
    def of(cls, organization: Organization) -> "OrganizationOut":
        """Return the organization as it is sent."""
        return cls(
            id=ids.to_text(ids.Prefix.ORGANIZATION, organization.pk),
            version=organization.version,
            slug=organization.slug,
            name=organization.name,
            time_zone=organization.time_zone,
            currency=organization.currency,
            locale=organization.locale,
            accent=organization.accent,
            logo_url=_logo_url(organization),
            contact_email=organization.contact_email,
            allowed_origins=organization.allowed_origins,
            subject_types=organization.subject_types,
            grace_days=organization.grace_days,
            reminder_days=organization.reminder_days,
            is_test=organization.is_test,
            feed_epoch=ids.to_text(ids.Prefix.FEED_EPOCH, present_epoch(organization.pk)),
            now=organizations.now(organization),
            created_at=organization.created_at,
        )


class OrganizationPatch(In):
    """What to change; what is left out stays. With `version`, only if it is still the present one."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = ""
    time_zone: Annotated[str, Field(max_length=64, examples=["Europe/London"])] = ""
    locale: Annotated[str, Field(max_length=20, examples=["en-GB"])] = ""
    accent: Annotated[str, Field(max_length=7, examples=["#1f5f4a"])] = ""
    contact_email: Annotated[str, Field(max_length=254, examples=["hello@club.example"])] = ""
    allowed_origins: Annotated[list[str], Field(max_length=20, examples=[["https://club.example"]])] = []
    subject_types: Annotated[list[str], Field(max_length=20)] = []
    grace_days: Annotated[int, Field(ge=0, le=365)] = 7
    reminder_days: Annotated[int, Field(ge=0, le=60)] = 7
    version: Annotated[int | None, Field(ge=1)] = None


class TestClockOut(Out):
    """Where the clock stands. `advancing`: it is still working through what falls due on the way."""

    now: Instant
    status: Literal["ready", "advancing"]


class TestClockIn(In):
    """Where the clock is to stand."""

    now: Instant


@router.get(
    "/organization",
    auth=requires(Scope.ORGANIZATION_READ),
    response=documents(200, OrganizationOut),
    operation_id="get_organization",
)
def get_organization(request: ApiRequest) -> OrganizationOut:
    """The organization that the key belongs to."""
    return OrganizationOut.of(request.auth.organization)


@router.patch(
    "/organization",
    auth=requires(Scope.ORGANIZATION_WRITE),
    response=documents(200, OrganizationOut, FieldInvalid, UnknownTimeZone, LocaleInvalid, OriginInvalid, VersionStale),
    operation_id="update_organization",
)
def update_organization(request: ApiRequest, body: OrganizationPatch) -> OrganizationOut:
    """Change how the organization is set up. Its currency and slug stay."""
    changes = cast("services.OrganizationChanges", body.model_dump(exclude_unset=True, exclude={"version"}))
    changed = services.update_organization(
        organization=request.auth.organization,
        changes=changes,
        version=body.version,
        at=organizations.now(request.auth.organization),
        actor=request.auth.actor,
    )
    return OrganizationOut.of(changed)


@router.get(
    "/test-clock",
    auth=requires(Scope.ORGANIZATION_READ),
    response=documents(200, TestClockOut, NotATestOrganization),
    operation_id="get_test_clock",
)
def get_test_clock(request: ApiRequest) -> TestClockOut:
    """Where the clock of a test organization stands."""
    return _clock(request.auth.organization)


@router.put(
    "/test-clock",
    auth=requires(Scope.ORGANIZATION_WRITE),
    response=documents(200, TestClockOut, NotATestOrganization, ClockBackwards, ClockAdvancing),
    operation_id="move_test_clock",
)
def move_test_clock(request: ApiRequest, body: TestClockIn) -> TestClockOut:
    """Move the clock of a test organization forward. All that falls due on the way happens, each at its instant."""
    club = request.auth.organization
    move_clock(organization=club, to=body.now, at=organizations.now(club), actor=request.auth.actor)
    return _clock(club)


def _logo_url(organization: Organization) -> str | None:
    if organization.logo is None:
        return None
    picture = ids.to_text(ids.Prefix.PICTURE, organization.logo)
    return f"{settings.BASE_URL}/api/v1/organization/logo?v={picture}"


def _clock(organization: Organization) -> TestClockOut:
    clock = queries.test_clock(organization)
    return TestClockOut(now=clock.now, status="advancing" if clock.advancing else "ready")
