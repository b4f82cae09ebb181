"""Serving pictures. Their names are hashes of their content, so what a browser has stays right."""

from pathlib import Path

from django.conf import settings
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponseBase,
    HttpResponseNotModified,
)
from django.views.decorators.http import require_safe

_FOREVER = "public, max-age=31536000, immutable"
_KINDS = {"images": (".jpg", "image/jpeg"), "thumbs": (".webp", "image/webp")}


@require_safe
def picture(request: HttpRequest, kind: str, sha256: str) -> HttpResponseBase:
    """Send one picture. The address pattern lets nothing through but a kind and a hash."""
    ending, content_type = _KINDS[kind]
    etag = f'"{sha256}"'
    response: HttpResponseBase
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponseNotModified()
    else:
        path = Path(settings.MEDIA_ROOT) / kind / sha256[:2] / f"{sha256}{ending}"
        try:
            response = FileResponse(path.open("rb"), content_type=content_type)
        except FileNotFoundError as error:
            raise Http404 from error
    response["ETag"] = etag
    response["Cache-Control"] = _FOREVER
    response["X-Content-Type-Options"] = "nosniff"
    return response
