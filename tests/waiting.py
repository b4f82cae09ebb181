"""Waiting for what another thread or process does."""

import time


def eventually(is_so, seconds=5.0, pause=0.02):
    """Return True as soon as `is_so()` is, False when it never is within `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(pause)
    return False
