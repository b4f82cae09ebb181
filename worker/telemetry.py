"""Errors and traces of workers, reported from each process after the fork."""

from __future__ import annotations

from typing import Any

from reviewapp import telemetry
from worker.node import in_each_process


@in_each_process
def _start(**_kwargs: Any) -> None:
    telemetry.start("bonrayon-worker")
