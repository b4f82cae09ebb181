"""Settings shared by development, tests and production. See .env.example for the variables."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from reviewapp.settings import env

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(env.text("BONRAYON_VAR", str(BASE_DIR / "var")))

DEBUG = False
ALLOWED_HOSTS: list[str] = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "reviewapp.urls"
WSGI_APPLICATION = "reviewapp.wsgi.application"
AUTH_USER_MODEL = "reviewapp.User"
AUTHENTICATION_BACKENDS = ["reviewapp.auth_backend.PersonBackend"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "corsheaders",
    "csp",
    "reviewapp",
]

MIDDLEWARE = [
    "reviewapp.middleware.correlate",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "reviewapp.middleware.measure",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "reviewapp.middleware.personal_language",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "reviewapp.middleware.whole_log_in",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "reviewapp.context.chrome",
            ],
        },
    }
]

DATABASES = {"default": env.database()}
REDIS_URL = env.secret("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # Seconds: a Redis that hangs must not make everybody wait.
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.text("TIME_ZONE", "Europe/Paris")
USE_TZ = True
# Of all costs; an ISO 4217 code.
CURRENCY = env.text("CURRENCY", "EUR")

STATIC_URL = "static/"
# Apart from the data: an image brings its own, which must not hide behind an older volume.
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "reviewapp.vendored.PlotlyFinder",
]
MEDIA_URL = "media/"
MEDIA_ROOT = VAR_DIR / "media"
# Uploads that wait for their import, and finished exports: never served as they are.
PRIVATE_ROOT = VAR_DIR / "private"
MODELS_ROOT = VAR_DIR / "models"
BACKBONES_ROOT = VAR_DIR / "backbones"

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
# Pages of other sites reach nothing but the report button; which sites: EmbeddingOrigin.
CORS_URLS_REGEX = r"^/api/v1/embed/"
CORS_ALLOW_METHODS = ["GET", "POST", "OPTIONS"]
CORS_ALLOW_HEADERS = ["content-type"]
CORS_PREFLIGHT_MAX_AGE = 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20
# On the disk that keeps them: an import of gigabytes fits, and is moved without being copied.
FILE_UPLOAD_TEMP_DIR = PRIVATE_ROOT / "uploads"
with suppress(OSError):  # Django's checks name a directory that is not there
    FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
FILE_UPLOAD_HANDLERS = [
    "reviewapp.uploads.BoundedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "reviewapp.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "reviewapp.api.parsers.StrictJSONParser",
        "reviewapp.api.parsers.BoundedFormParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "reviewapp.api.errors.problem",
    "NON_FIELD_ERRORS_KEY": "errors",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Bon Rayon",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v[0-9]",
    "OAS_VERSION": "3.1.0",
    "ENUM_NAME_OVERRIDES": {
        name: f"reviewapp.choices.{name}"
        for name in ("JobStatus", "ProductStatus", "ReportStatus", "RouteOutcome", "ReviewReason")
    }
    | {"Outcome": "reviewapp.domain.products.Outcome"},
}

CELERY_BROKER_URL = env.broker_url(REDIS_URL)

# Review
REVIEW_LEASE_SECONDS = env.integer("REVIEW_LEASE_SECONDS", 180)
REVIEW_EXPLORATION = env.share("REVIEW_EXPLORATION", 0.15)
REVIEW_UNDO_LIMIT = 20
REVIEW_BLIND_SHARE = env.share("REVIEW_BLIND_SHARE", 0.10)
REVIEW_SECOND_OPINION_SHARE = env.share("REVIEW_SECOND_OPINION_SHARE", 0.05)
REVIEW_IN_SIGHT_CHECK_SHARE = env.share("REVIEW_IN_SIGHT_CHECK_SHARE", 0.02)
REVIEW_KNOWN_ANSWER_RATE = env.share("REVIEW_KNOWN_ANSWER_RATE", 0.05)
REVIEW_KNOWN_ANSWER_FLOOR = env.share("REVIEW_KNOWN_ANSWER_FLOOR", 0.01)
# Classification
CLASSIFY_LEASE_SECONDS = env.integer("CLASSIFY_LEASE_SECONDS", 120)
CLASSIFY_MAX_ATTEMPTS = env.integer("CLASSIFY_MAX_ATTEMPTS", 3)
CLASSIFY_BATCH = env.integer("CLASSIFY_BATCH", 64)
# What FUSION may take for one product before a candidate is refused as too slow.
LATENCY_BUDGET_MS = env.number("LATENCY_BUDGET_MS", 500.0)
# Without a usable model products wait this long, then go to review.
MODEL_WAIT_SECONDS = env.integer("MODEL_WAIT_SECONDS", 600)
# Another Predictor class, "module:Class", for tests of the worker; production refuses it.
PREDICTOR = env.text("BONRAYON_PREDICTOR")
# A worker that has not been heard of for this long is taken for gone.
WORKER_SILENT_SECONDS = 20
# Imports and exports: a job whose worker has been silent for this long is started again.
JOB_LEASE_SECONDS = 120
JOB_MAX_ATTEMPTS = 3
# Training: a run whose worker has been silent for this long goes on with another, but not for ever.
TRAINING_LEASE_SECONDS = env.integer("TRAINING_LEASE_SECONDS", 60)
TRAINING_MAX_DEATHS = env.integer("TRAINING_MAX_DEATHS", 10)
# Ingest
IMAGE_MAX_BYTES = env.integer("IMAGE_MAX_BYTES", 10 * 2**20)
IMAGE_MAX_PIXELS = env.integer("IMAGE_MAX_PIXELS", 50_000_000)
IMPORT_MAX_BYTES = env.integer("IMPORT_MAX_BYTES", 4 * 2**30)
DESCRIPTION_MAX_CHARS = 20_000
# Limits per person or network: how many, in how many seconds
RATE_LIMITS = {
    # A name at one network; a name from everywhere; one network with whatever names.
    "login_pair": (10, 300),
    "login_account": (100, 300),
    "login_network": (50, 300),
    # What an account does, and whatever accounts do at one network.
    "ingest": (600, 60),
    "ingest_network": (3000, 60),
    "reports": (30, 3600),
    "reports_network": (300, 3600),
    "uploads": (60, 3600),
    "uploads_network": (300, 3600),
    "appeals": (20, 3600),
    "appeals_network": (200, 3600),
    "confirmations": (5, 3600),
    "confirmations_network": (50, 3600),
    # Links to one address, whoever asks for them.
    "confirmations_address": (5, 86_400),
    "previews": (120, 300),
    "previews_network": (1200, 300),
    # One network, from pages of other sites.
    "anonymous_reports": (20, 3600),
    "embedding": (600, 300),
}
# Mail: by SMTP when a host is named, else written to the worker's log.
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = env.integer("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "bonrayon@localhost")
# Where this site is reached from outside, for what other programs are to fetch from it.
PUBLIC_URL = env.web_address("PUBLIC_URL").rstrip("/")
# Alarms for another system; the secret signs them, so there is none without it.
ALARM_WEBHOOK_URL = env.web_address("ALARM_WEBHOOK_URL")
ALARM_WEBHOOK_SECRET = env.secret("ALARM_WEBHOOK_SECRET", None if ALARM_WEBHOOK_URL else "")
# Behind a proxy that sets X-Forwarded-For: how many proxies are ours. 0 = none.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0)

# For /metrics and the reasons in /readyz; without one only a caller on this machine may ask.
METRICS_TOKEN = env.secret("METRICS_TOKEN", "")
METRICS_ON_LOOPBACK = True
# Where errors and traces are reported, if anywhere: `reviewapp.telemetry`.
SENTRY_DSN = env.secret("SENTRY_DSN", "")
OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")

DEMO = env.flag("BONRAYON_DEMO", default=False)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "()": "reviewapp.logs.LineFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        },
        "json": {"()": "reviewapp.logs.JsonLineFormatter"},
    },
    "handlers": {
        "text": {"class": "logging.StreamHandler", "formatter": "text"},
        "json": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "json",
        },
    },
    "root": {
        "handlers": [env.choice("LOG_FORMAT", ("text", "json"))],
        "level": env.text("LOG_LEVEL", "INFO"),
    },
}
