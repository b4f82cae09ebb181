"""What the shop reads instead of the wide table of products: narrow copies and counts."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F

from reviewapp.models.catalog import Category, Product


class CatalogueEntry(models.Model):
    """A listed product as the shop finds it. A trigger on Product writes it, nobody else.

    Both vectors hold the lexemes of French and of English, without accents.
    """

    product = models.OneToOneField(
        Product, models.CASCADE, primary_key=True, related_name="catalogue_entry"
    )
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="catalogue_entries", db_index=False
    )
    language = models.CharField(max_length=5)
    has_picture = models.BooleanField()
    listed_at = models.DateTimeField()
    title_words = SearchVectorField()
    all_words = SearchVectorField()

    class Meta:
        verbose_name_plural = "catalogue entries"
        indexes = [
            models.Index(fields=["-listed_at", "-product"], name="entry_newest"),
            models.Index(fields=["category", "-listed_at", "-product"], name="entry_category"),
            # The newest picture of each category: where none has one, there is nothing to read.
            models.Index(
                fields=["category", "-listed_at", "-product"],
                condition=models.Q(has_picture=True),
                name="entry_pictured",
            ),
            models.Index(fields=["language", "-listed_at", "-product"], name="entry_language"),
            # With the category, or a frequent word within one would have two long lists compared.
            GinIndex(fields=["title_words", "category"], name="entry_title_in_category"),
            GinIndex(fields=["all_words", "category"], name="entry_all_in_category"),
        ]

    def __str__(self) -> str:
        return str(self.product_id)


class CatalogueTally(models.Model):
    """How many listed products share category, language and having a picture; a roll-up."""

    category = models.ForeignKey(Category, models.CASCADE, related_name="tallies")
    language = models.CharField(max_length=5)
    has_picture = models.BooleanField()
    products = models.PositiveIntegerField()
    # Of these, listed within the last 7 and the last 30 days before the roll-up.
    in_week = models.PositiveIntegerField()
    in_month = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "catalogue tallies"
        constraints = [
            models.UniqueConstraint(
                fields=["category", "language", "has_picture"], name="tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.category_id} {self.products}"


class CatalogueWord(models.Model):
    """A word of titles and of categories' names, folded: what a misspelt word may have meant."""

    word = models.CharField(max_length=40, primary_key=True)
    products = models.PositiveIntegerField(help_text="Listed products with it in their title.")

    class Meta:
        indexes = [
            GinIndex(OpClass(F("word"), name="gin_trgm_ops"), name="catalogue_word_trigrams")
        ]

    def __str__(self) -> str:
        return self.word


class CatalogueRollUp(models.Model):
    """When the tallies or the words were last counted, and how long that took."""

    name = models.CharField(max_length=10, primary_key=True)
    counted_at = models.DateTimeField(null=True, blank=True)
    took_seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.name
