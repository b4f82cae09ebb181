from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0053_held_out_groups")]

    operations = [
        migrations.AddField(
            model_name="splitassignment",
            name="was_in_training",
            field=models.BooleanField(default=False),
        ),
    ]
