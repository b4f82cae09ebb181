"""Threads of the numerical libraries. threadpoolctl comes with scikit-learn."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any

from threadpoolctl import threadpool_limits


def single_threaded_blas() -> AbstractContextManager[Any]:
    """Return a context in which BLAS uses one thread.

    The heads' matrices are too small to share, and BLAS threads that wait for each other on
    busy cores took ten times as long.
    """
    limits: AbstractContextManager[Any] = threadpool_limits(limits=1, user_api="blas")
    return limits


def set_threads(count: int) -> None:
    """Give torch and BLAS `count` threads each, from now on in this process."""
    import torch

    torch.set_num_threads(count)
    threadpool_limits(limits=count, user_api="blas")


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
