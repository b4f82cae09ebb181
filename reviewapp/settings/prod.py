"""Production: refuses to start on a missing or weak secret."""

from django.core.exceptions import ImproperlyConfigured

from reviewapp.settings import env
from reviewapp.settings.base import *  # noqa: F403
from reviewapp.settings.base import ALLOWED_HOSTS, LOGGING, METRICS_TOKEN, PREDICTOR

_SHORTEST_SECRET = 40
_SHORTEST_TOKEN = 20

SECRET_KEY = env.secret("SECRET_KEY")
if len(SECRET_KEY) < _SHORTEST_SECRET or SECRET_KEY.startswith(("change", "django-insecure")):
    raise ImproperlyConfigured(
        "SECRET_KEY is a default or too short. Make one: "
        'python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS, for example: reviews.example.org")
if 0 < len(METRICS_TOKEN) < _SHORTEST_TOKEN:
    raise ImproperlyConfigured(
        f"METRICS_TOKEN is shorter than {_SHORTEST_TOKEN} characters; make one like SECRET_KEY."
    )
if PREDICTOR:
    raise ImproperlyConfigured("BONRAYON_PREDICTOR is for tests only; unset it.")

# For machines, unless somebody wants to read.
LOGGING["root"]["handlers"] = [env.choice("LOG_FORMAT", ("json", "text"))]

HTTPS = env.flag("HTTPS", default=True)
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
if env.integer("TRUSTED_PROXIES", 0):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Preloading binds a domain for years: its owner's choice, not ours.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
# Health checks and Prometheus come from inside, by plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
# Behind a proxy on the same machine everybody comes from there.
METRICS_ON_LOOPBACK = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
