"""Take the pictures of docs/images: the dashboards with made-up counts, wide and narrow, light and dark.

    python scripts/picture_dashboards.py

Fills the roll-ups of a database of its own, as `bench_dashboards.py` does, and needs Chromium.
"""

import io
import os
import shutil
import sys
from datetime import timedelta
from typing import Any

from bench_database import ROOT, own_database

_AWAKE = timedelta(hours=1)  # or every page would warn that nobody works
_FOLDER = ROOT / "docs" / "images"
_SIZES = {"desktop": (1440, 2600), "phone": (360, 2600)}
# Counts as a shop has them: more on some days than on others, mistakes rare and of some pairs.
_LIVEN = """
SELECT setseed(0.5);
UPDATE reviewapp_routetally SET routed = greatest(routed * (0.9 + 0.2 * random()), drawn),
    wrong = floor(answered * random() * CASE stratum WHEN 'near' THEN 0.04 WHEN 'review' THEN 0.5
                                             ELSE 0.01 END);
UPDATE reviewapp_answertally tally SET answers = found.answers,
    listings = CASE WHEN is_listed THEN 5 * found.answers ELSE 0 END
FROM (SELECT predicted_id, said_id, 1 + floor(40 * random() * random()) AS answers
      FROM reviewapp_answertally GROUP BY 1, 2) found
WHERE (tally.predicted_id, tally.said_id) = (found.predicted_id, found.said_id)
  AND tally.predicted_id <> tally.said_id;
UPDATE reviewapp_delaytally
SET products = greatest(products * exp(-greatest(bucket, 0) / 16.0) * (0.7 + 0.3 * random())
    * CASE step WHEN 'listed' THEN 1 ELSE 0.3 END, 1)
WHERE step IN ('seen', 'decided', 'listed');
"""


def main() -> int:
    # Playwright runs a loop in this thread; no other one shares its connections.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with own_database():
        _take()
    return 0


def _take() -> None:
    import bench_dashboards
    from django.contrib.staticfiles.testing import StaticLiveServerTestCase
    from django.db import connection
    from django.utils import timezone
    from playwright.sync_api import sync_playwright

    from reviewapp.models import WorkerHeartbeat
    from tests.factories import AdminFactory

    bench_dashboards._fill({"products": 300_000, "days": 30, "events": 0})
    with connection.cursor() as cursor:
        cursor.execute(_LIVEN)
    WorkerHeartbeat.objects.create(name="one", queue="inference", seen_at=timezone.now() + _AWAKE)
    password = "correct horse battery staple"  # noqa: S105 (of the made-up admin)
    AdminFactory(username="chief", language="en", password=password)
    StaticLiveServerTestCase.setUpClass()
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            for name, (width, height) in _SIZES.items():
                for scheme in ("light", "dark"):
                    context = browser.new_context(
                        viewport={"width": width, "height": height}, color_scheme=scheme
                    )  # type: ignore[arg-type]
                    _shoot(context.new_page(), StaticLiveServerTestCase.live_server_url, password,
                           f"dashboards-{name}-{scheme}")  # fmt: skip
    finally:
        StaticLiveServerTestCase.tearDownClass()


def _shoot(page: Any, server: str, password: str, name: str) -> None:
    from PIL import Image

    page.goto(f"{server}/dashboards/")
    page.fill("[name=username]", "chief")
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_selector(".chart svg")
    page.wait_for_timeout(1500)
    _FOLDER.mkdir(exist_ok=True)
    Image.open(io.BytesIO(page.screenshot())).save(_FOLDER / f"{name}.webp", quality=70, method=6)


if __name__ == "__main__":
    sys.exit(main())
