import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reviewapp", "0058_answers_hash_and_contested_labels"),
    ]

    operations = [
        migrations.AddField(
            model_name="driftreference",
            name="trained",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("category", "Categories the model says"),
                        ("confidence", "Confidence of the model"),
                        ("title_length", "Length of the title"),
                        ("description", "Descriptions missing"),
                        ("description_length", "Length of the description"),
                        ("language", "Language of the text"),
                        ("picture", "Pictures missing"),
                        ("brightness", "Brightness of the picture"),
                        ("embedding", "Text and picture as the model sees them"),
                        ("mix", "Mix of categories, estimated"),
                        ("right", "Share expected to be right"),
                    ],
                    max_length=20,
                ),
                blank=True,
                default=list,
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="TrainingInputs",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("inputs", models.JSONField()),
                (
                    "model_version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="inputs",
                        to="reviewapp.modelversion",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "training inputs",
            },
        ),
    ]
