from django.db import migrations, models

# All routes and answers are counted anew, as `services.rollups.rebuild` has them.
_ANEW = """
DELETE FROM reviewapp_routetally;
DELETE FROM reviewapp_certificatewatch;
UPDATE reviewapp_rollupcursor SET last_id = 0 WHERE name IN ('routes', 'answers');
"""


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0065_reports_by_declared_group")]

    operations = [
        migrations.AddField(
            "routetally", "products", models.PositiveIntegerField(db_default=0, default=0)
        ),
        migrations.RunSQL(_ANEW, migrations.RunSQL.noop),
    ]
