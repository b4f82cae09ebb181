from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations

from reviewapp.extensions import NeedsBtreeGin

NEW = {"title_words": "entry_title_in_category", "all_words": "entry_all_in_category"}


class Migration(migrations.Migration):
    # The shop goes on: over a million entries each index takes its time, and the old ones serve
    # until the new ones are there.
    atomic = False
    dependencies = [("reviewapp", "0055_what_reporters_saw")]

    operations = [
        NeedsBtreeGin(),
        # One that was broken off leaves an invalid index under the name.
        *[
            migrations.RunSQL(f"DROP INDEX CONCURRENTLY IF EXISTS {name}", migrations.RunSQL.noop)
            for name in NEW.values()
        ],
        *[
            AddIndexConcurrently(
                "catalogueentry", GinIndex(fields=[words, "category"], name=name)
            )
            for words, name in NEW.items()
        ],
        *[RemoveIndexConcurrently("catalogueentry", f"entry_{words}") for words in NEW],
    ]
