"""Take-downs by reports as rows of their own, which a seller can contest."""

import django.db.models.deletion
from django.db import migrations, models


def write_down(apps, schema_editor):
    """Give products that a case has taken down their row, and the time they were first listed."""
    cases = apps.get_model("reviewapp", "ReportCase").objects.filter(
        status="in_review", before__has_key="category_id", product__status="in_review"
    )
    for case in cases.select_related("product", "item").iterator():
        apps.get_model("reviewapp", "TakeDown").objects.create(
            product=case.product,
            case=case,
            item=case.item,
            policy_id=case.policy_id,
            category_id=case.before["category_id"],
            input_digest=case.before["input_digest"],
            report_count=len(case.arithmetic.get("voices", [])),
            # Nobody wrote down when; not before the case and what is decided about were there.
            taken_down_at=max(case.opened_at, case.item.opened_at),
        )
        case.product.listed_at = case.before["listed_at"]
        case.product.save(update_fields=["listed_at"])


class Migration(migrations.Migration):

    dependencies = [
        ('reviewapp', '0045_three_proven_reopen'),
    ]

    operations = [
        migrations.CreateModel(
            name='TakeDown',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('input_digest', models.CharField(max_length=64)),
                ('report_count', models.PositiveIntegerField()),
                ('taken_down_at', models.DateTimeField()),
                ('restored_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='appeal',
            name='appeal_against_one_thing',
        ),
        migrations.AddField(
            model_name='takedown',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='take_downs', to='reviewapp.reportcase'),
        ),
        migrations.AddField(
            model_name='takedown',
            name='category',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reviewapp.category'),
        ),
        migrations.AddField(
            model_name='takedown',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='take_downs', to='reviewapp.reviewitem'),
        ),
        migrations.AddField(
            model_name='takedown',
            name='policy',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reviewapp.reportpolicy'),
        ),
        migrations.AddField(
            model_name='takedown',
            name='product',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='take_downs', to='reviewapp.product'),
        ),
        migrations.AddField(
            model_name='appeal',
            name='take_down',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='appeal', to='reviewapp.takedown'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision__isnull', False), ('route', None), ('take_down', None)), models.Q(('decision', None), ('route__isnull', False), ('take_down', None)), models.Q(('decision', None), ('route', None), ('take_down__isnull', False)), _connector='OR'), name='appeal_against_one_thing'),
        ),
        migrations.AddIndex(
            model_name='takedown',
            index=models.Index(models.F('product'), models.OrderBy(models.F('taken_down_at'), descending=True), name='take_down_of_product'),
        ),
        migrations.AddConstraint(
            model_name='takedown',
            constraint=models.UniqueConstraint(condition=models.Q(('restored_at', None)), fields=('item',), name='take_down_one_standing_per_item'),
        ),
        migrations.AddConstraint(
            model_name='takedown',
            constraint=models.CheckConstraint(condition=models.Q(('restored_at', None), ('restored_at__gte', models.F('taken_down_at')), _connector='OR'), name='take_down_ends_after_it_began'),
        ),
        migrations.RunPython(write_down, migrations.RunPython.noop),
    ]
