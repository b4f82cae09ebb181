"""Take the pictures of docs/images: the dashboards with made-up counts, wide and narrow, light and dark.

    python scripts/picture_dashboards.py

Fills the roll-ups of a database of its own, as `bench_dashboards.py` does, and needs Chromium.
"""

import io
import os
import shutil
import sys
from typing import Any

from bench_database import ROOT, own_database

_FOLDER = ROOT / "docs" / "images"
_SIZES = {"desktop": (1440, 2600), "phone": (360, 1500)}


def main() -> int:
    # Playwright runs a loop in this thread; no other one shares its connections.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with own_database():
        _take()
    return 0


def _take() -> None:
    import bench_dashboards
    from django.contrib.staticfiles.testing import StaticLiveServerTestCase
    from playwright.sync_api import sync_playwright

    from tests.factories import AdminFactory

    bench_dashboards._fill({"products": 300_000, "days": 30, "events": 0})
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
