"""Steps of a product after its arrival, in SQL, from routes and decisions with new ids.

Only a product's first route counts, so that no later edit or rescoring makes it arrive again.
"""

from typing import Final

from reviewapp.domain.delays import HIGHEST, HOUR, LOWEST, PER_DOUBLING
from reviewapp.selectors.group_sql import SELLER_PRODUCTS, dashboard_groups


def bucket_of(delay: str) -> str:
    """Return SQL for the bucket of an interval in SQL, as `domain.delays.bucket` has it."""
    seconds = f"greatest(extract(epoch FROM {delay})::float8, 1)"
    return f"""
    least(greatest(ceil({PER_DOUBLING} * ln({seconds} / {HOUR}) / ln(2.0::float8) - 1e-9),
                   {LOWEST}), {HIGHEST})::int
"""


_BUCKET: Final = bucket_of("steps.at - product.arrived_at")
GROUPED: Final = f"""
    JOIN reviewapp_category predicted ON predicted.id = prediction.category_id
    JOIN reviewapp_product product ON product.id = route.product_id
    {SELLER_PRODUCTS}
    CROSS JOIN LATERAL (VALUES {dashboard_groups("predicted.code")})
      AS groups (kind, value)
"""
FIRST: Final = """
    NOT EXISTS (SELECT FROM reviewapp_route earlier
                WHERE earlier.product_id = route.product_id AND earlier.id < route.id)
"""
_INSERT: Final = """
INSERT INTO reviewapp_delaytally AS tally
    (day, model_version_id, kind, "group", step, bucket, products)
"""
_COUNTED: Final = f"""
SELECT (product.arrived_at AT TIME ZONE 'UTC')::date, prediction.model_version_id, groups.kind,
       groups.value, steps.step, {_BUCKET}, count(*)
"""
_ADD: Final = """
  AND steps.at IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6
ON CONFLICT (kind, day, model_version_id, "group", step, bucket)
DO UPDATE SET products = tally.products + excluded.products
"""

BOOK_ROUTES: Final = f"""
{_INSERT} {_COUNTED}
FROM reviewapp_route route
JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
{GROUPED}
CROSS JOIN LATERAL (VALUES
    ('predicted', prediction.created_at), ('routed', route.created_at),
    ('listed', CASE WHEN route.outcome = 'listed' THEN route.created_at END)
) AS steps (step, at)
WHERE route.id > %(after)s AND route.id <= %(last)s AND {FIRST} {_ADD}
"""

# The first answer to an item counts, even one that was taken back: it is when a person decided.
BOOK_DECISIONS: Final = f"""
{_INSERT} {_COUNTED}
FROM reviewapp_decision decision
JOIN reviewapp_reviewitem item ON item.id = decision.item_id
JOIN reviewapp_route route ON route.id = item.route_id AND route.outcome = 'review'
JOIN reviewapp_prediction prediction ON prediction.id = route.prediction_id
{GROUPED}
CROSS JOIN LATERAL (VALUES
    ('seen', item.first_seen_at), ('decided', decision.decided_at), ('listed', decision.decided_at)
) AS steps (step, at)
WHERE decision.id > %(after)s AND decision.id <= %(last)s
  AND decision.verdict IN ('confirmed', 'corrected')
  AND NOT decision.reasons && ARRAY['gold', 'second_opinion']::varchar[]
  AND NOT EXISTS (
      SELECT FROM reviewapp_decision before
      WHERE before.item_id = item.id AND before.id < decision.id
        AND before.verdict IN ('confirmed', 'corrected'))
  AND {FIRST} {_ADD}
"""
