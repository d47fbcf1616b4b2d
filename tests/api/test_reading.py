"""Reading changes nothing, and costs the same however much there is to read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.document import Operation, operations
from tests.api.world import World, crowded
from tests.http.client import Api

READS = [operation for operation in operations() if operation.verb == "GET"]
EVERY_READ = pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.id)
# How many statements each costs, the one that verifies the key among them.
QUERIES = {
    "get_company": 2,
    "get_company_logo": 2,
    "get_customer": 3,
    "get_customer_photo": 2,
    "get_delivery": 3,
    "get_membership": 5,
    "get_organization": 2,  # the feed's epoch
    "get_organization_logo": 1,
    "get_permission": 3,
    "get_plan": 4,
    "get_price": 2,
    "get_schedule": 2,
    "get_test_clock": 3,
    "get_webhook_endpoint": 2,
    "list_companies": 2,
    "list_companies_of_customer": 3,
    "list_company_memberships": 6,
    "list_customer_memberships": 7,
    "list_customer_permissions": 5,
    "list_customers": 3,
    "list_customers_of_company": 3,
    "list_deliveries": 3,
    "list_events": 3,  # the feed's epoch
    "list_memberships": 5,
    "list_permissions": 3,
    "list_plans": 4,
    "list_prices": 3,
    "list_terms": 3,
    "list_timeline_of_customer": 4,
    "list_webhook_endpoints": 2,
}
_READING = ("SELECT", "WITH", "SAVEPOINT", "RELEASE SAVEPOINT", "EXPLAIN")


@contextmanager
def only_reading() -> Iterator[list[str]]:
    """Yield a list that gets every statement that is more than a question, which is refused too."""
    written: list[str] = []

    def refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip(" (\n").upper().startswith(_READING):
            written.append(sql)
            raise AssertionError(f"a GET writes: {sql}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield written


@EVERY_READ
def test_a_get_writes_nothing(operation: Operation, world: World, api: Api) -> None:
    with only_reading() as written:
        answer = api.get(operation.address(world.addresses))

    assert (answer.status, written) == (200, [])


@EVERY_READ
def test_a_get_costs_the_same_for_one_row_and_for_twenty(operation: Operation, world: World, api: Api) -> None:
    address = operation.address(world.addresses)
    few = api.get(address)
    with CaptureQueriesContext(connection) as for_few:
        api.get(address)
    crowded(world, 20)

    with CaptureQueriesContext(connection) as for_many:
        many = api.get(address)

    if operation.is_list:
        assert len(few.json["data"]) < 20 <= len(many.json["data"])
    assert len(for_many) == len(for_few), [query["sql"] for query in for_many.captured_queries]
    assert len(for_many) == QUERIES[operation.id], "say here what a new read costs, and why it must"
