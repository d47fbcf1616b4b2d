from django.db import migrations, models


class Migration(migrations.Migration):
    """Two more kinds of recipients. The database is not asked: it does not know the choices."""

    dependencies = [
        ("notices", "0001_notices"),
    ]

    operations = [
        migrations.AlterField(
            "notice",
            "to",
            models.CharField(
                choices=[(each, each) for each in ("customer", "company", "staff", "invited", "new_email")],
                max_length=10,
            ),
        ),
    ]
