import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from tessera.db.constraints import Immutable

CLOSED = Immutable(name="event_immutable")
WITH_PASSAGE = Immutable(name="event_immutable", passage="events_eventpassage")


def lay_anew(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Exchange the rule's triggers alone: taking it off and putting it on would copy a table of any size twice."""
    model = apps.get_model("events", "Event")
    CLOSED.remove_sql(model, schema_editor)
    WITH_PASSAGE.create_sql(model, schema_editor)


class Migration(migrations.Migration):
    """Lines of an organization that is deleted may go with it."""

    dependencies = [
        ("organizations", "0004_settings"),
        ("events", "0004_by_type_and_actor"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventPassage",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="organizations.organization",
                    ),
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(lay_anew, migrations.RunPython.noop)],
            state_operations=[
                migrations.RemoveConstraint("event", "event_immutable"),
                migrations.AddConstraint("event", WITH_PASSAGE),
            ],
        ),
    ]
