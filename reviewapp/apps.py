import re
from typing import Any

from corsheaders.signals import check_request_enabled
from django.apps import AppConfig
from django.conf import settings
from django.http import HttpRequest


class ReviewAppConfig(AppConfig):
    name = "reviewapp"
    verbose_name = "Bon Rayon"

    def ready(self) -> None:
        check_request_enabled.connect(_is_from_live_origin, dispatch_uid="embedding-origins")


def _is_from_live_origin(sender: object, request: HttpRequest, **_kwargs: Any) -> bool:
    """Let the pages of allowed sites read the answers (CORS)."""
    # Models can be imported only once the apps are ready.
    from reviewapp.selectors.embedding import is_live

    # The library asks for every address, not only for those of its own pattern.
    if re.match(settings.CORS_URLS_REGEX, request.path) is None:
        return False
    return is_live(request.headers.get("Origin", ""))
