"""Which columns hold sealed secrets, and bringing them under the first key.

A package declares its columns beside its models; what is done to all secrets finds them here.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from tessera.db import sealed
from tessera.db.transactions import transaction

BLOCK = 200


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A text column of sealed values; empty and null ones hold no secret.

    `context` tells from a row what its value is bound to; beside the key and the column only `reads` is loaded. With
    `part` the column is of JSON objects, and the value is the member of this name, where there is one.
    """

    model: type[Model]
    field: str
    context: Callable[[Any], str]
    reads: tuple[str, ...] = ("organization_id",)
    part: str = ""

    @property
    def name(self) -> str:
        """What operators are shown: `table.column`."""
        return f"{self.model._meta.db_table}.{self.field}{f'.{self.part}' if self.part else ''}"

    @property
    def path(self) -> str:
        """The value, as queries call it."""
        return f"{self.field}__{self.part}" if self.part else self.field

    def rows(self) -> QuerySet[Any]:
        """Return the rows that hold a secret, in the order of their keys."""
        if self.part:
            rows = self.model._default_manager.filter(**{f"{self.field}__has_key": self.part})
        else:
            rows = self.model._default_manager.exclude(**{self.field: ""}).exclude(**{self.field: None})
        return rows.only("pk", self.field, *self.reads).order_by("pk")

    def value(self, row: Any) -> str:
        """Return the sealed value of a row."""
        whole = getattr(row, self.field)
        return str(whole[self.part] if self.part else whole)

    def with_value(self, row: Any, value: str) -> Any:
        """Return what the column of the row holds once its value is this one."""
        return {**getattr(row, self.field), self.part: value} if self.part else value


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of one column. `changed_meanwhile`: somebody else wrote the row, with their own key; look again."""

    column: str
    resealed: int
    changed_meanwhile: int
    unsealable: int


_columns: dict[str, SealedColumn] = {}


def declare(column: SealedColumn) -> None:
    """Have a column known. Once, when the module of its model is loaded."""
    _columns[column.name] = column


def declared() -> tuple[SealedColumn, ...]:
    """Return every column that holds sealed secrets, in the order of their names."""
    return tuple(_columns[name] for name in sorted(_columns))


def reseal(column: SealedColumn, *, block: int = BLOCK) -> Resealed:
    """Bring the values of a column under the first key, a block of rows at a time, each by itself.

    May be stopped and begun again at any time: what is done is passed over. A value that another wrote meanwhile is
    left as they wrote it. What no key opens stays as it is, and is counted.
    """
    found: Counter[str] = Counter()
    due = column.rows().exclude(**{f"{column.path}__startswith": sealed.sealed_under(sealed.first_key())})
    for row in _in_blocks(due, block):
        found[_reseal_one(column, row)] += 1
    return Resealed(column.name, found["resealed"], found["changed_meanwhile"], found["unsealable"])


def opened(column: SealedColumn, *, block: int = BLOCK) -> Iterator[tuple[Any, str | None]]:
    """Yield, for every secret of the column, its row's key and why it cannot be opened; None if it can."""
    for row in _in_blocks(column.rows(), block):
        try:
            sealed.unseal(column.value(row), context=column.context(row))
        except sealed.Unsealable as reason:
            yield row.pk, str(reason)
        else:
            yield row.pk, None


def keys_in_use() -> Counter[str]:
    """Return how many secrets are sealed under each key, by the key's id; "?" for what is not sealed at all."""
    found: Counter[str] = Counter()
    for column in declared():
        values = column.rows().values_list(column.path, flat=True)
        found.update(sealed.key_of(value) or "?" for value in values.iterator(chunk_size=BLOCK))
    return found


def _reseal_one(column: SealedColumn, found: Any) -> str:
    with transaction():
        # Locked before it is read anew: what somebody writes beside the secret, in the same JSON, stays.
        row = column.rows().select_for_update(no_key=True, of=("self",)).filter(pk=found.pk).first()
        if row is None or column.value(row) != column.value(found):
            return "changed_meanwhile"
        before, context = column.value(row), column.context(row)
        try:
            after = sealed.seal(sealed.unseal(before, context=context), context=context)
        except sealed.Unsealable:
            return "unsealable"
        # Only over what was read: a secret that was replaced meanwhile must not come back.
        unchanged = column.model._default_manager.filter(**{"pk": row.pk, column.path: before})
        after_all = {column.field: column.with_value(row, after)}
        return "resealed" if unchanged.update(**after_all) else "changed_meanwhile"


def _in_blocks(rows: QuerySet[Any], size: int) -> Iterator[Any]:
    block = list(rows[:size])
    while block:
        yield from block
        block = list(rows.filter(pk__gt=block[-1].pk)[:size])
