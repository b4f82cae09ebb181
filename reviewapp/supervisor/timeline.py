"""How long each part of the start took, in one line."""

import time
from dataclasses import dataclass, field


@dataclass
class Timeline:
    """Seconds since the start, install included. Marks are added as things happen."""

    installed: float = 0.0  # seconds that the installation before us took
    _began: float = field(default_factory=time.monotonic)
    _parts: list[tuple[str, float]] = field(default_factory=list)

    def elapsed(self) -> float:
        return self.installed + time.monotonic() - self._began

    def took(self, part: str, seconds: float) -> None:
        """Note a part by its own duration."""
        self._parts.append((part, seconds))

    def reached(self, point: str) -> None:
        """Note a point by the time since the very start."""
        self._parts.append((f"{point} after", self.elapsed()))

    def __str__(self) -> str:
        parts = [("install", self.installed)] if self.installed else []
        return " · ".join(f"{name} {seconds:.1f} s" for name, seconds in [*parts, *self._parts])
