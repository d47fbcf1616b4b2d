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


class BulkAction(StrEnum):
    """What is done with many customers at once."""

    ASSIGN = "assign"
    TAG = "tag"
    UNTAG = "untag"


class BulkState(StrEnum):
    """How far it is: who it is about is still being collected, it is being done, it is over."""

    COLLECTING = "collecting"
    RUNNING = "running"
    DONE = "done"


class Outcome(StrEnum):
    """What became of one of them."""

    WAITING = "waiting"
    DONE = "done"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
