import django.db.models.deletion
from django.db import migrations, models

# One statement may change many reports: answers, a ring set aside, a person who leaves.
TRIGGER = """
CREATE FUNCTION note_report_days() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO reviewapp_reportchange (day)
        SELECT DISTINCT (changed_to.created_at AT TIME ZONE 'UTC')::date
        FROM changed_to JOIN changed_from before USING (id)
        WHERE (changed_to.status, changed_to.resolved_at, changed_to.reported_category_id)
            IS DISTINCT FROM (before.status, before.resolved_at, before.reported_category_id);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO reviewapp_reportchange (day)
        SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date FROM changed_to;
    ELSE
        INSERT INTO reviewapp_reportchange (day)
        SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date FROM changed_from;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER report_added AFTER INSERT ON reviewapp_misclassificationreport
REFERENCING NEW TABLE AS changed_to FOR EACH STATEMENT EXECUTE FUNCTION note_report_days();
CREATE TRIGGER report_changed AFTER UPDATE ON reviewapp_misclassificationreport
REFERENCING OLD TABLE AS changed_from NEW TABLE AS changed_to
FOR EACH STATEMENT EXECUTE FUNCTION note_report_days();
CREATE TRIGGER report_removed AFTER DELETE ON reviewapp_misclassificationreport
REFERENCING OLD TABLE AS changed_from FOR EACH STATEMENT EXECUTE FUNCTION note_report_days();
"""

NO_TRIGGER = """
DROP TRIGGER report_added ON reviewapp_misclassificationreport;
DROP TRIGGER report_changed ON reviewapp_misclassificationreport;
DROP TRIGGER report_removed ON reviewapp_misclassificationreport;
DROP FUNCTION note_report_days();
"""

ALL_DAYS = """
INSERT INTO reviewapp_reportchange (day)
SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date FROM reviewapp_misclassificationreport
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reviewapp', '0040_pages_and_character_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReportChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name='ReportTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('kind', models.CharField(choices=[('category', 'Category'), ('family', 'Category family'), ('language', 'Language'), ('seller', 'Seller’s products so far'), ('description', 'Description'), ('picture', 'Picture')], max_length=12)),
                ('group', models.CharField(max_length=60)),
                ('status', models.CharField(choices=[('open', 'Waiting for an answer'), ('upheld', 'Upheld: the category was wrong'), ('dismissed', 'Dismissed: the category was right'), ('expired', 'Closed without a look'), ('voided', 'Set aside')], max_length=10)),
                ('bucket', models.SmallIntegerField(blank=True, null=True)),
                ('reports', models.PositiveIntegerField()),
                ('model_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='reviewapp.modelversion')),
            ],
            options={
                'verbose_name_plural': 'report tallies',
                'constraints': [models.UniqueConstraint(fields=('kind', 'day', 'model_version', 'group', 'status', 'bucket'), name='report_tally_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('reports__gt', 0)), name='report_tally_counts'), models.CheckConstraint(condition=models.Q(('status__in', ['upheld', 'dismissed']), ('bucket', None), _connector='XOR'), name='report_tally_answered_has_bucket')],
            },
        ),
        migrations.RunSQL(TRIGGER, NO_TRIGGER),
        migrations.RunSQL(ALL_DAYS, migrations.RunSQL.noop),
    ]
