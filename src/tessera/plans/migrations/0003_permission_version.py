from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('plans', '0002_capacity'),
    ]

    operations = [
        migrations.AddField(
            model_name='permission',
            name='version',
            field=models.PositiveIntegerField(default=1),
        ),
    ]
