"""A list read in pages shows every row once, in order, whatever is added meanwhile."""

from datetime import timedelta

import pytest

from tessera.core.errors import Invalid
from tessera.http.cursors import paginate
from tessera.http.errors import CursorInvalid
from tessera.people.models import Customer
from tests import make

pytestmark = pytest.mark.django_db

ORDERS = [("-created_at", "-id"), ("created_at", "id"), ("name_key", "id"), ("-name_key", "created_at", "id")]


@pytest.mark.parametrize("order", ORDERS)
def test_pages_together_are_the_list(order: tuple[str, ...]) -> None:
    club = make.organization()
    people = [make.customer(club, last_name=f"N{number // 3}") for number in range(11)]
    for number, each in enumerate(people):
        Customer.objects.filter(pk=each.pk).update(created_at=make.JAN_10 + timedelta(microseconds=number // 4))
    rows = Customer.objects.filter(organization=club)

    seen: list[Customer] = []
    cursor: str | None = None
    while True:
        page, cursor = paginate(rows, order=order, limit=3, cursor=cursor)
        seen += page
        if cursor is None:
            break

    assert seen == list(rows.order_by(*order))


def test_what_is_added_before_the_place_does_not_shift_the_pages() -> None:
    club = make.organization()
    people = [make.customer(club, last_name=name) for name in ("B", "C", "D", "E")]
    rows = Customer.objects.filter(organization=club)
    for each in people:
        Customer.objects.filter(pk=each.pk).update(name_key=each.last_name)
    first, cursor = paginate(rows, order=("name_key", "id"), limit=2, cursor=None)
    newcomer = make.customer(club, last_name="A")
    Customer.objects.filter(pk=newcomer.pk).update(name_key="A")

    second, end = paginate(rows, order=("name_key", "id"), limit=2, cursor=cursor)

    assert [each.pk for each in first + second] == [each.pk for each in people]
    assert end is None


def test_a_cursor_is_good_for_its_own_list_only() -> None:
    club = make.organization()
    for _ in range(3):
        make.customer(club)
    rows = Customer.objects.filter(organization=club)
    _, cursor = paginate(rows, order=("created_at", "id"), limit=1, cursor=None)
    assert cursor is not None

    for wrong in (cursor[:-1], cursor + "x", "", "abc", "a:b", "é", cursor.swapcase()):
        with pytest.raises(CursorInvalid):
            paginate(rows, order=("created_at", "id"), limit=1, cursor=wrong)
    with pytest.raises(CursorInvalid):
        paginate(rows, order=("-created_at", "-id"), limit=1, cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_a_page_has_one_to_two_hundred_rows(limit: int) -> None:
    with pytest.raises(Invalid):
        paginate(Customer.objects.all(), order=("id",), limit=limit, cursor=None)
