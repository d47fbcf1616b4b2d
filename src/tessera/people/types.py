"""The words people and companies are described with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypedDict


class CustomerStatus(StrEnum):
    ACTIVE = "active"
    ARCHIVED = "archived"
    BANNED = "banned"


class CompanyStatus(StrEnum):
    ACTIVE = "active"
    ARCHIVED = "archived"


class Source(StrEnum):
    """Where a customer or a membership came from."""

    STAFF = "staff"
    SIGNUP = "signup"
    API = "api"
    IMPORT = "import"


class Via(StrEnum):
    """How a customer came to belong to a company."""

    STAFF = "staff"
    DOMAIN = "domain"
    INVITE = "invite"
    SCIM = "scim"
    IMPORT = "import"
    API = "api"


class Belonging(StrEnum):
    """How an affiliation lies to an instant: it covers it, is still to come, or is over."""

    CURRENT = "current"
    PLANNED = "planned"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail address as given, and whether the person has shown that it is theirs."""

    address: str
    verified: bool = False


class CustomerDetails(TypedDict, total=False):
    """What can be said about a customer; what is left out stays as it is. Lists come whole."""

    external_id: str | None
    first_name: str
    last_name: str
    display_name: str
    emails: Sequence[Email]
    phones: Sequence[str]
    birthday: date | None
    locale: str
    marketing_consent: bool
    tags: Sequence[str]


class CompanyDetails(TypedDict, total=False):
    """What can be said about a company; what is left out stays as it is. Lists come whole."""

    external_id: str | None
    name: str
    legal_name: str
    email: str
    phone: str
    websites: Sequence[str]
    email_domains: Sequence[str]
    tags: Sequence[str]
