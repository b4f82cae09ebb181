from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("reviewapp", "0062_what_mail_has_told")]

    operations = [
        AddIndexConcurrently(
            model_name="mail",
            index=models.Index(
                "created_at", condition=~models.Q(body=""), name="mail_with_words"
            ),
        )
    ]
