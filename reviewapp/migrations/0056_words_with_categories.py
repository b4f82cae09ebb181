from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

from reviewapp.extensions import NeedsBtreeGin

WORDS = ("title_words", "all_words")


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0055_what_reporters_saw")]

    operations = [
        NeedsBtreeGin(),
        *[migrations.RemoveIndex("catalogueentry", f"entry_{words}") for words in WORDS],
        *[
            migrations.AddIndex(
                "catalogueentry", GinIndex(fields=[words, "category"], name=f"entry_{words}")
            )
            for words in WORDS
        ],
    ]
