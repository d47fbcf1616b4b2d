"""The words of signing in: where a session counts, by what somebody proved who they are, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tessera.organizations.models import Organization
from tessera.people.models import Customer
from tessera.people.types import CustomerStatus


class Surface(StrEnum):
    """Where a session counts. One of a surface is nothing on another."""

    EMBED = "embed"  # the frame on the club's own site, below /embed/
    PORTAL = "portal"  # the member's own pages, and /join/
    APP = "app"  # a program of the club's own, with tokens


class How(StrEnum):
    """By what somebody proved who they are."""

    CODE = "code"
    TOKEN = "token"  # noqa: S105  (a word, not a secret)
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class Asked:
    """A code is on its way to an address, or so it looks to whoever asked. Real time.

    `attempt` names it to `codes.enter`, from the same browser; another can be asked for at `resend_at`.
    """

    attempt: str
    address: str
    resend_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Proven:
    """Whoever sits at the browser reads what is sent to `address`. Good for one sign-in, by `signing_in.begin`."""

    attempt: UUID
    address: str


@dataclass(frozen=True, slots=True)
class Injected:
    """What a trusted site says of its visitor: who it is to the site, and what the site knows of them.

    `issuer` is the key of the trusted issuer. `verified`: the site says that the address is the visitor's.
    Texts that are not known are empty.
    """

    issuer: UUID
    subject: str
    address: str = ""
    verified: bool = False
    first_name: str = ""
    last_name: str = ""
    locale: str = ""
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody is signed in on a surface.

    `customer` may be banned or archived: they sign in like anybody, see what is theirs, and join nothing (the verbs of
    memberships refuse them). `address` is the e-mail address that they proved, or the site said was theirs, or "".
    """

    session_id: UUID
    organization: Organization
    customer: Customer
    surface: Surface
    how: How
    address: str
    since: datetime
    expires_at: datetime

    @property
    def banned(self) -> bool:
        """Whether they may join nothing, renew nothing, and are granted nothing."""
        return self.customer.status == CustomerStatus.BANNED

    @property
    def archived(self) -> bool:
        """Whether the record has been put away: they join nothing before staff take it back."""
        return self.customer.status == CustomerStatus.ARCHIVED


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that has just begun. `secret` is what the browser keeps; `created`: the customer was not known yet."""

    secret: str
    signed_in: SignedIn
    created: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several people who have an address. `id` is the choice of `signing_in.begin`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its owner or staff see it. `present`: the one that asks."""

    id: UUID
    surface: Surface
    how: How
    device: str
    since: datetime
    seen_at: datetime
    expires_at: datetime
    present: bool = False


class ProofReason(StrEnum):
    """Why a site's word is not enough, and the visitor is asked for a code by e-mail."""

    CLAIMED = "claimed"  # somebody has signed in to the record with this address before
    AMBIGUOUS = "ambiguous"  # several people have the address
    UNVERIFIED = "unverified"  # the site does not say that the address is the visitor's
    INCOMPLETE = "incomplete"  # neither an address nor a whole name


class Refusal(StrEnum):
    """Why a site's token was refused. Stable; docs/identity.md says what each means and what to do about it."""

    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    TOKEN_TOO_LARGE = "token_too_large"  # noqa: S105
    TOKEN_MALFORMED = "token_malformed"  # noqa: S105
    TYPE_WRONG = "type_wrong"
    CRITICAL_UNKNOWN = "critical_unknown"
    ISSUER_UNKNOWN = "issuer_unknown"
    ISSUER_OFF = "issuer_off"
    KEYS_UNREACHABLE = "keys_unreachable"
    KEY_UNKNOWN = "key_unknown"
    ALGORITHM_WRONG = "algorithm_wrong"
    SIGNATURE_WRONG = "signature_wrong"
    AUDIENCE_WRONG = "audience_wrong"
    LIFETIME_MISSING = "lifetime_missing"
    LIFETIME_TOO_LONG = "lifetime_too_long"
    NOT_YET_VALID = "not_yet_valid"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    NONCE_WRONG = "nonce_wrong"
    ID_MISSING = "id_missing"
    SUBJECT_MISSING = "subject_missing"
    CLAIM_INVALID = "claim_invalid"
    TOKEN_REPLAYED = "token_replayed"  # noqa: S105
