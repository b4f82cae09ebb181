"""Scripts that come inside Python packages, served as static files: no CDN, no bundler."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

_FILE = "plotly.min.js"


class PlotlyFinder(BaseFinder):
    """Finds `plotly/plotly.min.js` in the package plotly, and nothing else of it."""

    def __init__(self) -> None:
        spec = find_spec("plotly")
        if spec is None or spec.origin is None:
            raise ImportError("The package plotly is missing: run `make setup`.")
        # Found, not imported: a web process has no use for the Python part.
        self.storage = FileSystemStorage(Path(spec.origin).parent / "package_data")
        self.storage.prefix = "plotly"  # type: ignore[attr-defined]  # as Django's own finders do

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        if path != f"plotly/{_FILE}":
            return [] if find_all else None
        found = self.storage.path(_FILE)
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Any]]:
        yield _FILE, self.storage

    def check(self, **_kwargs: Any) -> Any:
        return ()
