"""Mail goes to addresses whose owners have confirmed them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviewapp', '0050_import_language'),
    ]

    operations = [
        migrations.AddField(
            model_name='mail',
            name='confirms',
            field=models.EmailField(blank=True, max_length=254),
        ),
        migrations.AddField(
            model_name='user',
            name='confirmed_email',
            field=models.EmailField(blank=True, max_length=254),
        ),
    ]
