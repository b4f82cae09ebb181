"""Tests: real PostgreSQL and real Redis, cheap password hashes, files in a temporary folder."""

import os
import tempfile
from pathlib import Path

# `manage.py` checks, mypy and the import linter load these settings without any service.
os.environ.setdefault("DATABASE_URL", "postgresql://bonrayon@localhost/bonrayon")
os.environ.setdefault("REDIS_URL", "redis://localhost:6379/0")

from reviewapp.settings.base import *  # noqa: F403

VAR_DIR = Path(os.environ.get("BONRAYON_TEST_VAR") or tempfile.mkdtemp(prefix="bonrayon-test-"))
MEDIA_ROOT = VAR_DIR / "media"
PRIVATE_ROOT = VAR_DIR / "private"
MODELS_ROOT = VAR_DIR / "models"
FILE_UPLOAD_TEMP_DIR = Path(tempfile.gettempdir())
# Tests of the order want the order; those of the lot switch it on.
REVIEW_EXPLORATION = 0.0
# Likewise those of checks.
REVIEW_BLIND_SHARE = REVIEW_SECOND_OPINION_SHARE = REVIEW_KNOWN_ANSWER_RATE = 0.0
REVIEW_IN_SIGHT_CHECK_SHARE = 0.0
SECRET_KEY = "only-for-tests"  # noqa: S105
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
