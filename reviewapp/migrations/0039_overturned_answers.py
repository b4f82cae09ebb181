from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0038_answer_tallies")]

    operations = [
        migrations.AddField(
            model_name="misclassificationreport",
            name="earlier",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
