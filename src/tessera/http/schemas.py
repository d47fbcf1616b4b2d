"""What bodies and answers are made of: plain Pydantic models with the rules that all of them share."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError

from tessera.core.instants import instant_text
from tessera.core.money import MAX_AMOUNT

T = TypeVar("T")

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_STRICT = frozenset({"int", "float", "bool", "str"})


def _exactly_typed(schema: Any) -> None:
    """Make "5" no number and 1 no truth, at any depth; enums, dates and instants still come as text."""
    if isinstance(schema, list | tuple):
        for part in schema:
            _exactly_typed(part)
    elif isinstance(schema, dict):
        if schema.get("type") in _STRICT:
            schema["strict"] = True
        for name, part in schema.items():
            if name not in ("metadata", "serialization"):
                _exactly_typed(part)


class In(BaseModel):
    """A JSON body. Unknown members are refused by name, text is stripped, and types are what JSON says they are."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _exactly_typed(schema)
        return schema


class Filters(BaseModel):
    """What a query string may hold: `filters: Query[…]`. Unknown names are refused for every operation."""

    model_config = ConfigDict(str_strip_whitespace=True)


class Out(BaseModel):
    """An answer. Can be made from a frozen dataclass of `queries`: `CustomerOut.model_validate(row)`."""

    model_config = ConfigDict(from_attributes=True)


class Page(BaseModel, Generic[T]):
    """One page of a list. `next_cursor` asks for the next one; null: this was the last."""

    model_config = ConfigDict(from_attributes=True)

    data: list[T]
    next_cursor: str | None


Limit = Annotated[int, Field(ge=1, le=200, description="How many rows a page has at most.")]
Cursor = Annotated[str, Field(max_length=2_000, description="`next_cursor` of the page before.")]


class PageFilters(Filters):
    """The part of a list's query string that says which page is asked for."""

    limit: Limit = 50
    cursor: Cursor | None = None


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise PydanticCustomError("instant_naive", "should have an offset from UTC, such as Z or +02:00")
        return value.astimezone(UTC)
    if not isinstance(value, str):
        raise PydanticCustomError("wrong_type", "should be text in RFC 3339, such as 2026-01-31T09:00:00Z")
    text = value.strip()
    if not _RFC_3339.fullmatch(text):
        if _RFC_3339.fullmatch(f"{text}Z"):
            raise PydanticCustomError("instant_naive", "should have an offset from UTC, such as Z or +02:00")
        raise PydanticCustomError(
            "instant_invalid",
            "should be an instant in RFC 3339, such as 2026-01-31T09:00:00Z (in an address: + is %2B)",
        )
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError as reason:
        raise PydanticCustomError("instant_invalid", "is not an instant of the calendar") from reason
    # The offset is applied only to what is well inside the calendar: year 1 and year 9999 have neighbours it lacks.
    if not EARLIEST.year <= at.year < LATEST.year:
        raise PydanticCustomError("instant_out_of_bounds", "should be from 1900 to 2199")
    return at.astimezone(UTC)


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(instant_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31T09:00:00Z"]}),
]


def _known_form(currency: str) -> str:
    if not re.fullmatch("[A-Z]{3}", currency):
        raise PydanticCustomError("currency_invalid", "should be three capital letters of ISO 4217, such as GBP")
    return currency


class MoneyIn(In):
    """An amount in minor units (pence, cents) of a currency, never negative."""

    amount: Annotated[int, Field(ge=0, le=MAX_AMOUNT, examples=[3500])]
    currency: Annotated[
        str, AfterValidator(_known_form), Field(json_schema_extra={"pattern": "^[A-Z]{3}$"}, examples=["GBP"])
    ]


class MoneyOut(Out):
    """An amount in minor units (pence, cents) of a currency."""

    amount: int
    currency: str


def nowhere_nul(value: object, report: Callable[[str], None], pointer: str = "") -> None:
    """Call `report` with the JSON pointer of each text in `value` that no database can hold: NUL, lone surrogates."""
    if isinstance(value, str):
        if "\0" in value or (not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)):
            report(pointer)
    elif isinstance(value, list):
        for position, part in enumerate(value):
            nowhere_nul(part, report, f"{pointer}/{position}")
    elif isinstance(value, dict):
        for name, part in value.items():
            here = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            nowhere_nul(name, report, here)
            nowhere_nul(part, report, here)
