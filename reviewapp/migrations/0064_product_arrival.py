from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    # Products go on arriving while it is built.
    atomic = False
    dependencies = [("reviewapp", "0063_mail_with_words")]

    operations = [
        # One that was broken off leaves an invalid index under the name.
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS product_arrival", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "product",
            BrinIndex(fields=["arrived_at"], autosummarize=True, name="product_arrival"),
        ),
    ]
