from django.db import migrations, models


class Migration(migrations.Migration):
    """How many days before an end its holder is reminded of it."""

    dependencies = [
        ("organizations", "0002_contact_email"),
    ]

    operations = [
        migrations.AddField("organization", "reminder_days", models.PositiveSmallIntegerField(default=7)),
    ]
