import django.db.models.deletion
from django.db import migrations, models

# Rows from before name their report and its answer in the key: report:ID:DECISION:ANSWER.
_FILL = """
UPDATE reviewapp_mail SET report_id = report.id, answer = split_part(key, ':', 4)
FROM reviewapp_misclassificationreport report
WHERE key ~ '^report:[0-9]+:[0-9]+:(upheld|dismissed|expired|voided)$'
    AND report.id::text = split_part(key, ':', 2)
"""


class Migration(migrations.Migration):
    dependencies = [("reviewapp", "0061_known_answer_draws")]

    operations = [
        migrations.AddField(
            model_name="mail",
            name="report",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mail",
                to="reviewapp.misclassificationreport",
            ),
        ),
        migrations.AddField(
            model_name="mail",
            name="answer",
            field=models.CharField(
                blank=True,
                choices=[
                    ("open", "Waiting for an answer"),
                    ("upheld", "Upheld: the category was wrong"),
                    ("dismissed", "Dismissed: the category was right"),
                    ("expired", "Closed without a look"),
                    ("voided", "Set aside"),
                ],
                db_default="",
                max_length=10,
            ),
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        # The rows just filled wait for the check of their references; the table is altered next.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="mail",
            constraint=models.CheckConstraint(
                condition=models.Q(report=None, answer="")
                | (models.Q(report__isnull=False) & ~models.Q(answer="")),
                name="mail_of_report_has_answer",
            ),
        ),
    ]
