"""A moderator with a bad line: claims, answers, hangs up, comes back late, never gives up."""

import http.client
import random
import re
import threading
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode

_CARD = re.compile(r'data-item="(\d+)"')
_TOKEN = "c" * 32  # of our own making: the check compares cookie and header
_HANG_UP = 0.1  # share of answers whose reply is not waited for
_OVERSLEEP = 0.03  # share of items held beyond their lease
_PATIENCE_SECONDS = 60.0  # for an answer that was given before the fire ended


@dataclass
class Moderator(threading.Thread):
    """acknowledged: the server's word, by client key: (item, category code)."""

    port: int
    session: str
    codes: list[int]
    lease_seconds: float
    seed: int
    stop: threading.Event
    acknowledged: dict[str, tuple[int, int]] = field(default_factory=dict)
    refused: int = 0
    errors: int = 0
    unsettled: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(daemon=True)
        self.draw = random.Random(self.seed)
        # Kept open: thousands of short connections would use up the ports that others look for.
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)

    __hash__ = threading.Thread.__hash__

    def run(self):
        try:
            self.work()
        finally:
            self.line.close()

    def work(self):
        while not self.stop.is_set():
            item = self.claim()
            if item is None:
                time.sleep(self.draw.uniform(0.5, 1.5))
                continue
            late = self.draw.random() < _OVERSLEEP
            time.sleep(self.lease_seconds + 0.5 if late else self.draw.uniform(0.1, 0.6))
            self.answer(item)

    def claim(self):
        """Return the item handed out, or None when none is, or the line broke."""
        status, body = self.post("/review/claim/", {"have": "", "reason": ""})
        found = _CARD.search(body) if status == 200 else None
        return int(found[1]) if found else None

    def answer(self, item):
        """Send one answer under one key until the server takes or refuses it."""
        key, code = str(uuid.uuid4()), self.draw.choice(self.codes)
        data = {"client_key": key, "category": code}
        deadline = time.monotonic() + _PATIENCE_SECONDS
        hang_up = self.draw.random() < _HANG_UP
        while time.monotonic() < deadline:
            status, _ = self.post(f"/review/items/{item}/decide/", data, hang_up=hang_up)
            hang_up = False
            if status == 200:
                self.acknowledged[key] = (item, code)
                return
            if status == 409:
                self.refused += 1
                return
            time.sleep(self.draw.uniform(0.3, 0.8))
        self.unsettled.append(key)

    def post(self, path, data, *, hang_up=False):
        """Return status and body; status 0 when no reply came."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"sessionid={self.session}; csrftoken={_TOKEN}",
            "X-CSRFToken": _TOKEN,
            "X-Requested-With": "desk",
        }
        try:
            self.line.request("POST", path, urlencode(data), headers)
            if hang_up:
                self.line.close()
                return 0, ""
            response = self.line.getresponse()
            body = response.read().decode()
        except (OSError, http.client.HTTPException):
            self.line.close()  # the next request opens it anew
            self.errors += 1
            return 0, ""
        if response.status not in {200, 204, 409}:
            self.errors += 1
        return response.status, body
