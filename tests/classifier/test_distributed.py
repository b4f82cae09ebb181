"""Which device and which way of talking each process of `torchrun` takes, with pretended GPUs."""

import pytest
import torch
from torch import nn

from classifier.errors import ClassifierError
from classifier.finetune import distributed
from classifier.finetune.distributed import join_world


@pytest.fixture
def called(monkeypatch):
    """What is asked of torch, in order; nothing of it is done."""
    calls = []

    def record(name):
        return lambda *arguments, **options: calls.append((name, *arguments, *options.items()))

    monkeypatch.setattr(torch.cuda, "set_device", record("device"))
    monkeypatch.setattr(distributed, "DistributedDataParallel", record("wrap"))
    for name in ("init_process_group", "barrier", "destroy_process_group"):
        monkeypatch.setattr(distributed.distributed, name, record(name))
    return calls


@pytest.fixture
def gpus(monkeypatch):
    def gpus(number):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: number > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: number)

    return gpus


@pytest.fixture
def process(monkeypatch):
    def process(*, rank, local_rank, size):
        values = {"RANK": rank, "LOCAL_RANK": local_rank, "WORLD_SIZE": size}
        for name, value in values.items():
            monkeypatch.setenv(name, str(value))

    return process


def test_each_process_takes_its_own_gpu_of_its_machine_and_talks_by_nccl(called, gpus, process):
    gpus(2)
    process(rank=3, local_rank=1, size=4)
    network = nn.Linear(1, 1)

    with join_world("auto") as world:
        world.wait()
        world.wrap(network)

    device = torch.device("cuda", 1)
    assert (world.rank, world.size, world.device, world.is_first) == (3, 4, device, False)
    assert called == [
        ("device", 1),
        ("init_process_group", "nccl"),
        ("barrier",),
        ("wrap", network, ("device_ids", [device])),
        ("destroy_process_group",),
    ]


def test_processes_without_gpus_talk_by_gloo(called, gpus, process):
    gpus(0)
    process(rank=0, local_rank=0, size=2)
    network = nn.Linear(1, 1)

    with join_world("auto") as world:
        world.wrap(network)

    assert (world.is_first, world.device) == (True, torch.device("cpu"))
    assert called == [
        ("init_process_group", "gloo"),
        ("wrap", network, ("device_ids", None)),
        ("destroy_process_group",),
    ]


def test_one_process_needs_nobody_to_talk_to(called, gpus):
    gpus(1)
    network = nn.Linear(1, 1)

    with join_world("cuda") as world:
        world.wait()
        assert world.wrap(network) is network

    assert called == [("device", 0)]
    assert world.device == torch.device("cuda", 0)


def test_a_failure_leaves_the_group_too(called, gpus, process):
    gpus(0)
    process(rank=0, local_rank=0, size=2)

    with pytest.raises(RuntimeError, match="out of memory"), join_world("cpu"):
        raise RuntimeError("out of memory")

    assert called[-1] == ("destroy_process_group",)


def test_more_processes_than_gpus_are_refused_in_words(called, gpus, process):
    gpus(2)
    process(rank=2, local_rank=2, size=3)

    with pytest.raises(ClassifierError, match="takes a GPU, and here are 2"), join_world("auto"):
        pass

    assert called == []
