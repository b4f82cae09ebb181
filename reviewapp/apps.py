import logging
import re
from typing import Any

from corsheaders.signals import check_request_enabled
from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.http import HttpRequest

logger = logging.getLogger(__name__)


class ReviewAppConfig(AppConfig):
    name = "reviewapp"
    verbose_name = "Bon Rayon"

    def ready(self) -> None:
        check_request_enabled.connect(_is_from_live_origin, dispatch_uid="embedding-origins")
        post_migrate.connect(_keep_roles, sender=self, dispatch_uid="roles")


def _keep_roles(sender: AppConfig, **_kwargs: Any) -> None:
    """Give each role's group what this version lets it do: a new site has no other way to them."""
    # Models can be imported only once the apps are ready.
    from reviewapp.services.accounts import ensure_roles

    try:
        ensure_roles()
    except LookupError as error:  # migrated to an earlier step, without all permissions
        logger.info("The roles were left as they are: %s", error)


def _is_from_live_origin(sender: object, request: HttpRequest, **_kwargs: Any) -> bool:
    """Let the pages of allowed sites read the answers (CORS)."""
    # Models can be imported only once the apps are ready.
    from reviewapp.selectors.embedding import is_live

    # The library asks for every address, not only for those of its own pattern.
    if re.match(settings.CORS_URLS_REGEX, request.path) is None:
        return False
    return is_live(request.headers.get("Origin", ""))
