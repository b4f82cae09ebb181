from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0039_overturned_answers")]

    operations = [
        migrations.AddField(
            model_name="reviewitem",
            name="claim_page",
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="has_character_keys",
            field=models.BooleanField(default=True),
        ),
    ]
