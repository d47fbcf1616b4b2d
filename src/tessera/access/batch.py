"""Many decisions at one instant: what they share is read once."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from tessera.access import catalogue
from tessera.access.engine import judge, refusal, standing_of
from tessera.access.facts import Standing
from tessera.access.types import Asked, Decision, Reason


class Batch:
    """Decides about any of `asked` at `at`. One query a customer, however many questions are about them."""

    def __init__(self, *, organization_id: UUID, asked: Collection[Asked], at: datetime) -> None:
        self._organization_id = organization_id
        self._at = at
        self._questions = catalogue.questions(organization_id, asked)
        self._standings: dict[UUID, Standing] = {}

    def decide(self, customer_id: UUID | None, asked: Asked) -> Decision:
        """Return the same as `engine.decide`. Raises KeyError if `asked` was not announced."""
        question = self._questions[asked]
        if customer_id is None:
            return refusal(Reason.CUSTOMER_UNKNOWN, self._at)
        standing = self._standings.get(customer_id)
        if standing is None:
            standing = self._standings[customer_id] = standing_of(
                organization_id=self._organization_id, customer_id=customer_id, asked=None
            )
        return judge(standing, question, self._at)
