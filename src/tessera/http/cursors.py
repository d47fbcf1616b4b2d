"""Lists in pages that stay right while rows come and go: the next page begins after the last row seen (keyset)."""

from typing import Any, TypeVar

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet

from tessera.core.errors import Invalid
from tessera.http.errors import CursorInvalid

M = TypeVar("M", bound=Model)

LARGEST_PAGE = 200


def paginate(
    queryset: QuerySet[M], *, order: tuple[str, ...], limit: int, cursor: str | None
) -> tuple[list[M], str | None]:
    """Return at most `limit` rows (1 to 200) after `cursor`, in `order`, and the cursor of the next page, if any.

    `order` names columns of the model that are never null ("-" before one: falling); together they are unique, so it
    ends with the id. A cursor is opaque and signed, and good only for the same model and order.

    Raises CursorInvalid for any other cursor, Invalid for another limit.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise Invalid(f"limit should be from 1 to {LARGEST_PAGE}", pointer="/limit")
    signer = signing.Signer(salt=f"cursor:{queryset.model._meta.label}:{','.join(order)}")
    if cursor is not None:
        queryset = queryset.filter(_after(queryset.model, order, _opened(signer, cursor, len(order))))
    rows = list(queryset.order_by(*order)[: limit + 1])
    if len(rows) <= limit:
        return rows, None
    rows.pop()
    return rows, signer.sign_object(_place(rows[-1], order), compress=True)


def _column(model: type[Model], name: str) -> "Field[Any, Any]":
    column = model._meta.get_field(name)
    if not isinstance(column, Field):
        raise TypeError(f"a list cannot be ordered by {name}")
    return column


def _place(row: Model, order: tuple[str, ...]) -> list[str]:
    return [_column(type(row), name.lstrip("-")).value_to_string(row) for name in order]


def _opened(signer: signing.Signer, cursor: str, length: int) -> list[str]:
    try:
        place = signer.unsign_object(cursor)
    except (signing.BadSignature, ValueError) as reason:
        raise CursorInvalid("the cursor is not one that this list gave out", pointer="/cursor") from reason
    if not isinstance(place, list) or len(place) != length:
        raise CursorInvalid("the cursor is not one that this list gave out", pointer="/cursor")
    return place


def _after(model: type[Model], order: tuple[str, ...], place: list[str]) -> Q:
    """Return the condition for rows behind `place`: a later first column, or an equal one and a later second, …"""
    behind, equal = Q(pk__in=[]), Q()
    leading = Q()
    for position, (name, text) in enumerate(zip(order, place, strict=True)):
        column = name.lstrip("-")
        value = _value(model, column, text)
        comparison = "lt" if name.startswith("-") else "gt"
        behind |= equal & Q(**{f"{column}__{comparison}": value})
        if position == 0:
            # Says nothing new, but lets the planner start at the right place of the index.
            leading = Q(**{f"{column}__{comparison}e": value})
        equal &= Q(**{column: value})
    return leading & behind


def _value(model: type[Model], column: str, text: str) -> Any:
    try:
        return _column(model, column).to_python(text)
    except ValidationError as reason:
        raise CursorInvalid("the cursor is not one that this list gave out", pointer="/cursor") from reason
