"""Sums for everything are those of the groups of sellers, or of categories, added up.

The unique indexes begin with the group and hold the counts, so that a dashboard reads nothing else.
"""

from django.db import migrations, models

KINDS = [
    ("all", "Everything"),
    ("category", "Category"),
    ("family", "Category family"),
    ("language", "Language"),
    ("seller", "Seller’s products so far"),
    ("description", "Description"),
    ("picture", "Picture"),
    ("pair", "Category and seller’s products so far"),
]
MODELS = ["answertally", "delaytally", "reporttally", "routetally"]
EVERYTHING = """
INSERT INTO reviewapp_delaytally (day, model_version_id, kind, "group", step, bucket, products)
SELECT day, model_version_id, 'all', '', step, bucket, sum(products)
FROM reviewapp_delaytally WHERE kind = 'seller' GROUP BY 1, 2, 5, 6;

INSERT INTO reviewapp_answertally (day, model_version_id, kind, "group", predicted_id, said_id,
    is_listed, is_above, answers, listings, example_id)
SELECT day, model_version_id, 'all', '', predicted_id, said_id, is_listed, is_above, sum(answers),
       sum(listings), max(example_id)
FROM reviewapp_answertally WHERE kind = 'seller' GROUP BY 1, 2, 5, 6, 7, 8;

INSERT INTO reviewapp_routetally (day, model_version_id, policy_id, stratum, kind, "group",
    inclusion_probability, routed, drawn, answered, wrong, listed_in_a_day)
SELECT day, model_version_id, policy_id, stratum, 'all', '', max(inclusion_probability),
       sum(routed), sum(drawn), sum(answered), sum(wrong), sum(listed_in_a_day)
FROM reviewapp_routetally WHERE kind = 'category' GROUP BY 1, 2, 3, 4;

INSERT INTO reviewapp_reportchange (day)
SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date FROM reviewapp_misclassificationreport;
"""
NEW_KINDS = " ".join(
    f"DELETE FROM reviewapp_{model} WHERE kind IN ('all', 'pair');" for model in MODELS
)

ONCE = [
    ("delaytally", "delay_tally_once", ["step", "bucket"], ["products"], None),
    ("reporttally", "report_tally_once", ["status", "bucket"], ["reports"], False),
    (
        "answertally",
        "answer_tally_once",
        ["predicted", "said", "is_listed", "is_above"],
        ["answers", "listings"],
        None,
    ),
]


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0048_claim_indexes")]

    operations = [
        *(
            migrations.AlterField(model, "kind", models.CharField(choices=KINDS, max_length=12))
            for model in MODELS
        ),
        *(migrations.RemoveConstraint(model, name) for model, name, *_rest in ONCE),
        *(
            migrations.AddConstraint(
                model,
                models.UniqueConstraint(
                    fields=["kind", "group", "day", "model_version", *own],
                    include=counts,
                    name=name,
                    nulls_distinct=is_distinct,
                ),
            )
            for model, name, own, counts, is_distinct in ONCE
        ),
        migrations.RunSQL(EVERYTHING, NEW_KINDS),
    ]
