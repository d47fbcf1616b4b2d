"""What a customer may do, over HTTP. Single questions are asked at the access API (`authzen.py`)."""

from datetime import timedelta
from typing import Annotated, Self

from ninja import Query, Router
from pydantic import Field, WithJsonSchema

from tessera.access import queries, tokens
from tessera.access.queries import HeldPermission
from tessera.access.types import Source
from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.http.idempotency import holds_secret
from tessera.http.problems import documents
from tessera.http.schemas import Filters, In, Instant, Out
from tessera.http.scopes import Scope
from tessera.organizations.auth import ApiRequest, requires
from tessera.organizations.errors import FieldInvalid
from tessera.organizations.time import now
from tessera.people.errors import CustomerNotFound, ReferenceAmbiguous
from tessera.people.references import customer_by_ref

router = Router(tags=["customers"])


class Named(Out):
    """A plan or company, by id and name."""

    id: str
    name: str


class HeldPermissionOut(Out):
    """A permission that a customer has, and through what."""

    key: str
    name: str
    source: Annotated[
        Source,
        Field(description="`own`: a membership of their own; `company`: inherited."),
        WithJsonSchema({"type": "string", "enum": [each.value for each in Source]}),  # where a record is from: `Source`
    ]
    company: Annotated[Named | None, Field(description="Through whose membership; null if it is their own.")]
    membership: Annotated[str, Field(description="The membership's id.", examples=["mem_01h2xcejqtf2nbrexx3vqjhp41"])]
    plan: Named
    in_grace: Annotated[bool, Field(description="The term is over and its renewal is awaited.")]
    valid_until: Annotated[
        Instant | None,
        Field(description="When it ends if only time passes, over all that grant it; null: never."),
    ]

    @classmethod
    def of(cls, held: HeldPermission) -> Self:
        """Return it as the API says it."""
        company = None
        if held.company_id is not None:
            company = Named(id=ids.to_text(Prefix.COMPANY, held.company_id), name=held.company_name)
        return cls(
            key=held.key,
            name=held.name,
            source=held.source,
            company=company,
            membership=ids.to_text(Prefix.MEMBERSHIP, held.membership_id),
            plan=Named(id=ids.to_text(Prefix.PLAN, held.plan_id), name=held.plan_name),
            in_grace=held.in_grace,
            valid_until=held.valid_until,
        )


class HeldPermissionsOut(Out):
    """All that a customer may do at one instant."""

    data: list[HeldPermissionOut]
    evaluated_at: Instant


class AtFilter(Filters):
    """The instant that is asked about."""

    at: Annotated[Instant | None, Field(description="RFC 3339; now if not given.")] = None


@router.get(
    "/customers/{ref}/permissions",
    auth=requires(Scope.ACCESS_READ),
    response=documents(200, HeldPermissionsOut, CustomerNotFound, ReferenceAmbiguous),
    operation_id="list_customer_permissions",
)
def list_customer_permissions(request: ApiRequest, ref: str, filters: Query[AtFilter]) -> HeldPermissionsOut:
    """All permissions the customer has, own and inherited, each with its source and until when."""
    organization = request.auth.organization
    at = filters.at or now(organization)
    customer = customer_by_ref(organization, ref)
    held = queries.effective_permissions(organization, customer.pk, at)
    return HeldPermissionsOut(data=[HeldPermissionOut.of(each) for each in held], evaluated_at=at)


class AccessTokenIn(In):
    """For whom a signed answer is, and how long it may be used."""

    audience: Annotated[
        str,
        Field(
            min_length=1,
            max_length=255,
            description="Who is to check it, the token's `aud`: up to 255 printable ASCII characters, no spaces.",
            examples=["https://club.example"],
        ),
    ]
    expires_in: Annotated[
        int,
        Field(ge=30, le=900, description="Seconds after which it is over at the latest; sooner with a permission."),
    ] = 300


class AccessTokenOut(Out):
    """A signed answer. The token says the same as what stands beside it."""

    token: Annotated[str, Field(description="A JWT, signed EdDSA by a key of `/.well-known/jwks.json`.")]
    issuer: Annotated[str, Field(description="Its `iss`.", examples=["https://HOST/organizations/org_…"])]
    audience: str
    customer: Annotated[str, Field(description="Its `sub`.", examples=["cus_01h2xcejqtf2nbrexx3vqjhp41"])]
    permissions: Annotated[list[str], Field(description="Keys of what the customer has now; empty: nothing.")]
    expires_at: Instant


@router.post(
    "/customers/{ref}/token",
    auth=requires(Scope.ACCESS_READ),
    response=documents(200, AccessTokenOut, CustomerNotFound, ReferenceAmbiguous, FieldInvalid),
    operation_id="create_customer_token",
)
def create_customer_token(request: ApiRequest, ref: str, body: AccessTokenIn) -> AccessTokenOut:
    """A signed answer that can be checked without asking: what the customer may do now. Over after minutes."""
    holds_secret(request)
    organization = request.auth.organization
    customer = customer_by_ref(organization, ref)
    minted = tokens.mint(
        organization=organization,
        customer=customer,
        audience=body.audience,
        life=timedelta(seconds=body.expires_in),
        at=now(organization),
    )
    return AccessTokenOut(
        token=minted.token,
        issuer=minted.issuer,
        audience=minted.audience,
        customer=ids.to_text(Prefix.CUSTOMER, customer.pk),
        permissions=list(minted.permissions),
        expires_at=minted.expires_at,
    )
