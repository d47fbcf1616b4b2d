"""Lists in pages that stay right while rows come and go: the next page begins after the last row seen (keyset)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet

from tessera.core.errors import Invalid
from tessera.http.errors import CursorInvalid

M = TypeVar("M", bound=Model)

LARGEST_PAGE = 200


Computed = Mapping[str, "Field[Any, Any]"]


def paginate(
    queryset: QuerySet[M], *, order: tuple[str, ...], limit: int, cursor: str | None, computed: Computed | None = None
) -> tuple[list[M], str | None]:
    """Return at most `limit` rows (1 to 200) after `cursor`, in `order`, and the cursor of the next page, if any.

    `order` names columns of the model that are never null ("-" before one: falling), and annotations whose kind
    `computed` tells; together they are unique, so it ends with the id. A cursor is opaque and signed, and good only
    for the same model and order.

    Raises CursorInvalid for any other cursor, Invalid for another limit.
    """
    rows = list(after(queryset, order=order, limit=limit, cursor=cursor, computed=computed)[: limit + 1])
    return page(rows, order=order, limit=limit)


def after(
    queryset: QuerySet[M], *, order: tuple[str, ...], limit: int, cursor: str | None, computed: Computed | None = None
) -> QuerySet[M]:
    """Return the rows after `cursor`, in `order`: what `paginate` takes a page of. Raises as it does."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise Invalid(f"limit should be from 1 to {LARGEST_PAGE}", pointer="/limit")
    if cursor is not None:
        place = _opened(_signer(queryset.model, order), cursor, len(order))
        queryset = queryset.filter(_after(queryset.model, order, place, computed or {}))
    return queryset.order_by(*order)


def first_of(model: type[Model], order: tuple[str, ...], cursor: str, computed: Computed) -> Any:
    """Return what the first column of `order` is where the page after `cursor` begins. Raises CursorInvalid."""
    place = _opened(_signer(model, order), cursor, len(order))
    return _value(_column(model, order[0].lstrip("-"), computed), place[0])


def page(rows: list[M], *, order: tuple[str, ...], limit: int) -> tuple[list[M], str | None]:
    """Return the first `limit` of the rows, and the cursor of the next page if there are more."""
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], _signer(type(last), order).sign_object(_place(last, order), compress=True)


def _signer(model: type[Model], order: tuple[str, ...]) -> signing.Signer:
    return signing.Signer(salt=f"cursor:{model._meta.label}:{','.join(order)}")


def _column(model: type[Model], name: str, computed: Computed) -> "Field[Any, Any]":
    column = computed.get(name) or model._meta.get_field(name)
    if not isinstance(column, Field):
        raise TypeError(f"a list cannot be ordered by {name}")
    return column


def _place(row: Model, order: tuple[str, ...]) -> list[str]:
    return [_text(type(row), row, name.lstrip("-")) for name in order]


def _text(model: type[Model], row: Model, name: str) -> str:
    if name in {each.name for each in model._meta.concrete_fields}:
        return _column(model, name, {}).value_to_string(row)
    value = getattr(row, name)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _opened(signer: signing.Signer, cursor: str, length: int) -> list[str]:
    try:
        place = signer.unsign_object(cursor)
    except (signing.BadSignature, ValueError) as reason:
        raise CursorInvalid("the cursor is not one that this list gave out", pointer="/cursor") from reason
    if not isinstance(place, list) or len(place) != length:
        raise CursorInvalid("the cursor is not one that this list gave out", pointer="/cursor")
    return place


def _after(model: type[Model], order: tuple[str, ...], place: list[str], computed: Computed) -> Q:
    """Return the condition for rows behind `place`: a later first column, or an equal one and a later second, …"""
    behind, equal = Q(pk__in=[]), Q()
    leading = Q()
    for position, (name, text) in enumerate(zip(order, place, strict=True)):
        column = name.lstrip("-")
        value = _value(_column(model, column, computed), text)
        comparison = "lt" if name.startswith("-") else "gt"
        behind |= equal & Q(**{f"{column}__{comparison}": value})
        if position == 0:
            # Says nothing new, but lets the planner start at the right place of the index.
            leading = Q(**{f"{column}__{comparison}e": value})
        equal &= Q(**{column: value})
    return leading & behind


def _value(column: "Field[Any, Any]", text: str) -> Any:
    try:
        return column.to_python(text)
    except ValidationError as reason:
        raise CursorInvalid("the cursor is not one that this list gave out", pointer="/cursor") from reason
