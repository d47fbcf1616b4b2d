"""How people and companies look in the API."""

from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

from django.conf import settings
from pydantic import Field

from tessera.core import ids
from tessera.core.ids import Prefix
from tessera.http.schemas import In, Instant, Out, PageFilters
from tessera.people.queries import Affiliated, CompanyFacts, CustomerFacts, Order
from tessera.people.types import (
    Belonging,
    CompanyDetails,
    CompanyStatus,
    CustomerDetails,
    CustomerStatus,
    Email,
    Source,
    Via,
)

Name = Annotated[str, Field(max_length=200)]
ExternalId = Annotated[str, Field(min_length=1, max_length=200, description="Your own id for this record.")]
Number = Annotated[
    str, Field(min_length=1, max_length=20, description="Left out: the next of the series.", examples=["CUS-000001"])
]
Version = Annotated[
    int, Field(ge=1, le=2**31 - 1, description="The version you know; refused with 409 if there is a later one.")
]


PictureUrl = Annotated[
    str | None,
    Field(description="Where it is read, with the same key; null: there is none. Another picture has another `v`."),
]


class EmailIn(In):
    """An address, and whether the person has shown that it is theirs: then it is nobody else's."""

    address: Annotated[str, Field(max_length=254, examples=["ada@example.org"])]
    verified: bool = False


class CustomerFields(In):
    """What can be said about a customer. Lists replace the whole list; null clears."""

    external_id: ExternalId | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    display_name: Name | None = None
    emails: Annotated[list[EmailIn], Field(max_length=10)] | None = None
    phones: (
        Annotated[list[Annotated[str, Field(max_length=40, examples=["+442079460000"])]], Field(max_length=10)] | None
    ) = None
    birthday: date | None = None
    locale: Annotated[str, Field(max_length=20, examples=["en-GB"])] | None = None
    marketing_consent: bool = False
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=50)]], Field(max_length=50)] | None = None

    def details(self) -> CustomerDetails:
        """Return what was sent, and only that."""
        told = self.model_dump(exclude_unset=True, include=set(CustomerDetails.__annotations__))
        if "emails" in told:
            told["emails"] = [Email(each.address, each.verified) for each in self.emails or ()]
        return cast("CustomerDetails", _cleared(told, lists=("phones", "tags"), nullable=("external_id", "birthday")))


class CustomerIn(CustomerFields):
    """A new customer: first and last name, or an e-mail, or a first name and a phone is enough."""

    number: Number | None = None


class CustomerChange(CustomerFields):
    """What is to change; what is left out stays as it is."""

    version: Version | None = None


class BanIn(In):
    """Why somebody is banned. For staff; never in an event."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class CompanyFields(In):
    """What can be said about a company. Lists replace the whole list; null clears."""

    external_id: ExternalId | None = None
    legal_name: Name | None = None
    email: Annotated[str, Field(max_length=254, examples=["office@acme.example"])] | None = None
    phone: Annotated[str, Field(max_length=40, examples=["+442079460000"])] | None = None
    websites: (
        Annotated[list[Annotated[str, Field(max_length=500, examples=["https://acme.example"])]], Field(max_length=10)]
        | None
    ) = None
    email_domains: (
        Annotated[list[Annotated[str, Field(max_length=255, examples=["acme.example"])]], Field(max_length=50)] | None
    ) = None
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=50)]], Field(max_length=50)] | None = None

    def details(self) -> CompanyDetails:
        """Return what was sent, and only that."""
        told = self.model_dump(exclude_unset=True, include=set(CompanyDetails.__annotations__))
        lists = ("websites", "email_domains", "tags")
        return cast("CompanyDetails", _cleared(told, lists=lists, nullable=("external_id",)))


class CompanyIn(CompanyFields):
    """A new company: its trading name is enough."""

    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Acme Ltd"])]
    number: Number | None = None


class CompanyChange(CompanyFields):
    """What is to change; what is left out stays as it is."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = ""
    version: Version | None = None


class EmailOut(Out):
    address: str
    verified: bool


class CustomerOut(Out):
    """What is known of a customer. `name` is what the person is called."""

    id: Annotated[str, Field(examples=["cus_01jh2xcejqtf2nbrexx3vqjhp4"])]
    version: int
    number: str
    external_id: str | None
    name: str
    first_name: str
    last_name: str
    display_name: str
    emails: list[EmailOut]
    phones: list[str]
    photo_url: PictureUrl
    birthday: date | None
    locale: str
    marketing_consent: bool
    tags: list[str]
    status: CustomerStatus
    ban_reason: str
    source: Source
    created_at: Instant
    erased_at: Annotated[Instant | None, Field(description="Since when nothing else is known of the customer.")]

    @classmethod
    def of(cls, facts: CustomerFacts) -> "CustomerOut":
        """Return the customer as they are sent."""
        return cls(
            id=ids.to_text(Prefix.CUSTOMER, facts.id),
            version=facts.version,
            number=facts.number,
            external_id=facts.external_id,
            name=facts.name,
            first_name=facts.first_name,
            last_name=facts.last_name,
            display_name=facts.display_name,
            emails=[EmailOut(address=each.address, verified=each.verified) for each in facts.emails],
            phones=list(facts.phones),
            photo_url=_picture_url("customers", ids.to_text(Prefix.CUSTOMER, facts.id), "photo", facts.photo),
            birthday=facts.birthday,
            locale=facts.locale,
            marketing_consent=facts.marketing_consent,
            tags=list(facts.tags),
            status=facts.status,
            ban_reason=facts.ban_reason,
            source=facts.source,
            created_at=facts.created_at,
            erased_at=facts.erased_at,
        )


class CompanyOut(Out):
    """What is known of a company."""

    id: Annotated[str, Field(examples=["com_01jh2xcejqtf2nbrexx3vqjhp4"])]
    version: int
    number: str
    external_id: str | None
    name: str
    legal_name: str
    email: str
    phone: str
    logo_url: PictureUrl
    websites: list[str]
    email_domains: list[str]
    tags: list[str]
    status: CompanyStatus
    created_at: Instant

    @classmethod
    def of(cls, facts: CompanyFacts) -> "CompanyOut":
        """Return the company as it is sent."""
        return cls(
            id=ids.to_text(Prefix.COMPANY, facts.id),
            version=facts.version,
            number=facts.number,
            external_id=facts.external_id,
            name=facts.name,
            legal_name=facts.legal_name,
            email=facts.email,
            phone=facts.phone,
            logo_url=_picture_url("companies", ids.to_text(Prefix.COMPANY, facts.id), "logo", facts.logo),
            websites=list(facts.websites),
            email_domains=list(facts.email_domains),
            tags=list(facts.tags),
            status=facts.status,
            created_at=facts.created_at,
        )


class AffiliatedCustomerOut(Out):
    id: str
    number: str
    name: str
    status: CustomerStatus


class AffiliatedCompanyOut(Out):
    id: str
    number: str
    name: str


class AffiliationOut(Out):
    """A customer belongs to a company over `[starts_at, ends_at)`; `status` is how that lies to now."""

    id: Annotated[str, Field(examples=["aff_01jh2xcejqtf2nbrexx3vqjhp4"])]
    customer: AffiliatedCustomerOut
    company: AffiliatedCompanyOut
    status: Belonging
    starts_at: Instant
    ends_at: Instant | None
    title: str
    company_admin: bool
    primary_contact: bool
    via: Via

    @classmethod
    def of(cls, row: Affiliated) -> "AffiliationOut":
        """Return the affiliation as it is sent."""
        return cls(
            id=ids.to_text(Prefix.AFFILIATION, row.id),
            customer=AffiliatedCustomerOut(
                id=ids.to_text(Prefix.CUSTOMER, row.customer_id),
                number=row.customer_number,
                name=row.customer_name,
                status=row.customer_status,
            ),
            company=AffiliatedCompanyOut(
                id=ids.to_text(Prefix.COMPANY, row.company_id), number=row.company_number, name=row.company_name
            ),
            status=row.belonging,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            title=row.title,
            company_admin=row.company_admin,
            primary_contact=row.primary_contact,
            via=row.via,
        )


class CustomerFilters(PageFilters):
    """Which customers, in which order."""

    q: Annotated[
        str,
        Field(
            max_length=200,
            description="Words of the name, an e-mail address, a phone number, a number, an external id or a company's "
            "name, or parts of them; one or two characters are looked for at the beginning. The 2,000 best are listed.",
        ),
    ] = ""
    status: CustomerStatus | None = None
    order: Order = "created"


class CompanyFilters(PageFilters):
    """Which companies, in which order."""

    q: Annotated[
        str,
        Field(
            max_length=200,
            description="Words of the name, the e-mail address, the phone number, a number or an external id, or "
            "parts of them; one or two characters are looked for at the beginning. The 2,000 best are listed.",
        ),
    ] = ""
    status: CompanyStatus | None = None
    order: Order = "created"


class AffiliationFilters(PageFilters):
    """Which affiliations: those that are current, planned or ended now; all of them if not said."""

    status: Belonging | None = None


def _cleared(told: dict[str, Any], *, lists: tuple[str, ...], nullable: tuple[str, ...]) -> dict[str, Any]:
    """Return what was told, with null, which clears, as what "nothing" is for the field."""
    nothing: dict[str, Any] = {name: [] for name in lists}
    return {
        name: nothing.get(name, "") if value is None and name not in nullable else value for name, value in told.items()
    }


def _picture_url(noun: str, ref: str, what: str, picture: UUID | None) -> str | None:
    if picture is None:
        return None
    return f"{settings.BASE_URL}/api/v1/{noun}/{ref}/{what}?v={ids.to_text(Prefix.PICTURE, picture)}"
