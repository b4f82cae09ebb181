"""Every address of the site; each concept lists its own in reviewapp/routes."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from reviewapp.views import embedding
from reviewapp.views.accounts import admin_log_in
from reviewapp.views.styleguide import styleguide

handler500 = "reviewapp.views.errors.fault"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("reviewapp.routes.shop")),
    path("", include("reviewapp.routes.accounts")),
    path("", include("reviewapp.routes.health")),
    path("embed/report.js", embedding.script, name="embed-script"),
    path("reports/", include("reviewapp.routes.reports")),
    path("rings/", include("reviewapp.routes.rings")),
    path("seller/", include("reviewapp.routes.seller")),
    path("imports/", include("reviewapp.routes.imports")),
    path("review/", include("reviewapp.routes.review")),
    path("datasets/", include("reviewapp.routes.datasets")),
    path("exports/", include("reviewapp.routes.exports")),
    path("models/", include("reviewapp.routes.models")),
    path("training/", include("reviewapp.routes.training")),
    path("policy/", include("reviewapp.routes.policy")),
    path("quality/", include("reviewapp.routes.quality")),
    path("dashboards/", include("reviewapp.routes.dashboards")),
    path("drift/", include("reviewapp.routes.drift")),
    path("fairness/", include("reviewapp.routes.fairness")),
    path("api/v1/", include("reviewapp.routes.api")),
    path(settings.MEDIA_URL.lstrip("/"), include("reviewapp.routes.media")),
    # Before the admin's own addresses, so that its log-in is never reached.
    path("admin/login/", admin_log_in),
    path("admin/", admin.site.urls),
]

if settings.DEBUG:
    urlpatterns.append(path("styleguide/", styleguide))
