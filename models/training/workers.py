"""Several single-threaded workers train copies of one model and meet at its mean.

Threads that share every operation wait for each other thousands of times a step: on a machine that others use too,
that costs most of the time. Workers that meet once in a few steps lose almost nothing.
"""

import math
import tempfile
import time
from collections.abc import Callable

import torch
from torch import distributed, nn

WORKERS = 2
STEPS_ALONE = 8


class Schedule:
    """How far training is: by steps, or by minutes where the machine is too busy for all the steps in time."""

    def __init__(self, steps: int, minutes: float = math.inf):
        self.steps, self.minutes, self.start = steps, minutes, time.time()
        self.step, self.progress = 0, 0.0

    def advance(self) -> bool:
        """Counts a step; true when the workers are to meet."""
        self.step += 1
        return self.step % STEPS_ALONE == 0

    def meet(self, model: nn.Module) -> None:
        """Every worker goes on from the mean of all workers' weights, and from the first worker's progress."""
        tensors = [t for t in model.state_dict().values() if t.dtype.is_floating_point]
        flat = torch.cat([t.detach().reshape(-1) for t in tensors])
        distributed.all_reduce(flat)
        with torch.no_grad():
            for tensor, part in zip(tensors, (flat / WORKERS).split([t.numel() for t in tensors])):
                tensor.copy_(part.view(tensor.shape))
        first = torch.tensor([min(1.0, max(self.step / self.steps, self.seconds / 60 / self.minutes))])
        distributed.broadcast(first, 0)
        self.progress = first.item()

    def cosine(self, peak: float, warm_up: float) -> float:
        """The learning rate now."""
        return peak * min(1.0, (self.progress + 1e-3) / warm_up) * (0.5 + 0.5 * math.cos(math.pi * self.progress)) + peak * 1e-3

    @property
    def seconds(self) -> float:
        return time.time() - self.start


class Average:
    """A slow moving average of a model: steadier than any one step."""

    def __init__(self, model: nn.Module):
        self.state = {k: v.detach().clone() for k, v in model.state_dict().items()}
        self.count = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        self.count += 1
        keep = min(0.985, self.count / (self.count + 4))
        for key, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                self.state[key].lerp_(value, 1 - keep)
            else:
                self.state[key].copy_(value)


def _enter(worker: int, work: Callable, meeting: str, arguments: tuple) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=worker, world_size=WORKERS)
    work(worker, *arguments)


def run_workers(work: Callable, *arguments: object) -> None:
    """Calls `work(worker, *arguments)` in every worker; returns when all are done."""
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(_enter, (work, f"{folder}/meeting", arguments), nprocs=WORKERS)
