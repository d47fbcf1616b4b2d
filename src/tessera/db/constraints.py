"""Rules that the database itself keeps and that Django has no words for, on both databases alike.

PostgreSQL keeps them by an exclusion constraint or a trigger, SQLite by triggers. They are constraints in the models'
`Meta`, so that migrations carry them and a rebuilt SQLite table gets them back (Django drops triggers silently).
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, Model


class _DatabaseRule(BaseConstraint):
    """What both rules share: SQL for one table, laid when the table is made and taken up by name."""

    def postgresql_sql(self) -> tuple[str, ...]:
        raise NotImplementedError

    def sqlite_sql(self) -> tuple[str, ...]:
        raise NotImplementedError

    def postgresql_drop_sql(self) -> tuple[str, ...]:
        raise NotImplementedError

    def sqlite_triggers(self) -> tuple[str, ...]:
        """The names of the triggers that keep the rule on SQLite."""
        raise NotImplementedError

    def _statements(self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor) -> list[Statement]:
        templates = self.sqlite_sql() if schema_editor.connection.vendor == "sqlite" else self.postgresql_sql()
        table = Table(model._meta.db_table, schema_editor.quote_name)
        return [
            Statement(template.replace("%", "%%").replace("%%(table)s", "%(table)s"), table=table)
            for template in templates
        ]

    def constraint_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        # Part of CREATE TABLE: nothing inline, the statements follow once the table (on SQLite: its rebuilt twin
        # under its final name) is there.
        assert model is not None and schema_editor is not None
        schema_editor.deferred_sql.extend(self._statements(model, schema_editor))
        return ""

    def create_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None and schema_editor is not None
        for statement in self._statements(model, schema_editor):
            schema_editor.execute(str(statement), params=None)
        return None

    def remove_sql(self, model: type[Model] | None, schema_editor: BaseDatabaseSchemaEditor | None) -> Any:
        assert model is not None and schema_editor is not None
        table = schema_editor.quote_name(model._meta.db_table)
        if schema_editor.connection.vendor == "sqlite":
            drops = tuple(f'DROP TRIGGER IF EXISTS "{name}"' for name in self.sqlite_triggers())
        else:
            drops = tuple(sql.replace("%(table)s", table) for sql in self.postgresql_drop_sql())
        for sql in drops:
            schema_editor.execute(sql, params=None)
        return None

    def validate(self, *_: Any, **__: Any) -> None:
        """The database decides; services turn its refusal into an answer."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.deconstruct() == other.deconstruct()

    __hash__ = None  # type: ignore[assignment]


class NoOverlap(_DatabaseRule):
    """Rows that agree in all `columns` have intervals `[starts_at, ends_at)` that do not overlap (null end: open)."""

    def __init__(self, *, name: str, columns: Sequence[str]) -> None:
        super().__init__(name=name)
        self.columns = tuple(columns)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, arguments, keywords = super().deconstruct()
        return path, tuple(arguments), {**keywords, "columns": self.columns}

    def postgresql_sql(self) -> tuple[str, ...]:
        same = ", ".join(f"{column} WITH =" for column in self.columns)
        return (
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            f"ALTER TABLE %(table)s ADD CONSTRAINT {self.name} EXCLUDE USING gist"
            f" ({same}, tstzrange(starts_at, ends_at) WITH &&)",
        )

    def postgresql_drop_sql(self) -> tuple[str, ...]:
        return (f"ALTER TABLE %(table)s DROP CONSTRAINT {self.name}",)

    def sqlite_triggers(self) -> tuple[str, ...]:
        return (f"{self.name}_insert", f"{self.name}_update")

    def sqlite_sql(self) -> tuple[str, ...]:
        same = " AND ".join(f"{column} = NEW.{column}" for column in self.columns)
        clash = (
            f"SELECT 1 FROM %(table)s WHERE {same} AND id <> NEW.id"
            " AND (NEW.ends_at IS NULL OR starts_at < NEW.ends_at)"
            " AND (ends_at IS NULL OR ends_at > NEW.starts_at)"
            # An empty interval overlaps nothing, as on PostgreSQL.
            " AND (ends_at IS NULL OR starts_at < ends_at)"
            " AND (NEW.ends_at IS NULL OR NEW.starts_at < NEW.ends_at)"
        )
        refuse = f"BEGIN SELECT RAISE(ABORT, '{self.name}'); END"
        touched = ", ".join((*self.columns, "starts_at", "ends_at"))
        return (
            f'CREATE TRIGGER "{self.name}_insert" BEFORE INSERT ON %(table)s WHEN EXISTS ({clash}) {refuse}',
            f'CREATE TRIGGER "{self.name}_update" BEFORE UPDATE OF {touched} ON %(table)s'
            f" WHEN EXISTS ({clash}) {refuse}",
        )


class Immutable(_DatabaseRule):
    """Rows are written once: the database refuses to change or delete them.

    `passage` names a table of `organization_id`: while it has an organization's row, rows of that one may be deleted,
    and still not changed. Whoever puts the row there takes it away in the same transaction, so that nobody else ever
    sees it.
    """

    def __init__(self, *, name: str, passage: str = "") -> None:
        super().__init__(name=name)
        self.passage = passage

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, arguments, keywords = super().deconstruct()
        return path, tuple(arguments), {**keywords, **({"passage": self.passage} if self.passage else {})}

    def sqlite_triggers(self) -> tuple[str, ...]:
        return (f"{self.name}_update", f"{self.name}_delete")

    def sqlite_sql(self) -> tuple[str, ...]:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{self.name}'); END"
        unless = f" WHEN NOT {self._open()}" if self.passage else ""
        return (
            f'CREATE TRIGGER "{self.name}_update" BEFORE UPDATE ON %(table)s {refuse}',
            f'CREATE TRIGGER "{self.name}_delete" BEFORE DELETE ON %(table)s{unless} {refuse}',
        )

    def postgresql_sql(self) -> tuple[str, ...]:
        unless = f"IF TG_OP = 'DELETE' AND {self._open()} THEN RETURN OLD; END IF; " if self.passage else ""
        return (
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN {unless}RAISE EXCEPTION '{self.name}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER {self.name} BEFORE UPDATE OR DELETE ON %(table)s"
            f" FOR EACH ROW EXECUTE FUNCTION {self.name}()",
        )

    def postgresql_drop_sql(self) -> tuple[str, ...]:
        return (f"DROP TRIGGER IF EXISTS {self.name} ON %(table)s", f"DROP FUNCTION IF EXISTS {self.name}()")

    def _open(self) -> str:
        return f'EXISTS (SELECT 1 FROM "{self.passage}" WHERE organization_id = OLD.organization_id)'
