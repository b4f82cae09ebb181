"""Tables as CSV files to download."""

import csv
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from reviewapp.domain.spreadsheet import guarded


def csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[str | float | None]]
) -> HttpResponse:
    """Return UTF-8 CSV (RFC 4180) as the file `name`; a missing number is an empty cell."""
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    writer = csv.writer(response)
    writer.writerow(header)
    for row in rows:
        writer.writerow(guarded(cell) if isinstance(cell, str) else cell for cell in row)
    return response
