"""What one training iteration costs: evaluations of the network, and seconds against those of another."""

import math
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from ebmrepro.data.batches import dequantise
from ebmrepro.training.loop import Training


class StepCost(NamedTuple):
    """`seconds`: of each timed iteration. `forward_passes`, `backward_passes`: how many batches went through
    the network in either direction, the mean.

    A chain of K Langevin steps costs K of each, the data and the chain ends of CD one more of each. Gibbs
    sweeps of an RBM are no evaluations of its free energy, and its gradient in closed form no backward pass.
    """

    seconds: tuple[float, ...]
    forward_passes: float
    backward_passes: float

    @property
    def seconds_per_step(self) -> float:
        """The median over the timed iterations."""
        return statistics.median(self.seconds)

    def metrics(self) -> dict[str, float]:
        """The numbers of a training; `network_evaluations`: passes in both directions, exact."""
        return {
            "seconds_per_step": self.seconds_per_step,
            "forward_passes": self.forward_passes,
            "backward_passes": self.backward_passes,
            "network_evaluations": self.forward_passes + self.backward_passes,
        }


class SecondsRatio(NamedTuple):
    """How many times the baseline's seconds a step takes: the `median` over `turns` in which both made one.

    `low`, `high`: two of the ratios, between which the true median lies with a probability of at least 95 %,
    whatever the distribution (the binomial interval); None for fewer than six turns, which have no such two.
    """

    median: float
    low: float | None
    high: float | None
    turns: int


def seconds_ratio(method: Sequence[float], baseline: Sequence[float]) -> SecondsRatio:
    """The ratio of two methods' seconds, turn by turn: what slows the machine slows both sides of a ratio."""
    ratios = np.divide(method, baseline)
    bounds = stats.quantile_test(ratios, q=1.0, p=0.5).confidence_interval(0.95)
    low, high = (None if math.isnan(bound) else float(bound) for bound in bounds)
    return SecondsRatio(float(np.median(ratios)), low, high, len(ratios))


def step_costs(trainings: Sequence[Training], steps: int, warm_up: int) -> list[StepCost]:
    """The cost of a step of each of `trainings`, over `steps` iterations after `warm_up` others.

    Replay buffers are filled first: some terms wait for that. The trainings take turns, one iteration each,
    so that whatever slows the machine slows all of them. Passes are counted in iterations of their own.
    """
    for training in trainings:
        _fill(training)
    seconds: list[list[float]] = [[] for _ in trainings]
    for number in range(warm_up + steps):
        for training, own in zip(trainings, seconds, strict=True):
            device = training.batches.device
            wait(device)
            start = time.perf_counter()
            training.step()
            wait(device)
            if number >= warm_up:
                own.append(time.perf_counter() - start)
    passes = [_passes(training, steps) for training in trainings]
    return [StepCost(tuple(own), *counted) for own, counted in zip(seconds, passes, strict=True)]


def _fill(training: Training) -> None:
    """Put data into the replay buffer until it is full."""
    buffer, generator = training.sampler.buffer, training.generator
    while buffer is not None and buffer.kind != "chains" and len(buffer) < buffer.size:
        buffer.add(dequantise(training.batches.at(buffer.added), generator), generator)


def wait(device: torch.device) -> None:
    """Until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _passes(training: Training, steps: int) -> tuple[float, float]:
    """Batches through the network in `steps` iterations, forward and backward, for each iteration."""
    batch = training.settings.schedule.batch_size
    # An energy may be called in parts (by scale, by member): the layers that see the most rows see all.
    layers = [module for module in training.energy.modules() if not list(module.children())]
    forward, backward = Counter(), Counter()

    def seen(layer: nn.Module, inputs: tuple, output: Tensor) -> None:
        forward[layer] += len(output)
        if output.requires_grad:
            output.register_hook(lambda gradient: backward.update({layer: len(gradient)}))

    handles = [layer.register_forward_hook(seen) for layer in layers]
    try:
        for _ in range(steps):
            training.step()
    finally:
        for handle in handles:
            handle.remove()
    most = max(layers, key=forward.__getitem__)
    return forward[most] / (batch * steps), backward[most] / (batch * steps)
