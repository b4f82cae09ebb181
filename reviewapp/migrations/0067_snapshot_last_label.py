from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0066_first_routes")]

    operations = [
        migrations.AddField(
            model_name="datasetsnapshot",
            name="last_label",
            field=models.PositiveBigIntegerField(blank=True, null=True),
        ),
    ]
