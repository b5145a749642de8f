"""What one training iteration costs: seconds, and evaluations of the network."""

import statistics
import time
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ebmrepro.data.batches import dequantise
from ebmrepro.training.loop import Training


class StepCost(NamedTuple):
    """`seconds_per_step`: the median over the timed iterations. `forward_passes`, `backward_passes`: how many
    batches went through the network in either direction, the mean.

    A chain of K Langevin steps costs K of each, the data and the chain ends of CD one more of each. Gibbs
    sweeps of an RBM are no evaluations of its free energy, and its gradient in closed form no backward pass.
    """

    seconds_per_step: float
    forward_passes: float
    backward_passes: float


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
    return [StepCost(statistics.median(own), *counted) for own, counted in zip(seconds, passes, strict=True)]


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
