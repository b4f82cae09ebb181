"""Take the pictures of docs/images: the dashboards with made-up counts, wide and narrow, light and dark.

    python scripts/picture_dashboards.py

Fills the roll-ups of a database of its own, as `bench_dashboards.py` does, and needs Chromium.
"""

import io
import os
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_FOLDER = ROOT / "docs" / "images"
_SIZES = {"desktop": (1440, 2600), "phone": (360, 1500)}


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "reviewapp.settings.test"
    # Playwright runs a loop in this thread; no other one shares its connections.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
    import django

    django.setup()
    from django.conf import settings
    from django.test.utils import get_runner, setup_test_environment

    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        _take()
    finally:
        runner.teardown_databases(databases)
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
