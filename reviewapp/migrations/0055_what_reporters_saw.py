from django.db import migrations, models

# Where the product is still as it was when it was reported, what the reporter saw is known.
FILL = """
UPDATE reviewapp_misclassificationreport report
SET reported_title = product.designation, reported_digest = product.input_digest
FROM reviewapp_product product
WHERE product.id = report.product_id AND product.input_digest = (
    SELECT request.input_digest FROM reviewapp_classificationrequest request
    WHERE request.product_id = report.product_id AND request.requested_at <= report.created_at
    ORDER BY request.requested_at DESC, request.id DESC LIMIT 1)
"""


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0054_was_in_training")]

    operations = [
        migrations.AddField(
            model_name="misclassificationreport",
            name="reported_title",
            field=models.CharField(blank=True, max_length=1000),
        ),
        migrations.AddField(
            model_name="misclassificationreport",
            name="reported_digest",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
