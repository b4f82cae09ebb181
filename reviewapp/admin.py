"""Django's admin, for looking things up. What is append-only cannot be edited here either."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import HttpRequest

from reviewapp import models

# Django's class takes a type only for the type checker.
if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Model]
    _UserAdmin = UserAdmin[models.User]
else:
    _ModelAdmin, _UserAdmin = admin.ModelAdmin, UserAdmin


# Who has reported a product, and from where.
_NOBODYS = ("reporter", "network")


class LookOnly(_ModelAdmin):
    """A table to search and read; changes go through the pages, which keep the rules."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Keep addresses (`?reporter=2`) from asking for what no page shows."""
        is_asked = not set(_NOBODYS).isdisjoint(lookup.split("__"))
        return not is_asked and super().lookup_allowed(lookup, value, request)


class PersonAdmin(_UserAdmin):
    """Accounts and their roles. Real names are not stored."""

    list_display = ("username", "is_active", "is_staff", "is_demo", "last_login")
    search_fields = ("username",)
    fieldsets = (
        (None, {"fields": ("username", "password", "email")}),
        (None, {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (None, {"fields": ("language", "theme")}),
    )


class ReportAdmin(LookOnly):
    """Buyers' reports without who filed them and from where: that is nobody's to look up."""

    list_display = ("product", "status", "created_at")
    search_fields = ("=product__external_id",)
    exclude = _NOBODYS


def _look_only(list_display: tuple[str, ...], search_fields: tuple[str, ...]) -> type[LookOnly]:
    columns = {"list_display": list_display, "search_fields": search_fields}
    return type("LookOnlyAdmin", (LookOnly,), columns)


admin.site.register(models.User, PersonAdmin)
admin.site.register(models.MisclassificationReport, ReportAdmin)
for model, columns, searched in (
    (
        models.Category,
        ("code", "name_fr", "name_en", "family", "is_active"),
        ("name_fr", "name_en"),
    ),
    (
        models.Product,
        ("source", "external_id", "designation", "status", "category", "arrived_at"),
        ("=external_id",),
    ),
    (
        models.Prediction,
        ("product", "member", "category", "confidence"),
        ("=product__external_id",),
    ),
    (models.Route, ("product", "outcome", "reasons", "created_at"), ("=product__external_id",)),
    (models.RoutingPolicy, ("version", "accept_at", "audit_rate", "created_at"), ()),
    (models.ModelVersion, ("name", "stage", "created_at", "promoted_at"), ("name",)),
    (models.ReviewItem, ("product", "reasons", "status", "priority"), ("=product__external_id",)),
    (models.Decision, ("product", "verdict", "category", "decided_at"), ("=product__external_id",)),
    (models.FeedbackLabel, ("product", "category", "created_at"), ("=product__external_id",)),
    (models.ReportCase, ("product", "status", "score", "opened_at"), ("=product__external_id",)),
    (models.ReportPolicy, ("version", "reopen_at", "overrule_at", "created_at"), ()),
    (models.RingEvent, ("ring", "kind", "at"), ()),
    (models.CatalogueImport, ("source", "format", "status", "created_at"), ()),
    (models.LabelImport, ("file_name", "created_count", "refused_count", "created_at"), ()),
    (models.DatasetSnapshot, ("digest", "status", "rows_total", "created_at"), ("=digest",)),
    (models.DatasetExport, ("format", "status", "rows_total", "created_at"), ()),
    (models.WorkerHeartbeat, ("name", "queue", "seen_at", "problem"), ()),
):
    admin.site.register(model, _look_only(columns, searched))
