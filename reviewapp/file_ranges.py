"""Sending a large file so that a broken download goes on where it stopped (RFC 9110, 14)."""

import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse

from reviewapp.domain.byte_range import ByteRange, Unsatisfiable, byte_range

_CHUNK = 256 * 1024


def ranged_file(request: HttpRequest, path: Path, etag: str) -> HttpResponse | FileResponse:
    """Answer with the file as a download: 200, 206 for a part, 416 for a part it does not have.

    etag: names the content. A part is given only of the content that the client has begun with.
    """
    size = path.stat().st_size
    tag = f'"{etag}"'
    wanted: ByteRange | None = None
    try:
        if request.headers.get("If-Range", tag) == tag:
            wanted = byte_range(request.headers.get("Range", ""), size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response: HttpResponse | FileResponse
    if wanted is None:
        response = FileResponse(path.open("rb"), as_attachment=True, filename=path.name)
    else:
        response = _part(path, wanted, size)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _part(path: Path, wanted: ByteRange, size: int) -> HttpResponse:
    file = path.open("rb")
    response = StreamingHttpResponse(
        _bytes(file, wanted),
        status=206,
        content_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
    )
    response["Content-Range"] = f"bytes {wanted.first}-{wanted.last}/{size}"
    response["Content-Length"] = str(wanted.length)
    response["Content-Disposition"] = f'attachment; filename="{path.name}"'
    return response  # type: ignore[return-value]  # both are HttpResponseBase


def _bytes(file: BinaryIO, wanted: ByteRange) -> Iterator[bytes]:
    with file:
        file.seek(wanted.first)
        left = wanted.length
        while left and (chunk := file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk
