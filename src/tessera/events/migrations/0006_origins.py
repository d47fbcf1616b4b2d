import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Where events came from, in a table of its own: the large one is not touched, and addresses can be erased."""

    dependencies = [
        ("organizations", "0001_initial"),
        ("events", "0005_passage"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventOrigin",
            fields=[
                ("event_id", models.UUIDField(primary_key=True, serialize=False)),
                ("actor", models.CharField(max_length=80)),
                ("address", models.GenericIPAddressField(null=True)),
                ("device", models.CharField(blank=True, max_length=60)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["organization", "actor"], name="event_origin_of_actor")]},
        ),
    ]
