"""The words of a decision: what is asked, what is answered, and why (2-domain, "Decision")."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID


class Reason(StrEnum):
    """Why access is allowed or refused. Refusals are in the order in which a miss counts as near."""

    GRANTED = "granted"
    IN_GRACE = "in_grace"
    CUSTOMER_UNKNOWN = "customer_unknown"
    REFERENCE_AMBIGUOUS = "reference_ambiguous"
    TOKEN_INVALID = "token_invalid"  # noqa: S105  (says why, and is no secret)
    CUSTOMER_BANNED = "customer_banned"
    CUSTOMER_ARCHIVED = "customer_archived"
    PERMISSION_UNKNOWN = "permission_unknown"
    MEMBERSHIP_PAUSED = "membership_paused"
    SEAT_LIMIT_REACHED = "seat_limit_reached"
    MEMBERSHIP_PENDING = "membership_pending"
    MEMBERSHIP_SCHEDULED = "membership_scheduled"
    MEMBERSHIP_EXPIRED = "membership_expired"
    AFFILIATION_ENDED = "affiliation_ended"
    NOT_IN_ANY_PLAN = "not_in_any_plan"


class Source(StrEnum):
    """Whose membership it is: the customer's own, or that of a company the customer belongs to."""

    OWN = "own"
    COMPANY = "company"


class Target(NamedTuple):
    """A question in the words of outside systems: may the customer `enter` `door:main`?"""

    action: str
    resource_type: str
    resource_id: str


Asked = str | Target  # a permission's key, or what some permission means in the words of outside systems

USE: Final = "use"
PERMISSION: Final = "permission"
TOKEN: Final = "token"  # noqa: S105  (a type of subject)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a customer may, at `evaluated_at`, and why.

    A refusal names the membership that came nearest to granting, if any. `permission` is the key that grants or came
    nearest; of a question that no permission matches it is None.
    """

    allow: bool
    reason: Reason
    permission: str | None
    membership_id: UUID | None
    plan_id: UUID | None
    plan_name: str
    source: Source | None
    company_id: UUID | None
    company_name: str
    in_grace: bool
    happens_at: datetime | None  # of a refusal: when the reason began or is to pass, where that is known
    valid_until: datetime | None  # the first later instant at which `allow` flips if only time passes; null: never
    evaluated_at: datetime
