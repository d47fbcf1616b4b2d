"""The words memberships are described with."""

from enum import StrEnum


class Status(StrEnum):
    """Derived at an instant, never stored (2-domain, "Status")."""

    PENDING = "pending"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    PAUSED = "paused"
    EXPIRED = "expired"


class EndedReason(StrEnum):
    """Why a membership is expired. The last two are derived, the others stored."""

    CANCELED = "canceled"
    REFUNDED = "refunded"
    REVOKED = "revoked"
    REJECTED = "rejected"
    ABANDONED = "abandoned"
    LAPSED = "lapsed"


STORED_REASONS = (EndedReason.CANCELED, EndedReason.REFUNDED, EndedReason.REVOKED, EndedReason.REJECTED)
