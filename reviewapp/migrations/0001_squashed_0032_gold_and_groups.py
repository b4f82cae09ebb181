import uuid

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.math
import django.utils.timezone
import pgvector.django.halfvec
from django.conf import settings
from django.db import migrations, models

import reviewapp.models.review
from reviewapp.extensions import NeedsTrigrams, NeedsUnaccent, NeedsVector
from reviewapp.migrations import _catalogue_sql as sql


class Migration(migrations.Migration):
    """All tables at once: step by step took a new database far longer, most of it in Python."""

    replaces = [
        ("reviewapp", "0001_initial"),
        ("reviewapp", "0002_review_escalation"),
        ("reviewapp", "0003_product_search"),
        ("reviewapp", "0004_no_hidden_until"),
        ("reviewapp", "0005_review_second_look"),
        ("reviewapp", "0006_review_queues"),
        ("reviewapp", "0007_review_item_families"),
        ("reviewapp", "0008_guidance"),
        ("reviewapp", "0009_near_duplicate_groups"),
        ("reviewapp", "0010_report_evidence"),
        ("reviewapp", "0011_dataset_snapshots"),
        ("reviewapp", "0012_policy_costs"),
        ("reviewapp", "0013_team"),
        ("reviewapp", "0014_queue_measures_and_bulk"),
        ("reviewapp", "0015_catalogue_entries"),
        ("reviewapp", "0016_fill_catalogue_entries"),
        ("reviewapp", "0017_served_in_bulk"),
        ("reviewapp", "0018_quality_checks"),
        ("reviewapp", "0019_desk_keys_and_escalated"),
        ("reviewapp", "0020_appeals_and_previews"),
        ("reviewapp", "0021_rechecks"),
        ("reviewapp", "0022_preview_drafts_go"),
        ("reviewapp", "0023_evaluations"),
        ("reviewapp", "0024_open_report_waits"),
        ("reviewapp", "0025_promotions"),
        ("reviewapp", "0026_entry_pictured"),
        ("reviewapp", "0027_shadow"),
        ("reviewapp", "0028_training_runs"),
        ("reviewapp", "0029_adjudications_taken_back"),
        ("reviewapp", "0030_anonymous_reports"),
        ("reviewapp", "0031_live_accuracy"),
        ("reviewapp", "0032_gold_and_groups"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        NeedsVector(),
        NeedsUnaccent(),
        NeedsTrigrams(),
        migrations.RunSQL(sql.CONFIGURATIONS, sql.NO_CONFIGURATIONS),
        migrations.CreateModel(
            name="CatalogueRollUp",
            fields=[
                ("name", models.CharField(max_length=10, primary_key=True, serialize=False)),
                ("counted_at", models.DateTimeField(blank=True, null=True)),
                ("took_seconds", models.FloatField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="CatalogueWord",
            fields=[
                ("word", models.CharField(max_length=40, primary_key=True, serialize=False)),
                (
                    "products",
                    models.PositiveIntegerField(
                        help_text="Listed products with it in their title."
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            models.F("word"), name="gin_trgm_ops"
                        ),
                        name="catalogue_word_trigrams",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CategoryFamily",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(unique=True)),
                ("name_fr", models.CharField(max_length=80)),
                ("name_en", models.CharField(max_length=80)),
                ("position", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "category families",
                "ordering": ["position", "slug"],
            },
        ),
        migrations.CreateModel(
            name="ComparisonCursor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last_decision", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="comparison_cursor_one_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GroupCursor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last_image", models.BigIntegerField(default=0)),
                ("last_product", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="group_cursor_one_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                ("manifest_sha256", models.CharField(max_length=64, unique=True)),
                (
                    "labels",
                    models.JSONField(
                        help_text="Category codes, in the order of the model's columns."
                    ),
                ),
                ("metrics", models.JSONField(blank=True, default=dict)),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("candidate", "Candidate"),
                            ("shadow", "Shadow"),
                            ("champion", "Champion"),
                            ("retired", "Retired"),
                        ],
                        default="candidate",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("promoted_at", models.DateTimeField(blank=True, null=True)),
                ("is_demo", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("stage", "champion")),
                        fields=("stage",),
                        name="model_version_one_champion",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NetworkSalt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("week", models.DateField(help_text="Its Monday.", unique=True)),
                ("salt", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="ProductImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("source_sha256", models.CharField(max_length=64, unique=True)),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("size_bytes", models.PositiveIntegerField()),
                ("fingerprint", models.BigIntegerField(blank=True, null=True)),
                ("look", models.BigIntegerField(blank=True, db_index=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="ReportRing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("held", "Held"), ("voided", "Voided"), ("released", "Released")],
                        default="held",
                        max_length=8,
                    ),
                ),
                (
                    "signs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("same_family", "many on one family of categories within seconds"),
                                ("same_network", "several from one network"),
                                ("same_product", "many on one product within seconds"),
                            ],
                            max_length=12,
                        ),
                        size=None,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("last_report_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("found_at"), descending=True),
                        name="report_ring_newest",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("signs", []), _negated=True),
                        name="report_ring_has_sign",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RollUpCursor",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("last_id", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                (
                    "email",
                    models.EmailField(blank=True, max_length=254, verbose_name="email address"),
                ),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                (
                    "date_joined",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="date joined"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True, help_text="Empty: as the browser asks.", max_length=5
                    ),
                ),
                (
                    "theme",
                    models.CharField(
                        choices=[("auto", "As the system"), ("light", "Light"), ("dark", "Dark")],
                        default="auto",
                        max_length=5,
                    ),
                ),
                ("wants_mail", models.BooleanField(default=False)),
                ("desk_keys", models.JSONField(blank=True, default=dict)),
                ("is_demo", models.BooleanField(default=False)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "db_table": "reviewapp_user",
                "abstract": False,
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="CatalogueImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("csv", "CSV, challenge layout"),
                            ("jsonl", "JSON Lines"),
                            ("parquet", "Parquet"),
                        ],
                        max_length=8,
                    ),
                ),
                ("source", models.SlugField(max_length=60)),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("files", models.JSONField(blank=True, default=dict)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("rows_total", models.PositiveIntegerField(blank=True, null=True)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("created_count", models.PositiveIntegerField(default=0)),
                ("updated_count", models.PositiveIntegerField(default=0)),
                ("unchanged_count", models.PositiveIntegerField(default=0)),
                ("refused_count", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.PositiveIntegerField(unique=True)),
                (
                    "family",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="categories",
                        to="reviewapp.categoryfamily",
                    ),
                ),
                ("name_fr", models.CharField(max_length=120)),
                ("name_en", models.CharField(max_length=120)),
                ("definition_fr", models.TextField()),
                ("definition_en", models.TextField()),
                ("includes", models.JSONField(blank=True, default=dict)),
                ("excludes", models.JSONField(blank=True, default=dict)),
                ("synonyms", models.JSONField(blank=True, default=dict)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="DatasetSnapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("rows_total", models.PositiveIntegerField(blank=True, null=True)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("filters", models.JSONField(blank=True, default=dict)),
                ("digest", models.CharField(blank=True, db_index=True, max_length=64)),
                ("manifest", models.JSONField(blank=True, default=dict)),
                ("left_out", models.JSONField(blank=True, default=dict)),
                ("file_sha256", models.CharField(blank=True, max_length=64)),
                ("size_bytes", models.PositiveBigIntegerField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "done"), _negated=True),
                            models.Q(
                                models.Q(("digest", ""), _negated=True),
                                models.Q(("file_sha256", ""), _negated=True),
                                ("rows_total__gt", 0),
                            ),
                            _connector="OR",
                        ),
                        name="snapshot_done_has_content",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EmbeddingOrigin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("origin", models.CharField(max_length=260)),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("added_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("origin",),
                        name="embedding_origin_live_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("origin__regex", "^https?://[^/?#@]+$")),
                        name="embedding_origin_is_origin",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FamilyViews",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "family",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.categoryfamily",
                    ),
                ),
                ("day", models.DateField()),
                ("views", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "family views",
                "constraints": [
                    models.UniqueConstraint(fields=("family", "day"), name="family_views_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="HeldOutAnswers",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "model_version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="held_out",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "confidence",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), size=None
                    ),
                ),
                (
                    "predicted",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
                (
                    "true",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
                (
                    "missing",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(blank=True, max_length=20), size=None
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LabelImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_count", models.PositiveIntegerField(default=0)),
                ("unchanged_count", models.PositiveIntegerField(default=0)),
                ("refused_count", models.PositiveIntegerField(default=0)),
                ("report", models.JSONField(blank=True, default=list)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Mail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("key", models.CharField(max_length=80, unique=True)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("not_before", models.DateTimeField()),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "mail",
                "indexes": [
                    models.Index(
                        models.F("not_before"),
                        condition=models.Q(("sent_at", None)),
                        name="mail_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ModeratorAlarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "moderator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alarms",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("evidence", models.FloatField()),
                ("record", models.JSONField()),
                ("watched_since", models.DateTimeField()),
                ("raised_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("comment", models.TextField(blank=True, max_length=2000)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)),
                        fields=("moderator",),
                        name="moderator_alarm_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("closed_by", None)),
                            models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="moderator_alarm_closed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ModeratorSkill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "moderator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="review_skills",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "family",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.categoryfamily",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("only", "Only this family"),
                            ("strong", "Strong in it: comes first"),
                        ],
                        max_length=6,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("moderator", "family"), name="skill_once_per_family"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ModeratorWatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "moderator",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="watch",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("streams", models.JSONField(default=dict)),
                ("record", models.JSONField(default=dict)),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="QueueMeasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("seconds", "Median seconds of a review"),
                            ("views", "Views of a listed product a day"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "family",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.categoryfamily",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("low_confidence", "Low confidence"),
                            ("disagreement", "The models disagree"),
                            ("missing_input", "Missing text or picture"),
                            ("buyer_report", "Reported by a buyer"),
                            ("audit", "Random audit"),
                            ("suspect_label", "Suspect label"),
                            ("seller_appeal", "Seller's appeal"),
                            ("second_opinion", "Second opinion"),
                            ("gold", "Known answer"),
                            ("failed", "Could not be classified"),
                        ],
                        max_length=20,
                    ),
                ),
                ("value", models.FloatField()),
                ("count", models.PositiveIntegerField()),
                ("measured_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "family", "reason"),
                        name="queue_measure_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("value__gte", 0)), name="queue_measure_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "moderator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rechecks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("days", models.PositiveIntegerField(blank=True, null=True)),
                ("last", models.PositiveIntegerField(blank=True, null=True)),
                ("demotes", models.BooleanField(default=False)),
                ("comment", models.TextField(max_length=2000)),
                ("opened_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("undo_comment", models.TextField(blank=True, max_length=2000)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("opened_at"), descending=True),
                        name="recheck_recent",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("days", None), ("demotes", True), ("last", None)),
                            models.Q(
                                ("demotes", False),
                                models.Q(("days", None), ("last", None), _connector="XOR"),
                            ),
                            _connector="OR",
                        ),
                        name="recheck_has_one_measure",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("comment", ""), _negated=True), name="recheck_has_cause"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("undo_comment", ""), ("undone_at", None), ("undone_by", None)
                            ),
                            models.Q(
                                ("undone_at__isnull", False),
                                ("undone_by__isnull", False),
                                models.Q(("undo_comment", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="recheck_undo_has_author",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("moderator", models.F("lead")), _negated=True),
                        name="recheck_of_somebody_else",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("demotes", True), ("undone_at", None)),
                        fields=("moderator",),
                        name="recheck_one_demotion",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True)),
                ("half_life_days", models.FloatField(default=180.0)),
                ("prior_upheld", models.FloatField(default=1.0)),
                ("prior_dismissed", models.FloatField(default=3.0)),
                ("proven_at", models.FloatField(default=0.3)),
                ("unproven_cap", models.FloatField(default=0.4)),
                ("network_cap", models.FloatField(default=0.8)),
                ("agreement_bonus", models.FloatField(default=0.25)),
                ("doubt_bonus", models.FloatField(default=0.5)),
                ("alternative_bonus", models.FloatField(default=0.25)),
                ("reopen_at", models.FloatField(default=1.0)),
                ("overrule_at", models.FloatField(default=2.5)),
                ("limit_dismissed", models.FloatField(default=8.0)),
                ("limit_open", models.PositiveIntegerField(default=2)),
                ("collect_days", models.FloatField(default=7.0)),
                ("lot_share", models.FloatField(default=0.25)),
                ("hold_reopened", models.BooleanField(default=False)),
                ("allow_anonymous", models.BooleanField(default=False)),
                ("burst_seconds", models.FloatField(default=60.0)),
                ("burst_accounts", models.PositiveIntegerField(default=6)),
                ("network_seconds", models.FloatField(default=3600.0)),
                ("network_accounts", models.PositiveIntegerField(default=4)),
                ("note", models.TextField(blank=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "report policies",
                "get_latest_by": "version",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reopen_at__gt",
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("unproven_cap"),
                                        "*",
                                        django.db.models.expressions.CombinedExpression(
                                            models.Value(1.0), "+", models.F("agreement_bonus")
                                        ),
                                    ),
                                    "*",
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.Value(1.0), "+", models.F("doubt_bonus")
                                        ),
                                        "+",
                                        models.F("alternative_bonus"),
                                    ),
                                ),
                            )
                        ),
                        name="report_policy_unproven_below_bar",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("overrule_at__gte", models.F("reopen_at"))),
                        name="report_policy_bars_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lot_share__gt", 0), ("lot_share__lte", 1)),
                        name="report_policy_lot_share_0_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("agreement_bonus__gte", 0),
                            ("alternative_bonus__gte", 0),
                            ("burst_accounts__gte", 2),
                            ("collect_days__gt", 0),
                            ("doubt_bonus__gte", 0),
                            ("half_life_days__gt", 0),
                            ("network_accounts__gte", 2),
                            ("network_cap__gt", 0),
                            ("prior_dismissed__gt", 0),
                            ("prior_upheld__gt", 0),
                            ("proven_at__gt", 0),
                            ("unproven_cap__gt", 0),
                        ),
                        name="report_policy_numbers_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RingEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "ring",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="reviewapp.reportring",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("held", "Held"), ("voided", "Voided"), ("released", "Released")],
                        max_length=8,
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("details", models.JSONField(default=dict)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(models.F("ring"), models.F("at"), name="ring_event_of_ring")
                ],
            },
        ),
        migrations.CreateModel(
            name="RoutingPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True)),
                ("accept_at", models.FloatField(default=0.8)),
                ("audit_rate", models.FloatField(default=0.05)),
                ("audit_rates", models.JSONField(blank=True, default=dict)),
                ("disagreement_at", models.FloatField(default=0.5)),
                ("review_missing_text", models.BooleanField(default=True)),
                ("thresholds", models.JSONField(blank=True, default=dict)),
                ("missing_thresholds", models.JSONField(blank=True, default=dict)),
                ("costs", models.JSONField(blank=True, default=dict)),
                ("target_error", models.FloatField(default=0.02)),
                ("fairness_bound", models.FloatField(default=2.0)),
                ("note", models.TextField(blank=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "routing policies",
                "get_latest_by": "version",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("accept_at__gte", 0), ("accept_at__lte", 1)),
                        name="policy_accept_at_0_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("audit_rate__gte", 0), ("audit_rate__lte", 1)),
                        name="policy_audit_rate_0_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("disagreement_at__gte", 0), ("disagreement_at__lte", 1)
                        ),
                        name="policy_disagreement_at_0_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target_error__gt", 0), ("target_error__lt", 1)),
                        name="policy_target_error_0_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fairness_bound__gte", 1)),
                        name="policy_fairness_bound_from_1",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_filters",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("queue", models.CharField(blank=True, max_length=200)),
                ("is_default", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("owner", "name"), name="saved_filter_name_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("owner",),
                        name="saved_filter_one_default",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="saved_filter_has_name",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShadowRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shadow_runs",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "champion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                ("share", models.FloatField()),
                ("cursor", models.BigIntegerField()),
                (
                    "started_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.TextField(blank=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("ended_at", None)),
                        name="shadow_run_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("share__gt", 0), ("share__lte", 1)),
                        name="shadow_run_share_0_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version", models.F("champion")), _negated=True),
                        name="shadow_run_of_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrainingSchedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True)),
                ("every_labels", models.PositiveIntegerField(blank=True, null=True)),
                ("every_days", models.PositiveIntegerField(blank=True, null=True)),
                ("first_labels", models.PositiveIntegerField(default=500)),
                ("first_per_category", models.PositiveIntegerField(default=5)),
                ("config", models.JSONField(blank=True, default=dict)),
                ("seed", models.PositiveIntegerField(default=0)),
                ("note", models.TextField(blank=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "get_latest_by": "version",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("every_labels", None), ("every_labels__gt", 0), _connector="OR"
                        ),
                        name="training_schedule_labels_above_0",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("every_days", None), ("every_days__gt", 0), _connector="OR"
                        ),
                        name="training_schedule_days_above_0",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkerHeartbeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("queue", models.CharField(max_length=20)),
                (
                    "model_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "problem",
                    models.TextField(blank=True, help_text="Why it cannot work, in words."),
                ),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("queue"),
                        models.OrderBy(models.F("seen_at"), descending=True),
                        name="heartbeat_of_queue",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CatalogueTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tallies",
                        to="reviewapp.category",
                    ),
                ),
                ("language", models.CharField(max_length=5)),
                ("has_picture", models.BooleanField()),
                ("products", models.PositiveIntegerField()),
                ("in_week", models.PositiveIntegerField()),
                ("in_month", models.PositiveIntegerField()),
            ],
            options={
                "verbose_name_plural": "catalogue tallies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("category", "language", "has_picture"), name="tally_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CategoryConfusion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="confusions",
                        to="reviewapp.category",
                    ),
                ),
                (
                    "neighbour",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("question_fr", models.TextField()),
                ("question_en", models.TextField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("category", "neighbour"), name="confusion_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("category", models.F("neighbour")), _negated=True),
                        name="confusion_of_two_categories",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CategoryPreview",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="previews",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("designation", models.CharField(blank=True, max_length=1000)),
                ("description", models.TextField(blank=True)),
                ("picture", models.BinaryField(blank=True, default=b"")),
                ("input_digest", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "model_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                ("top", models.JSONField(blank=True, default=list)),
                (
                    "policy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="reviewapp.routingpolicy",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("listed", "Listed automatically"), ("review", "Sent to review")],
                        max_length=8,
                    ),
                ),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("low_confidence", "Low confidence"),
                                ("disagreement", "The models disagree"),
                                ("missing_input", "Missing text or picture"),
                                ("buyer_report", "Reported by a buyer"),
                                ("audit", "Random audit"),
                                ("suspect_label", "Suspect label"),
                                ("seller_appeal", "Seller's appeal"),
                                ("second_opinion", "Second opinion"),
                                ("gold", "Known answer"),
                                ("failed", "Could not be classified"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("error", models.TextField(blank=True)),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(models.F("asked_at"), name="preview_age"),
                    models.Index(
                        models.F("asked_at"),
                        condition=models.Q(("status__in", ["waiting", "running"])),
                        name="preview_open",
                    ),
                    models.Index(
                        models.F("seller"),
                        models.OrderBy(models.F("asked_at"), descending=True),
                        name="preview_of_seller",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["done", "failed"]),
                            ("finished_at", None),
                            _connector="XOR",
                        ),
                        name="preview_end_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "running"), ("lease_expires_at", None), _connector="XOR"
                        ),
                        name="preview_claim_has_lease",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("finished_at", None),
                            models.Q(("description", ""), ("designation", ""), ("picture", b"")),
                            _connector="OR",
                        ),
                        name="preview_end_holds_no_draft",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CertificateAlarm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.routingpolicy",
                    ),
                ),
                (
                    "policy_after",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.routingpolicy",
                    ),
                ),
                ("target", models.FloatField()),
                ("evidence", models.FloatField()),
                ("audits", models.PositiveIntegerField()),
                ("wrong", models.PositiveIntegerField()),
                ("raised_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("comment", models.TextField(blank=True, max_length=2000)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("raised_at"),
                        condition=models.Q(("closed_at", None)),
                        name="certificate_alarm_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("model_version", "policy"), name="certificate_alarm_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("closed_by", None)),
                            models.Q(("closed_at__isnull", False), ("closed_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="certificate_alarm_closed_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CertificateWatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.routingpolicy",
                    ),
                ),
                ("bets", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name_plural": "certificate watches",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("model_version", "policy"), name="certificate_watch_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ComparisonTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "moderator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("gold", "Known answer"),
                            ("second", "A colleague's blind answer"),
                            ("bulk", "A colleague's blind answer, given in a grid"),
                            ("shown", "FUSION, shown to the moderator"),
                            ("blind", "FUSION, hidden from the moderator"),
                            ("far", "FUSION's first five"),
                        ],
                        max_length=6,
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("seen", models.PositiveIntegerField()),
                ("off", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("moderator", "kind", "category"), name="comparison_tally_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("off__lte", models.F("seen"))),
                        name="comparison_off_of_seen",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DatasetExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("rows_total", models.PositiveIntegerField(blank=True, null=True)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "snapshot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exports",
                        to="reviewapp.datasetsnapshot",
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("csv", "CSV, challenge layout"),
                            ("npy", "NPY arrays"),
                            ("jsonl", "JSON Lines"),
                            ("parquet", "Parquet"),
                            ("imagefolder", "Hugging Face image folder"),
                            ("label_studio", "Label Studio JSON"),
                        ],
                        max_length=12,
                    ),
                ),
                ("file_name", models.CharField(blank=True, max_length=120)),
                ("size_bytes", models.PositiveBigIntegerField(blank=True, null=True)),
                ("sha256", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "done"), _negated=True),
                            models.Q(
                                models.Q(("sha256", ""), _negated=True),
                                models.Q(("file_name", ""), _negated=True),
                                ("rows_total__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="export_done_has_file",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Evaluation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("rows_total", models.PositiveIntegerField(blank=True, null=True)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("error", models.TextField(blank=True)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="evaluations",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="evaluations",
                        to="reviewapp.datasetsnapshot",
                    ),
                ),
                ("metrics", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("model_version", "snapshot"), name="evaluation_once_per_snapshot"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "done"), _negated=True),
                            models.Q(("metrics", {}), _negated=True),
                            _connector="OR",
                        ),
                        name="evaluation_done_has_metrics",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.SlugField(
                        help_text="Where it came from: a seller or a feed.", max_length=60
                    ),
                ),
                ("external_id", models.CharField(max_length=120)),
                (
                    "seller",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("designation", models.CharField(max_length=1000)),
                ("description", models.TextField(blank=True)),
                ("raw_designation", models.TextField()),
                ("raw_description", models.TextField(blank=True)),
                ("language", models.CharField(blank=True, max_length=5)),
                (
                    "image",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="products",
                        to="reviewapp.productimage",
                    ),
                ),
                ("input_digest", models.CharField(max_length=64)),
                ("title_hash", models.BigIntegerField(blank=True, db_index=True, null=True)),
                ("group_key", models.BigIntegerField(blank=True, db_index=True, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for classification"),
                            ("in_review", "In review"),
                            ("listed", "Listed"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="products",
                        to="reviewapp.category",
                    ),
                ),
                ("given_code", models.PositiveIntegerField(blank=True, null=True)),
                ("arrived_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("predicted_at", models.DateTimeField(blank=True, null=True)),
                ("listed_at", models.DateTimeField(blank=True, null=True)),
                ("is_demo", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("seller"),
                        models.OrderBy(models.F("arrived_at"), descending=True),
                        name="product_of_seller",
                    ),
                    models.Index(models.F("external_id"), name="product_external_id"),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.search.SearchVector(
                            "designation", "description", config="french"
                        ),
                        name="product_search",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "external_id"), name="product_once_per_source"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "listed"), _negated=True),
                            models.Q(("category__isnull", False), ("listed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="product_listed_has_category",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RouteTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.routingpolicy",
                    ),
                ),
                (
                    "stratum",
                    models.CharField(
                        choices=[
                            ("near", "just above the threshold"),
                            ("middle", "well above the threshold"),
                            ("far", "almost certain"),
                            ("review", "reviewed"),
                        ],
                        max_length=6,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("category", "Category"),
                            ("family", "Category family"),
                            ("language", "Language"),
                            ("seller", "Seller’s products so far"),
                            ("description", "Description"),
                            ("picture", "Picture"),
                        ],
                        max_length=12,
                    ),
                ),
                ("group", models.CharField(max_length=60)),
                ("inclusion_probability", models.FloatField()),
                ("routed", models.PositiveIntegerField(default=0)),
                ("drawn", models.PositiveIntegerField(default=0)),
                ("answered", models.PositiveIntegerField(default=0)),
                ("wrong", models.PositiveIntegerField(default=0)),
                ("listed_in_a_day", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "route tallies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "day", "model_version", "policy", "stratum", "group"),
                        name="route_tally_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answered__lte", models.F("drawn")),
                            ("drawn__lte", models.F("routed")),
                            ("wrong__lte", models.F("answered")),
                        ),
                        name="route_tally_counts_nest",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TeamMeasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alpha", "Agreement beyond chance (alpha)"),
                            ("agreement", "Agreement with colleagues"),
                            ("anchoring", "Anchoring gap"),
                            ("competence", "Competence"),
                            ("gold", "Known answers right"),
                            ("bulk", "Grids confirmed by colleagues"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "moderator",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("value", models.FloatField(blank=True, null=True)),
                ("low", models.FloatField(blank=True, null=True)),
                ("high", models.FloatField(blank=True, null=True)),
                ("sample", models.PositiveIntegerField()),
                ("needed", models.PositiveIntegerField()),
                ("measured_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("kind", "moderator", "category"),
                        name="team_measure_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("high", None), ("low", None), ("value", None)),
                            models.Q(
                                ("high__gte", models.F("value")),
                                ("low__lte", models.F("value")),
                                ("sample__gte", models.F("needed")),
                            ),
                            _connector="OR",
                        ),
                        name="team_measure_has_interval_and_sample",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrainingRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "snapshot",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="training_runs",
                        to="reviewapp.datasetsnapshot",
                    ),
                ),
                (
                    "has_base",
                    models.BooleanField(
                        default=True,
                        help_text="Learns the codes that products arrived with, beside the labels.",
                    ),
                ),
                ("config", models.JSONField()),
                ("seed", models.PositiveIntegerField(default=0)),
                ("note", models.CharField(blank=True, max_length=200)),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("person", "A person"),
                            ("schedule", "The schedule"),
                            ("cold_start", "Cold start"),
                        ],
                        default="person",
                        max_length=10,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("is_cancel_wanted", models.BooleanField(default=False)),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("deaths", models.PositiveSmallIntegerField(default=0)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                (
                    "stage",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("rows", "Freezing the rows"),
                            ("tune_text", "Fine-tuning the text backbone"),
                            ("tune_image", "Fine-tuning the picture backbone"),
                            ("texts", "Reading texts"),
                            ("images", "Looking at pictures"),
                            ("models", "Fitting the members"),
                            ("metrics", "Measuring"),
                        ],
                        max_length=12,
                    ),
                ),
                ("steps_done", models.PositiveIntegerField(default=0)),
                ("steps_total", models.PositiveIntegerField(blank=True, null=True)),
                ("rows_sha256", models.CharField(blank=True, max_length=64)),
                ("rows", models.JSONField(blank=True, default=dict)),
                ("code_version", models.CharField(blank=True, max_length=100)),
                ("environment", models.JSONField(blank=True, default=dict)),
                (
                    "model_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="training_runs",
                        to="reviewapp.modelversion",
                    ),
                ),
                ("promoted_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("id"),
                        condition=models.Q(("status__in", ("waiting", "running"))),
                        name="training_run_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("attempt__gt", 0),
                                ("lease_expires_at__isnull", False),
                                ("started_at__isnull", False),
                                ("status", "running"),
                            ),
                            models.Q(
                                models.Q(("status", "running"), _negated=True),
                                ("lease_expires_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="training_run_running_has_lease",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at", None), ("status__in", ("waiting", "running"))),
                            models.Q(
                                models.Q(("status__in", ("waiting", "running")), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="training_run_ended_has_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("model_version__isnull", False),
                                ("status", "done"),
                                models.Q(("rows_sha256", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("status", "done"), _negated=True), ("model_version", None)
                            ),
                            _connector="OR",
                        ),
                        name="training_run_done_has_model",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "failed"), _negated=True),
                            models.Q(("error", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="training_run_failed_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("has_base", True), ("snapshot__isnull", False), _connector="OR"
                        ),
                        name="training_run_has_data",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("promoted_at", None),
                            models.Q(("origin", "cold_start"), ("status", "done")),
                            _connector="OR",
                        ),
                        name="training_run_promotes_first_model",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("status__in", ("waiting", "running")),
                            models.Q(("origin", "person"), _negated=True),
                        ),
                        fields=("origin",),
                        name="training_run_one_open_per_automat",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CatalogueEntry",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="catalogue_entry",
                        serialize=False,
                        to="reviewapp.product",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="catalogue_entries",
                        to="reviewapp.category",
                    ),
                ),
                ("language", models.CharField(max_length=5)),
                ("has_picture", models.BooleanField()),
                ("listed_at", models.DateTimeField()),
                ("title_words", django.contrib.postgres.search.SearchVectorField()),
                ("all_words", django.contrib.postgres.search.SearchVectorField()),
            ],
            options={
                "verbose_name_plural": "catalogue entries",
                "indexes": [
                    models.Index(fields=["-listed_at", "-product"], name="entry_newest"),
                    models.Index(
                        fields=["category", "-listed_at", "-product"], name="entry_category"
                    ),
                    models.Index(
                        condition=models.Q(("has_picture", True)),
                        fields=["category", "-listed_at", "-product"],
                        name="entry_pictured",
                    ),
                    models.Index(
                        fields=["language", "-listed_at", "-product"], name="entry_language"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["title_words"], name="entry_title_words"
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["all_words"], name="entry_all_words"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClassificationRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="requests",
                        to="reviewapp.product",
                    ),
                ),
                ("input_digest", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("claimed", "With a worker"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("requested_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("id"),
                        condition=models.Q(("status", "waiting")),
                        name="request_waiting",
                    ),
                    models.Index(
                        models.F("lease_expires_at"),
                        condition=models.Q(("status", "claimed")),
                        name="request_leases",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ["waiting", "claimed"])),
                        fields=("product",),
                        name="request_one_open_per_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("lease_expires_at__isnull", False),
                                ("lease_token__isnull", False),
                                ("status", "claimed"),
                            ),
                            models.Q(
                                models.Q(("status", "claimed"), _negated=True),
                                ("lease_expires_at", None),
                                ("lease_token", None),
                            ),
                            _connector="OR",
                        ),
                        name="request_claim_has_lease",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Explanation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="explanations",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                ("input_digest", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("result", models.JSONField(blank=True, default=dict)),
                ("error", models.TextField(blank=True)),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(models.F("asked_at"), name="explanation_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("product", "model_version", "input_digest"), name="explanation_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["done", "failed"]),
                            ("finished_at", None),
                            _connector="XOR",
                        ),
                        name="explanation_end_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GateReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "candidate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gates",
                        to="reviewapp.evaluation",
                    ),
                ),
                (
                    "champion",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.evaluation",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.routingpolicy",
                    ),
                ),
                ("results", models.JSONField(blank=True, default=list)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("passed", "Passed"),
                            ("failed", "Failed"),
                            ("not_judged", "Not judged: too few products"),
                        ],
                        max_length=12,
                    ),
                ),
                ("error", models.TextField(blank=True)),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("judged_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("judged_at", None)),
                        fields=("candidate", "champion"),
                        name="gate_report_one_open_per_pair",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("judged_at", None), ("verdict", "")),
                            models.Q(
                                ("error", ""),
                                ("judged_at__isnull", False),
                                ("policy__isnull", False),
                                models.Q(("verdict", ""), _negated=True),
                            ),
                            models.Q(
                                ("judged_at__isnull", False),
                                ("verdict", ""),
                                models.Q(("error", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="gate_report_verdict_or_error",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Prediction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="predictions",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="predictions",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "member",
                    models.CharField(
                        choices=[
                            ("cnn", "CNN (image)"),
                            ("bert", "BERT (text)"),
                            ("lexical", "Lexical (words)"),
                            ("fusion", "FUSION (both)"),
                        ],
                        max_length=8,
                    ),
                ),
                ("input_digest", models.CharField(max_length=64)),
                ("top", models.JSONField(blank=True, default=list)),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("confidence", models.FloatField(blank=True, null=True)),
                (
                    "absence",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_image", "no picture"),
                            ("no_text", "no text"),
                            ("unreadable_image", "unreadable picture"),
                            ("no_input", "neither text nor picture"),
                        ],
                        max_length=20,
                    ),
                ),
                ("latency_ms", models.FloatField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("product", "model_version", "member", "input_digest"),
                        name="prediction_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("confidence", None),
                            models.Q(("confidence__gte", 0), ("confidence__lte", 1)),
                            _connector="OR",
                        ),
                        name="prediction_confidence_is_probability",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("absence", ""),
                                ("category__isnull", False),
                                ("confidence__isnull", False),
                            ),
                            models.Q(
                                models.Q(("absence", ""), _negated=True),
                                ("category", None),
                                ("confidence", None),
                            ),
                            _connector="OR",
                        ),
                        name="prediction_answer_or_absence",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProductEmbedding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="embedding",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                ("input_digest", models.CharField(max_length=64)),
                ("vector", pgvector.django.halfvec.HalfVectorField(dimensions=256)),
                (
                    "confirmed_category",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("confirmed_category"),
                        models.F("model_version"),
                        condition=models.Q(("confirmed_category__isnull", False)),
                        name="embedding_confirmed",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SellerSuggestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="suggestions",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                (
                    "previewed_category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("previewed_confidence", models.FloatField(blank=True, null=True)),
                (
                    "model_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                ("input_digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("product"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        name="suggestion_of_product",
                    ),
                    models.Index(
                        models.F("seller"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        name="suggestion_of_seller",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("model_version", None),
                                ("previewed_category", None),
                                ("previewed_confidence", None),
                            ),
                            models.Q(
                                ("model_version__isnull", False),
                                ("previewed_category__isnull", False),
                                ("previewed_confidence__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="suggestion_preview_is_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SplitAssignment",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="split_assignment",
                        serialize=False,
                        to="reviewapp.product",
                    ),
                ),
                (
                    "split",
                    models.CharField(
                        choices=[
                            ("train", "Training"),
                            ("validation", "Validation"),
                            ("test", "Test"),
                        ],
                        max_length=10,
                    ),
                ),
                ("assigned_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="TrainingPoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="points",
                        to="reviewapp.trainingrun",
                    ),
                ),
                ("curve", models.CharField(max_length=60)),
                ("x", models.FloatField()),
                ("y", models.FloatField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "curve", "x"), name="training_point_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Promotion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promotions",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("first", "First model"),
                            ("gate", "Passed the gate"),
                            ("override", "In spite of the gate"),
                            ("rollback", "Rolled back"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "gate",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promotions",
                        to="reviewapp.gatereport",
                    ),
                ),
                ("accepts_unjudged", models.BooleanField(default=False)),
                ("reason", models.TextField(blank=True)),
                (
                    "policy_before",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.routingpolicy",
                    ),
                ),
                (
                    "policy",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promotion",
                        to="reviewapp.routingpolicy",
                    ),
                ),
                ("certificate", models.JSONField(blank=True, default=dict)),
                (
                    "promoted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("promoted_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "first"), ("previous", None)),
                            models.Q(
                                models.Q(("kind", "first"), _negated=True),
                                ("previous__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="promotion_first_has_no_previous",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "gate"), _negated=True),
                            ("gate__isnull", False),
                            _connector="OR",
                        ),
                        name="promotion_by_gate_has_report",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "override"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="promotion_override_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("policy", None), ("policy_before__isnull", False), _connector="OR"
                        ),
                        name="promotion_policy_follows_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Route",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="routes",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "prediction",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="routes",
                        to="reviewapp.prediction",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.routingpolicy",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[("listed", "Listed automatically"), ("review", "Sent to review")],
                        max_length=8,
                    ),
                ),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("low_confidence", "Low confidence"),
                                ("disagreement", "The models disagree"),
                                ("missing_input", "Missing text or picture"),
                                ("buyer_report", "Reported by a buyer"),
                                ("audit", "Random audit"),
                                ("suspect_label", "Suspect label"),
                                ("seller_appeal", "Seller's appeal"),
                                ("second_opinion", "Second opinion"),
                                ("gold", "Known answer"),
                                ("failed", "Could not be classified"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("details", models.JSONField(blank=True, default=dict)),
                ("inclusion_probability", models.FloatField()),
                (
                    "stratum",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("near", "just above the threshold"),
                            ("middle", "well above the threshold"),
                            ("far", "almost certain"),
                            ("review", "reviewed"),
                        ],
                        max_length=6,
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("product"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        name="route_of_product",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("inclusion_probability__gte", 0), ("inclusion_probability__lte", 1)
                        ),
                        name="route_inclusion_probability_0_1",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Rescoring",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "promotion",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rescoring",
                        to="reviewapp.promotion",
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        choices=[
                            ("review", "Open review items"),
                            ("catalogue", "The rest of the catalogue"),
                            ("done", "Done"),
                        ],
                        default="review",
                        max_length=10,
                    ),
                ),
                ("cursor", models.BigIntegerField(default=0)),
                ("is_paused", models.BooleanField(default=False)),
                ("rows_total", models.PositiveIntegerField(default=0)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("rerouted", models.PositiveIntegerField(default=0)),
                ("listed", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("lease_expires_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lease_expires_at", None), ("lease_token", None)),
                            models.Q(
                                ("lease_expires_at__isnull", False), ("lease_token__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="rescoring_lease_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("phase", "done"), _negated=True),
                            ("finished_at__isnull", False),
                            _connector="OR",
                        ),
                        name="rescoring_done_is_finished",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShadowAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answers",
                        to="reviewapp.shadowrun",
                    ),
                ),
                (
                    "route",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reviewapp.route",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("confidence", models.FloatField(blank=True, null=True)),
                ("latency_ms", models.FloatField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "route"), name="shadow_answer_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category", None), ("confidence", None)),
                            models.Q(
                                ("category__isnull", False),
                                ("confidence__gte", 0),
                                ("confidence__lte", 1),
                            ),
                            _connector="OR",
                        ),
                        name="shadow_answer_whole_or_none",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "moderator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("client_key", models.UUIDField(unique=True)),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("confirmed", "Confirmed"),
                            ("corrected", "Corrected"),
                            ("skipped", "Skipped"),
                            ("escalated", "Escalated"),
                            ("undone", "Undone"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                (
                    "suggested_category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                (
                    "model_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("low_confidence", "Low confidence"),
                                ("disagreement", "The models disagree"),
                                ("missing_input", "Missing text or picture"),
                                ("buyer_report", "Reported by a buyer"),
                                ("audit", "Random audit"),
                                ("suspect_label", "Suspect label"),
                                ("seller_appeal", "Seller's appeal"),
                                ("second_opinion", "Second opinion"),
                                ("gold", "Known answer"),
                                ("failed", "Could not be classified"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("is_blind", models.BooleanField(default=False)),
                ("is_bulk", models.BooleanField(default=False)),
                (
                    "skip_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unclear", "The product is unclear"),
                            ("not_my_field", "Not my field"),
                            ("no_category_fits", "No category fits"),
                            ("bad_picture", "The picture is missing or wrong"),
                            ("other", "Another reason"),
                        ],
                        max_length=20,
                    ),
                ),
                ("comment", models.TextField(blank=True, max_length=2000)),
                (
                    "undoes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="reviewapp.decision",
                    ),
                ),
                ("before", models.JSONField(blank=True, default=dict)),
                (
                    "seconds",
                    models.FloatField(
                        blank=True, help_text="From card shown to answer.", null=True
                    ),
                ),
                (
                    "served_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("rank", "By rank"),
                            ("random", "By lot"),
                            ("bulk", "In a grid of near duplicates"),
                        ],
                        max_length=6,
                    ),
                ),
                ("serving_probability", models.FloatField(blank=True, null=True)),
                ("decided_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("moderator"),
                        models.OrderBy(models.F("decided_at"), descending=True),
                        name="decision_of_moderator",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="decision_newest",
                    ),
                    models.Index(
                        models.F("category"),
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="decision_by_category",
                    ),
                    models.Index(
                        models.F("verdict"),
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="decision_by_verdict",
                    ),
                    models.Index(
                        models.F("model_version"),
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        name="decision_by_model_version",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["low_confidence"])),
                        name="decision_low_confidence",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["disagreement"])),
                        name="decision_disagreement",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["missing_input"])),
                        name="decision_missing_input",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["buyer_report"])),
                        name="decision_buyer_report",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["audit"])),
                        name="decision_audit",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["suspect_label"])),
                        name="decision_suspect_label",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["seller_appeal"])),
                        name="decision_seller_appeal",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["second_opinion"])),
                        name="decision_second_opinion",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["gold"])),
                        name="decision_gold",
                    ),
                    models.Index(
                        models.OrderBy(models.F("decided_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("reasons__contains", ["failed"])),
                        name="decision_failed",
                    ),
                    models.Index(
                        models.F("moderator"),
                        models.OrderBy(models.F("decided_at"), descending=True),
                        condition=models.Q(("reasons__contains", ["gold"])),
                        name="decision_of_known_answers",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("verdict__in", ["confirmed", "corrected"]),
                            ("category", None),
                            _connector="XOR",
                        ),
                        name="decision_answer_has_category",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("verdict", "undone"), ("undoes", None), _connector="XOR"
                        ),
                        name="decision_undo_points_back",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("verdict", "skipped"), ("skip_reason", ""), _connector="XOR"
                        ),
                        name="decision_skip_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Appeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appeals",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appeals",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appeal",
                        to="reviewapp.decision",
                    ),
                ),
                (
                    "route",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="appeal",
                        to="reviewapp.route",
                    ),
                ),
                (
                    "contested_category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                (
                    "wished_category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("comment", models.CharField(max_length=2000)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Being looked at"),
                            ("upheld", "Upheld: the category was changed"),
                            ("dismissed", "Dismissed: the category stands"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "answer",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answered_appeal",
                        to="reviewapp.decision",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("product"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        name="appeal_of_product",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")),
                        fields=("product",),
                        name="appeal_one_open_per_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("decision", None), ("route", None), _connector="XOR"),
                        name="appeal_against_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", None), ("resolved_at", None), ("status", "open")),
                            models.Q(
                                models.Q(("status", "open"), _negated=True),
                                ("answer__isnull", False),
                                ("resolved_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="appeal_closed_by_decision",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wished_category", None),
                            models.Q(
                                ("wished_category", models.F("contested_category")), _negated=True
                            ),
                            _connector="OR",
                        ),
                        name="appeal_wishes_a_change",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedbackLabel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="labels",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="label",
                        to="reviewapp.decision",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("moderator", "Moderator"),
                            ("imported", "Imported from another tool"),
                        ],
                        default="moderator",
                        max_length=12,
                    ),
                ),
                (
                    "moderator",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "label_import",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="labels",
                        to="reviewapp.labelimport",
                    ),
                ),
                ("annotation", models.CharField(blank=True, max_length=80)),
                ("annotator", models.CharField(blank=True, max_length=16)),
                (
                    "model_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.modelversion",
                    ),
                ),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("low_confidence", "Low confidence"),
                                ("disagreement", "The models disagree"),
                                ("missing_input", "Missing text or picture"),
                                ("buyer_report", "Reported by a buyer"),
                                ("audit", "Random audit"),
                                ("suspect_label", "Suspect label"),
                                ("seller_appeal", "Seller's appeal"),
                                ("second_opinion", "Second opinion"),
                                ("gold", "Known answer"),
                                ("failed", "Could not be classified"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("is_blind", models.BooleanField(default=False)),
                ("inclusion_probability", models.FloatField()),
                ("input_digest", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "superseded_by",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supersedes",
                        to="reviewapp.feedbacklabel",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("product",),
                        name="label_one_live_per_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_by", None), ("ended_at__isnull", False), _connector="OR"
                        ),
                        name="label_superseded_has_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("inclusion_probability__gt", 0), ("inclusion_probability__lte", 1)
                        ),
                        name="label_inclusion_probability_0_1",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("label_import__isnull", False), ("source", "imported")),
                            models.Q(
                                models.Q(("source", "imported"), _negated=True),
                                ("decision__isnull", False),
                                ("label_import", None),
                                ("moderator__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="label_has_provenance",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GoldComparison",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gold_comparison",
                        to="reviewapp.decision",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("is_off", models.BooleanField()),
                ("factor", models.FloatField()),
                ("tolerated", models.FloatField()),
                ("booked_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("factor__gt", 0), ("tolerated__gte", 0)),
                        name="gold_comparison_factor_positive",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_answers",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("input_digest", models.CharField(max_length=64)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            (
                                "unanimous",
                                "Several people gave it, each without knowing of the others",
                            ),
                            ("adjudicated", "A lead decided between two answers"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="known_answers",
                        to="reviewapp.decision",
                    ),
                ),
                (
                    "draw",
                    models.FloatField(
                        db_default=django.db.models.functions.math.Random(), editable=False
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "retired_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("dispute_upheld", "A moderator disputed it, and a lead agreed"),
                            ("changed", "The product or its label has changed"),
                            ("undone", "An answer that it rests on was taken back"),
                        ],
                        max_length=16,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("draw"),
                        condition=models.Q(("retired_at", None)),
                        name="known_answer_draw",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at", None)),
                        fields=("product",),
                        name="known_answer_one_per_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("retired_at", None),
                            models.Q(("retired_because", ""), _negated=True),
                            _connector="XOR",
                        ),
                        name="known_answer_end_has_cause",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Disagreement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="disagreements",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("second_opinion", "Second opinion"),
                            ("dispute", "Disputed known answer"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.decision",
                    ),
                ),
                (
                    "second",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disagreement",
                        to="reviewapp.decision",
                    ),
                ),
                (
                    "known_answer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="reviewapp.knownanswer",
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("opened_at"),
                        models.F("id"),
                        condition=models.Q(("closed_at", None)),
                        name="disagreement_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)),
                        fields=("product",),
                        name="disagreement_one_open_per_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "dispute"), ("known_answer", None), _connector="XOR"
                        ),
                        name="disagreement_dispute_has_answer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first", models.F("second")), _negated=True),
                        name="disagreement_between_two_answers",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReviewItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="review_items",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "route",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="reviewapp.route",
                    ),
                ),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("low_confidence", "Low confidence"),
                                ("disagreement", "The models disagree"),
                                ("missing_input", "Missing text or picture"),
                                ("buyer_report", "Reported by a buyer"),
                                ("audit", "Random audit"),
                                ("suspect_label", "Suspect label"),
                                ("seller_appeal", "Seller's appeal"),
                                ("second_opinion", "Second opinion"),
                                ("gold", "Known answer"),
                                ("failed", "Could not be classified"),
                            ],
                            max_length=20,
                        ),
                        size=None,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("claimed", "With a moderator"),
                            ("resolved", "Resolved"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("is_blind", models.BooleanField(default=False)),
                ("priority", models.FloatField(default=0.0)),
                ("expected_cost", models.JSONField(blank=True, null=True)),
                (
                    "claimed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("claim_expires_at", models.DateTimeField(blank=True, null=True)),
                ("first_seen_at", models.DateTimeField(blank=True, null=True)),
                (
                    "family",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="reviewapp.categoryfamily",
                    ),
                ),
                (
                    "suggested",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("group_key", models.BigIntegerField(blank=True, null=True)),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("assigned_until", models.DateTimeField(blank=True, null=True)),
                (
                    "rank",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("priority"),
                            "-",
                            django.db.models.expressions.CombinedExpression(
                                reviewapp.models.review.Epoch("opened_at"),
                                "*",
                                models.Value(1.1574074074074074e-06),
                            ),
                        ),
                        output_field=models.FloatField(),
                    ),
                ),
                (
                    "draw",
                    models.FloatField(
                        db_default=django.db.models.functions.math.Random(), editable=False
                    ),
                ),
                (
                    "served_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("rank", "By rank"),
                            ("random", "By lot"),
                            ("bulk", "In a grid of near duplicates"),
                        ],
                        max_length=6,
                    ),
                ),
                ("serving_probability", models.FloatField(blank=True, null=True)),
                (
                    "not_for",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "checks",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second_opinions",
                        to="reviewapp.decision",
                    ),
                ),
                (
                    "recheck",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="reviewapp.recheck",
                    ),
                ),
                (
                    "known_answer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="reviewapp.knownanswer",
                    ),
                ),
                (
                    "only_for",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("escalated_at", models.DateTimeField(blank=True, null=True)),
                ("opened_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "skipped_by",
                    models.ManyToManyField(
                        blank=True, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "permissions": [("lead_review", "Can answer what moderators escalate")],
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(("status", "resolved"), _negated=True),
                        name="review_item_queue",
                    ),
                    models.Index(
                        models.F("draw"),
                        condition=models.Q(("status", "resolved"), _negated=True),
                        name="review_item_draw",
                    ),
                    models.Index(
                        models.F("family"),
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(("status", "resolved"), _negated=True),
                        name="review_item_family",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["low_confidence"]),
                        ),
                        name="review_item_low_confidence",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["disagreement"]),
                        ),
                        name="review_item_disagreement",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["missing_input"]),
                        ),
                        name="review_item_missing_input",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["buyer_report"]),
                        ),
                        name="review_item_buyer_report",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["audit"]),
                        ),
                        name="review_item_audit",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["suspect_label"]),
                        ),
                        name="review_item_suspect_label",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["seller_appeal"]),
                        ),
                        name="review_item_seller_appeal",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["second_opinion"]),
                        ),
                        name="review_item_second_opinion",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["gold"]),
                        ),
                        name="review_item_gold",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__contains", ["failed"]),
                        ),
                        name="review_item_failed",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True), ("priority__gte", 1.0)
                        ),
                        name="review_item_value",
                    ),
                    models.Index(
                        models.F("opened_at"),
                        models.F("id"),
                        condition=models.Q(("status", "resolved"), _negated=True),
                        name="review_item_age",
                    ),
                    models.Index(
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("escalated_at__isnull", False),
                        ),
                        name="review_item_escalated",
                    ),
                    models.Index(
                        models.F("assigned_to"),
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("assigned_to__isnull", False),
                        ),
                        name="review_item_assigned",
                    ),
                    models.Index(
                        models.F("group_key"),
                        models.F("suggested"),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("escalated_at", None),
                            ("is_blind", False),
                            ("not_for", None),
                            ("group_key__isnull", False),
                            ("suggested__isnull", False),
                            models.Q(
                                (
                                    "reasons__overlap",
                                    [
                                        "audit",
                                        "second_opinion",
                                        "gold",
                                        "buyer_report",
                                        "seller_appeal",
                                    ],
                                ),
                                _negated=True,
                            ),
                        ),
                        name="review_item_bulk",
                    ),
                    models.Index(
                        models.F("claimed_by"),
                        condition=models.Q(("status", "claimed")),
                        name="review_item_held",
                    ),
                    models.Index(
                        models.OrderBy(models.F("rank"), descending=True),
                        models.F("id"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("reasons__overlap", ["audit", "second_opinion", "gold"]),
                        ),
                        name="review_item_audit_like",
                    ),
                    models.Index(
                        models.F("only_for"),
                        condition=models.Q(
                            models.Q(("status", "resolved"), _negated=True),
                            ("only_for__isnull", False),
                        ),
                        name="review_item_only_for",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "resolved"), _negated=True),
                        fields=("product",),
                        name="review_item_one_open_per_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("claim_expires_at__isnull", False),
                                ("claimed_by__isnull", False),
                                ("status", "claimed"),
                            ),
                            models.Q(
                                models.Q(("status", "claimed"), _negated=True),
                                ("claim_expires_at", None),
                            ),
                            _connector="OR",
                        ),
                        name="review_item_claim_has_holder",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "resolved"), ("resolved_at", None), _connector="XOR"
                        ),
                        name="review_item_resolved_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reasons", []), _negated=True),
                        name="review_item_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("assigned_to", None),
                            ("assigned_until__isnull", False),
                            _connector="OR",
                        ),
                        name="review_item_assignment_lapses",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("checks", None),
                            ("reasons__contains", ["second_opinion"]),
                            _connector="OR",
                        ),
                        name="review_item_check_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("known_answer", None),
                            models.Q(("checks", None), ("reasons", ["gold"])),
                            _connector="OR",
                        ),
                        name="review_item_known_answer_alone",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Adjudication",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "disagreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adjudications",
                        to="reviewapp.disagreement",
                    ),
                ),
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="adjudication",
                        to="reviewapp.decision",
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("ambiguous", "The product is ambiguous"),
                            ("guideline_gap", "The guideline has a gap"),
                            ("model_misled", "The models misled"),
                            ("slip", "A slip"),
                        ],
                        max_length=16,
                    ),
                ),
                ("comment", models.TextField(blank=True, max_length=2000)),
                ("adjudicated_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("adjudicated_at"), descending=True),
                        condition=models.Q(("undone_at", None)),
                        name="adjudication_recent",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at", None)),
                        fields=("disagreement",),
                        name="adjudication_one_standing",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportCase",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="report_cases",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("collecting", "Collecting evidence"),
                            ("in_review", "In review"),
                            ("closed", "Closed"),
                        ],
                        default="collecting",
                        max_length=10,
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.reportpolicy",
                    ),
                ),
                ("score", models.FloatField(default=0.0)),
                ("arithmetic", models.JSONField(blank=True, default=dict)),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="report_cases",
                        to="reviewapp.reviewitem",
                    ),
                ),
                ("before", models.JSONField(blank=True, default=dict)),
                ("is_by_lot", models.BooleanField(default=False)),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("due_at"),
                        condition=models.Q(("status", "collecting")),
                        name="report_case_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "closed"), _negated=True),
                        fields=("product",),
                        name="report_case_one_open_per_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status", "closed"), ("closed_at", None), _connector="XOR"
                        ),
                        name="report_case_closed_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "in_review"), _negated=True),
                            ("item__isnull", False),
                            _connector="OR",
                        ),
                        name="report_case_in_review_has_item",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MisclassificationReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="reviewapp.product",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="reviewapp.reportcase",
                    ),
                ),
                (
                    "ring",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="reviewapp.reportring",
                    ),
                ),
                (
                    "reported_category",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                (
                    "suggested_category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="reviewapp.category",
                    ),
                ),
                ("comment", models.CharField(blank=True, max_length=500)),
                ("network", models.CharField(blank=True, max_length=32)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Waiting for an answer"),
                            ("upheld", "Upheld: the category was wrong"),
                            ("dismissed", "Dismissed: the category was right"),
                            ("expired", "Closed without a look"),
                            ("voided", "Set aside"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="reviewapp.decision",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("is_demo", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("reporter"),
                        models.OrderBy(models.F("created_at"), descending=True),
                        name="report_of_reporter",
                    ),
                    models.Index(models.F("created_at"), name="report_recent"),
                    models.Index(
                        models.F("created_at"),
                        condition=models.Q(("network", ""), _negated=True),
                        name="report_with_network",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "open")),
                        fields=("product", "reporter"),
                        name="report_one_open_per_buyer",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("reporter", None),
                            ("status", "open"),
                            models.Q(("network", ""), _negated=True),
                        ),
                        fields=("product", "network"),
                        name="report_one_open_per_network",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision", None), ("resolved_at", None), ("status", "open")),
                            models.Q(
                                ("decision__isnull", False),
                                ("resolved_at__isnull", False),
                                ("status__in", ["upheld", "dismissed"]),
                            ),
                            models.Q(
                                ("decision", None),
                                ("resolved_at__isnull", False),
                                ("status__in", ["expired", "voided"]),
                            ),
                            _connector="OR",
                        ),
                        name="report_closed_with_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "open"), _negated=True),
                            ("case__isnull", False),
                            _connector="OR",
                        ),
                        name="report_open_has_case",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="decision",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decisions",
                to="reviewapp.reviewitem",
            ),
        ),
        migrations.RunSQL(sql.TRIGGER, sql.NO_TRIGGER),
    ]
