from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep what 0003 filled, and drop what it replaces."""

    dependencies = [
        ("memberships", "0003_fill_milestones"),
    ]

    operations = [
        migrations.RemoveField("membership", "announced_for"),
        migrations.AlterField("membership", "announced_until", models.DateTimeField()),
        migrations.AddConstraint(
            "membership",
            models.CheckConstraint(
                name="membership_reminder_before_end",
                condition=models.Q(remind_at=None)
                | models.Q(ends_at__isnull=False, remind_at__lt=models.F("ends_at")),
            ),
        ),
    ]
