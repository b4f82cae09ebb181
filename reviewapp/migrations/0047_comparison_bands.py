from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0046_take_downs")]

    operations = [
        migrations.RemoveConstraint(model_name="comparisontally", name="comparison_tally_once"),
        migrations.AddField(
            model_name="comparisontally",
            name="band",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name="comparisontally",
            constraint=models.UniqueConstraint(
                fields=["moderator", "kind", "category", "band"], name="comparison_tally_once"
            ),
        ),
    ]
