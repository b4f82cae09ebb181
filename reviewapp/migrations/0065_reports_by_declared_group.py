from django.db import migrations

# Reports count by family, language, description and picture as well: every day is counted anew.
_ALL_DAYS = """
INSERT INTO reviewapp_reportchange (day)
SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date FROM reviewapp_misclassificationreport
"""


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0064_product_arrival")]

    operations = [migrations.RunSQL(_ALL_DAYS, migrations.RunSQL.noop)]
