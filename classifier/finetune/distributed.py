"""This process among those that `torchrun` started; alone when it did not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from classifier.errors import ClassifierError


@dataclass(frozen=True, slots=True)
class World:
    """rank: this process's number, 0 writes files; size: how many processes train together."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def wait(self) -> None:
        """Return when all processes have come this far."""
        if self.size > 1:
            distributed.barrier()

    def wrap(self, network: nn.Module) -> nn.Module:
        """Average gradients over all processes; the network itself when there is one."""
        if self.size == 1:
            return network
        devices = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=devices)


@contextmanager
def join_world(wanted: str) -> Iterator[World]:
    """Join the processes of `torchrun`, which sets WORLD_SIZE, RANK and LOCAL_RANK.

    wanted: "auto", "cpu" or "cuda". Raises ClassifierError for "cuda" without a GPU, and for more
    processes on a machine than it has GPUs.
    """
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    device = _device(wanted, int(os.environ.get("LOCAL_RANK", "0")))
    if size == 1:
        yield World(0, 1, device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(rank, size, device)
    finally:
        distributed.destroy_process_group()


def _device(wanted: str, local_rank: int) -> torch.device:
    has_gpu = torch.cuda.is_available()
    if wanted == "cuda" and not has_gpu:
        raise ClassifierError('No CUDA device here; set device to "auto" or "cpu".')
    if wanted == "cpu" or not has_gpu:
        return torch.device("cpu")
    if local_rank >= (there := torch.cuda.device_count()):
        raise ClassifierError(f"Each process takes a GPU, and here are {there}: start no more.")
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)
