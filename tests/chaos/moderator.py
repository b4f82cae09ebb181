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
_SKIP, _ESCALATE = 0.12, 0.08  # shares of items that are skipped, or passed on to a lead
_UNDO = 0.15  # share of whatever was acknowledged that is taken back at once
_PATIENCE_SECONDS = 60.0  # for an answer that was given before the fire ended


@dataclass(frozen=True)
class Word:
    """What the server has acknowledged. code: of an answer; undoes: the key that is taken back"""

    item: int
    verdict: str  # answered, skipped, escalated, undone
    code: int | None = None
    undoes: str | None = None


@dataclass
class Moderator(threading.Thread):
    """acknowledged: the server's word, by client key."""

    port: int
    session: str
    codes: list[int]
    lease_seconds: float
    seed: int
    stop: threading.Event
    acknowledged: dict[str, Word] = field(default_factory=dict)
    refused: int = 0
    errors: int = 0
    unsettled: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(daemon=True)
        self.draw = random.Random(self.seed)
        self.page = str(uuid.UUID(int=self.draw.getrandbits(128)))
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
            key = self.decide_somehow(item)
            if key is not None and self.draw.random() < _UNDO:
                self.undo(key)

    def claim(self):
        """Return the item handed out, or None when none is, or the line broke."""
        status, body = self.post("/review/claim/", {"have": "", "queue": "", "page": self.page})
        found = _CARD.search(body) if status == 200 else None
        return int(found[1]) if found else None

    def decide_somehow(self, item):
        """Answer, skip or pass on; return the key when the server has taken it."""
        lot, path = self.draw.random(), f"/review/items/{item}"
        if lot < _SKIP:
            return self.insist(f"{path}/skip/", {"reason": "unclear"}, Word(item, "skipped"))
        if lot < _SKIP + _ESCALATE:
            asked = {"comment": "Which one is it?"}
            return self.insist(f"{path}/escalate/", asked, Word(item, "escalated"))
        code = self.draw.choice(self.codes)
        return self.insist(f"{path}/decide/", {"category": code}, Word(item, "answered", code))

    def undo(self, key):
        """Take back what was acknowledged under `key`; the item then comes with the next claim."""
        of = self.acknowledged[key]
        data = {"of": key, "page": self.page}
        self.insist("/review/undo/", data, Word(of.item, "undone", undoes=key))

    def insist(self, path, data, word):
        """Send one request under one key until the server takes or refuses it; return the key, or
        None when it was not taken."""
        key = str(uuid.uuid4())
        deadline = time.monotonic() + _PATIENCE_SECONDS
        hang_up = self.draw.random() < _HANG_UP
        while time.monotonic() < deadline:
            status, _ = self.post(path, {"client_key": key, **data}, hang_up=hang_up)
            hang_up = False
            if status == 200:
                self.acknowledged[key] = word
                return key
            if status == 409:
                self.refused += 1
                return None
            time.sleep(self.draw.uniform(0.3, 0.8))
        self.unsettled.append(key)
        return None

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
