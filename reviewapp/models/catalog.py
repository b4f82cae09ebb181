from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from reviewapp.choices import ProductStatus, RequestStatus
from reviewapp.correlation import MAX_LENGTH


class CategoryFamily(models.Model):
    """A group of categories a buyer would look for together: books, games, garden."""

    slug = models.SlugField(unique=True)
    name_fr = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "slug"]
        verbose_name_plural = "category families"

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_en if get_language() == "en" else self.name_fr


class Category(models.Model):
    """One class of the taxonomy. Codes are data: another taxonomy can be loaded."""

    code = models.PositiveIntegerField(unique=True)
    family = models.ForeignKey(CategoryFamily, models.PROTECT, related_name="categories")
    name_fr = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    definition_fr = models.TextField()
    definition_en = models.TextField()
    # Lists of short texts, one per language: {"fr": [...], "en": [...]}.
    includes = models.JSONField(default=dict, blank=True)
    excludes = models.JSONField(default=dict, blank=True)
    synonyms = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def name(self) -> str:
        return self.name_en if get_language() == "en" else self.name_fr

    @property
    def definition(self) -> str:
        return self.definition_en if get_language() == "en" else self.definition_fr


class CategoryConfusion(models.Model):
    """Two categories that people mix up, with the question that tells them apart."""

    category = models.ForeignKey(Category, models.CASCADE, related_name="confusions")
    neighbour = models.ForeignKey(Category, models.CASCADE, related_name="+")
    question_fr = models.TextField()
    question_en = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["category", "neighbour"], name="confusion_once"),
            models.CheckConstraint(
                condition=~Q(category=F("neighbour")), name="confusion_of_two_categories"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category_id} / {self.neighbour_id}"

    @property
    def question(self) -> str:
        return self.question_en if get_language() == "en" else self.question_fr


class ProductImage(models.Model):
    """A checked, re-encoded picture, stored by the sha256 of its content.

    Files lie under MEDIA_ROOT: `images/ab/<sha256>.jpg` and `thumbs/ab/<sha256>.webp`.
    """

    sha256 = models.CharField(max_length=64, unique=True)
    # Of the bytes as they came in, so that the same upload is not decoded twice.
    source_sha256 = models.CharField(max_length=64, unique=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    # Difference hash; NULL for a flat picture, and for one that came before it was computed.
    fingerprint = models.BigIntegerField(null=True, blank=True)
    # The fingerprint of the first picture that looks like it; its own if it is the first.
    look = models.BigIntegerField(null=True, blank=True, db_index=True)
    # Mean grey value, 0 black to 1 white; NULL for a picture from before it was measured.
    brightness = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256[:12]

    @property
    def path(self) -> str:
        """Path below MEDIA_ROOT."""
        return f"images/{self.sha256[:2]}/{self.sha256}.jpg"

    @property
    def thumbnail_path(self) -> str:
        """Path below MEDIA_ROOT."""
        return f"thumbs/{self.sha256[:2]}/{self.sha256}.webp"

    @property
    def url(self) -> str:
        return f"/{settings.MEDIA_URL.strip('/')}/{self.path}"

    @property
    def thumbnail_url(self) -> str:
        return f"/{settings.MEDIA_URL.strip('/')}/{self.thumbnail_path}"


class Product(models.Model):
    """One listing of a seller. The raw texts stand beside the cleaned ones."""

    source = models.SlugField(max_length=60, help_text="Where it came from: a seller or a feed.")
    external_id = models.CharField(max_length=120)
    seller = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="products"
    )
    designation = models.CharField(max_length=1000)
    description = models.TextField(blank=True)
    raw_designation = models.TextField()
    raw_description = models.TextField(blank=True)
    language = models.CharField(max_length=5, blank=True)
    image = models.ForeignKey(
        ProductImage, models.SET_NULL, null=True, blank=True, related_name="products"
    )
    # What a model sees: sha256 over the cleaned texts and the picture.
    input_digest = models.CharField(max_length=64)
    # Stands for the normalised title; near duplicates share a group (`domain.groups`).
    title_hash = models.BigIntegerField(null=True, blank=True, db_index=True)
    group_key = models.BigIntegerField(null=True, blank=True, db_index=True)
    status = models.CharField(max_length=12, choices=ProductStatus, default=ProductStatus.WAITING)
    # The category buyers find it under; set when listed.
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="products"
    )
    # The code that came with an import (challenge layout), kept apart: it is not ground truth.
    given_code = models.PositiveIntegerField(null=True, blank=True)
    arrived_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)
    predicted_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="product_once_per_source"
            ),
            models.CheckConstraint(
                condition=~Q(status=ProductStatus.LISTED)
                | Q(category__isnull=False, listed_at__isnull=False),
                name="product_listed_has_category",
            ),
        ]
        indexes = [
            # A thousandth of a B-tree's size: rows lie about in the order in which they arrive.
            BrinIndex(fields=["arrived_at"], autosummarize=True, name="product_arrival"),
            models.Index("seller", F("arrived_at").desc(), name="product_of_seller"),
            # People look products up by the seller's name for them, without the source.
            models.Index("external_id", name="product_external_id"),
            # The same expression as in reviewapp.selectors.decisions, or PostgreSQL will not use it.
            GinIndex(
                SearchVector("designation", "description", config="french"), name="product_search"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.external_id}"


class ClassificationRequest(models.Model):
    """A product that waits for a worker. This row is the truth; a message only wakes a worker."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="requests")
    input_digest = models.CharField(max_length=64)
    status = models.CharField(max_length=8, choices=RequestStatus, default=RequestStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # A worker holds the row while the lease lasts and its token fits.
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    # Who claimed it last: the name of a WorkerHeartbeat.
    worker = models.CharField(max_length=120, blank=True, db_default="")
    # Of the request or import that asked for it; empty when a sweep did.
    correlation_id = models.CharField(max_length=MAX_LENGTH, blank=True)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(status__in=[RequestStatus.WAITING, RequestStatus.CLAIMED]),
                name="request_one_open_per_product",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=RequestStatus.CLAIMED,
                    lease_token__isnull=False,
                    lease_expires_at__isnull=False,
                )
                | (~Q(status=RequestStatus.CLAIMED) & Q(lease_token=None, lease_expires_at=None)),
                name="request_claim_has_lease",
            ),
        ]
        indexes = [
            models.Index("id", condition=Q(status=RequestStatus.WAITING), name="request_waiting"),
            models.Index(
                "lease_expires_at",
                condition=Q(status=RequestStatus.CLAIMED),
                name="request_leases",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.status}"


class GroupCursor(models.Model):
    """How far products and pictures from before there were near-duplicate groups have been looked
    through; one row, locked while looking."""

    last_image = models.BigIntegerField(default=0)
    last_product = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="group_cursor_one_row")]

    def __str__(self) -> str:
        return f"{self.last_image}, {self.last_product}"
