"""Conditions and values written as SQL and put among Django's own expressions.

For what is asked with every page: Django takes tens of milliseconds to put together what has six nested queries, a
text that is there already none. Texts are of ours alone; whatever comes from outside is a parameter.
"""

import json
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Field
from django.db.models.sql.compiler import SQLCompiler

_HOLE: Final = re.compile(r"\{(\w+)\}")


class Written(Expression):
    """A text in which `{0}`, `{1}`, … stand for columns of the row and `{name}` for a parameter of that name.

    Parameters are as the driver takes them (`parameter`). Columns are named as in `F`, and follow the row wherever the
    query puts it.
    """

    def __init__(self, text: str, *columns: str, kind: "Field[Any, Any] | None" = None, **parameters: Any) -> None:
        super().__init__(output_field=kind or BooleanField())
        self.text = text
        self.columns: list[Any] = [F(each) for each in columns]
        self.parameters = parameters

    def get_source_expressions(self) -> list[Any]:
        return self.columns

    def set_source_expressions(self, exprs: Any) -> None:
        self.columns = list(exprs)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        columns = [compiler.compile(each)[0] for each in self.columns]
        pieces, holes = _taken_apart(self.text)
        sql: list[str] = [pieces[0]]
        parameters: list[Any] = []
        for hole, piece in zip(holes, pieces[1:], strict=True):
            if hole.isdigit():
                sql += (columns[int(hole)], piece)
            else:
                sql += ("%s", piece)
                parameters.append(self.parameters[hole])
        return "".join(sql), tuple(parameters)


@lru_cache(maxsize=512)
def _taken_apart(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parts = _HOLE.split(text)
    return tuple(parts[::2]), tuple(parts[1::2])


def one_of(keys: str, column: str = "pk", **parameters: Any) -> Written:
    """Return the condition that the column is one of `keys`, a SELECT, that is read once and before anything dearer.

    A CASE is a join to no planner: the rows are walked in the order that is asked for.
    """
    return Written(f"CASE WHEN {{0}} IN ({keys}) THEN TRUE ELSE FALSE END", column, **parameters)


def one_of_these(keys: Collection[UUID] | Collection[str], column: str = "pk") -> Written:
    """Return the condition that the column is one of these: told as one parameter, however many there are.

    Django tells each as a parameter of its own, which takes it longer for two thousand than the database for the rest.
    """
    if connection.vendor == "postgresql":
        return Written("{0} = ANY({keys})", column, keys=list(keys))
    told = [key.hex if isinstance(key, UUID) else key for key in keys]
    return Written("{0} IN (SELECT value FROM json_each({keys}))", column, keys=json.dumps(told))
