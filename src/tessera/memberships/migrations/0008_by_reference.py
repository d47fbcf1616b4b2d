from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memberships", "0007_counting")]

    operations = [
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                condition=models.Q(("external_reference", ""), _negated=True),
                fields=["organization", "external_reference"],
                name="membership_by_reference",
            ),
        ),
    ]
