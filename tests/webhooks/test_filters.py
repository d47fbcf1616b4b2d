"""Which events an endpoint gets."""

import pytest

from tessera.events.types import EventType
from tessera.webhooks import filters
from tessera.webhooks.errors import EventTypesInvalid


def test_without_names_every_event_is_let_through() -> None:
    assert filters.types_of([]) == set(EventType)


def test_a_type_lets_itself_through_and_a_pattern_all_of_its_noun() -> None:
    assert filters.types_of(["plan.archived"]) == {EventType.PLAN_ARCHIVED}
    assert filters.types_of(["price.*", "plan.archived"]) == {
        EventType.PRICE_CREATED,
        EventType.PRICE_UPDATED,
        EventType.PLAN_ARCHIVED,
    }


def test_a_noun_is_not_the_beginning_of_another() -> None:
    assert all(each.startswith("membership.") for each in filters.types_of(["membership.*"]))
    assert len(filters.types_of(["membership.*"])) > 10


def test_names_are_kept_in_their_order_each_once() -> None:
    assert filters.checked(["plan.*", "membership.granted", "plan.*"]) == ["plan.*", "membership.granted"]


@pytest.mark.parametrize(
    "name", ["", "*", "*.*", "membership", "membership.", "member.*", "membership.gr*", "Membership.*", "webhook.test"]
)
def test_what_names_no_event_is_refused_at_its_place(name: str) -> None:
    with pytest.raises(EventTypesInvalid) as refusal:
        filters.checked(["plan.*", name])
    assert refusal.value.pointer == "/event_types/1"


def test_a_list_has_an_end() -> None:
    with pytest.raises(EventTypesInvalid) as refusal:
        filters.checked(["plan.*"] * 101)
    assert refusal.value.pointer == "/event_types"


def test_a_type_that_there_is_no_longer_lets_nothing_through() -> None:
    assert filters.types_of(["plan.burnt"]) == set()
