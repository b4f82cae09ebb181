from django.db import migrations

from reviewapp.migrations import _catalogue_sql as sql


class Migration(migrations.Migration):
    """Apart from the tables: PostgreSQL makes no index on rows whose triggers still wait."""

    dependencies = [
        ("reviewapp", "0015_catalogue_entries"),
    ]

    operations = [migrations.RunSQL(sql.FILL, migrations.RunSQL.noop)]
