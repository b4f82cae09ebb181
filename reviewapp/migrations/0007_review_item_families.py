from django.db import migrations

# Open items join the queue of the family that FUSION answered last.
_FAMILIES = """
UPDATE reviewapp_reviewitem item SET family_id = (
    SELECT category.family_id FROM reviewapp_prediction prediction
    JOIN reviewapp_product product ON product.id = prediction.product_id
    JOIN reviewapp_category category ON category.id = prediction.category_id
    WHERE prediction.product_id = item.product_id AND prediction.member = 'fusion'
      AND prediction.input_digest = product.input_digest
    ORDER BY prediction.created_at DESC, prediction.id DESC LIMIT 1
)
WHERE item.status <> 'resolved'
"""


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0006_review_queues")]

    operations = [migrations.RunSQL(_FAMILIES, migrations.RunSQL.noop)]
