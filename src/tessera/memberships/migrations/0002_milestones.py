from django.db import migrations, models


class Migration(migrations.Migration):
    """Make room for what is to be announced beside expiry."""

    dependencies = [
        ("organizations", "0003_reminder_days"),
        ("memberships", "0001_initial"),
    ]

    operations = [
        migrations.AddField("membership", "remind_at", models.DateTimeField(null=True)),
        migrations.AddField("membership", "announced_until", models.DateTimeField(null=True)),
        migrations.RemoveIndex("membership", "membership_to_announce"),
        migrations.AddIndex(
            "membership",
            models.Index(
                name="membership_to_announce",
                fields=["organization", "announce_at", "id"],
                condition=models.Q(announce_at__isnull=False),
            ),
        ),
    ]
