"""How the tests of access ask."""

from datetime import datetime

from tessera.access.engine import decide
from tessera.access.types import Asked, Decision
from tessera.people.models import Customer
from tests import make


def ask(customer: Customer, asked: Asked = "pool", *, at: datetime = make.JAN_10) -> Decision:
    """May the customer, at `at`?"""
    return decide(organization_id=customer.organization_id, customer_id=customer.pk, asked=asked, at=at)
