"""What a preset will cost here: a few real training and sampling steps of every kind of run, timed."""

import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from ebmrepro.energies.conditional import Given
from ebmrepro.flow import cost
from ebmrepro.flow.jobs import all_jobs
from ebmrepro.machine.device import device_name, set_up
from ebmrepro.mcmc.chunks import CHUNK, Target
from ebmrepro.params.compositions import models_of
from ebmrepro.params.generations import Generation
from ebmrepro.params.root import Params, TrainSettings
from ebmrepro.training.cost import wait
from ebmrepro.training.loop import Training

WARM_UP = 3
# A step that takes this long is not made shorter by warming up.
SLOW_SECONDS = 1.0


def estimate(params: Params, steps: int, batch: int | None = None) -> None:
    """Time `steps` training iterations and sampling steps of each run after a warm-up and print hours.

    `batch`: at most so many images at a time, the time scaled to the batch that will run: for a machine on
    which a whole batch of the network takes minutes. Runs on random data of the right shape: needs no
    prepared data. Runs that train alike are timed once.
    """
    device = set_up(params.compute)
    costs = _Costs(params, device, steps, batch)
    table = Table("run, protocol, composition", "s / iteration", "iterations", "seeds", "train h", "sample h")
    total = 0.0

    def row(name: str, seeds: int, sampling: float, iterations: int | None = None, each: float = 0.0):
        nonlocal total
        train, sample = (iterations or 0) * each * seeds / 3600, sampling * seeds / 3600
        total += train + sample
        trained = ("", "") if iterations is None else (f"{each:.4f}", str(iterations))
        table.add_row(name, *trained, str(seeds), f"{train:.3f}" if iterations else "", f"{sample:.3f}")

    for run in params.runs:
        generation, evaluation = params.resolve(run, "generation"), params.resolve(run, "evaluation")
        sampling = costs.chains(run, generation, evaluation.cost())
        iterations = params.train_settings(run).schedule.iterations
        row(run, len(params.seeds_of(run)), sampling, iterations, costs.iteration(run))
    for name, protocol in params.protocols.items():
        measured = params.evaluations[protocol.evaluation].cost()
        sampling = costs.chains(protocol.run, params.generations[protocol.generation], measured)
        row(name, len(params.seeds_of(protocol.run)), sampling)
    for name, composition in params.compositions.items():
        models = [model.run for e in composition.expressions.values() for model in models_of(e)]
        generation = params.generations[composition.generation]
        row(name, len(params.seeds_of(models[0])), sum(costs.chains(run, generation) for run in models))
    Console().print(table)
    jobs = len(all_jobs(params))
    scaled = f", scaled from {batch} images at a time" if batch is not None else ""
    print(
        f"{params.preset}: {total:.2f} h of training, sampling and annealed importance sampling on"
        f" {device_name(device)}{scaled}, one job after the other; beside it downloads, features of"
        f" images and the start-up of {jobs} jobs"
    )


class _Costs:
    """What was timed, by what decides it."""

    def __init__(self, params: Params, device: torch.device, steps: int, batch: int | None):
        self.params, self.device, self.steps = params, device, steps
        self.batch = CHUNK if batch is None else batch
        self.whole = batch is None
        self.timed: dict[tuple, float] = {}

    def iteration(self, run: str) -> float:
        """Seconds of a training iteration of `run`."""
        size = self.params.train_settings(run).schedule.batch_size
        scale = 1.0 if self.whole else max(1.0, size / self.batch)
        return scale * self._once(("iteration", self._kind(run)), lambda: self._training(run).step)

    def chains(self, run: str, generation: Generation, others: int = 0) -> float:
        """Seconds of all chains of `generation` for one seed of `run`, and of `others` steps of chains."""
        chains = min(CHUNK, generation.samples, self.batch)
        tiny = generation.tiny(chains)
        times = getattr(self.params.resolve(run, "objective"), "times", 1)
        key = (generation.kind, chains, self._kind(run))
        seconds = self._once(key, lambda: _sampling(self._training(run), tiny, times))
        steps = cost.chain_steps(self.params, run, generation) + others
        return seconds * steps / (chains * tiny.chain_steps(times))

    def _kind(self, run: str) -> str:
        """The same for runs whose iterations cost the same: all that decides them but for how many."""
        settings = self.params.train_settings(run)
        shape = tuple(stand_in(self.params, run).shape)
        schedule = settings.schedule.model_copy(update={"iterations": 1})
        return repr((settings._replace(schedule=schedule), shape))

    def _training(self, run: str) -> Training:
        settings = self._smaller(self.params.train_settings(run))
        data = stand_in(self.params, run)[: settings.schedule.batch_size].to(self.device)
        return Training(settings, data, 0, _labels(self.params, run, len(data), self.device))

    def _smaller(self, settings: TrainSettings) -> TrainSettings:
        """At most `batch` images an iteration."""
        size = settings.schedule.batch_size
        if self.whole or size <= self.batch:
            return settings
        objective, share = settings.objective, {}
        if hasattr(objective, "kl_samples"):
            share = {"kl_samples": max(1, objective.kl_samples * self.batch // size)}
        return settings._replace(
            objective=objective.model_copy(update=share),
            schedule=settings.schedule.model_copy(update={"batch_size": self.batch}),
        )

    def _once(self, key: tuple, work: Callable[[], Callable[[], object]]) -> float:
        if key not in self.timed:
            self.timed[key] = _seconds(work(), self.steps, self.device)
        return self.timed[key]


def _sampling(training: Training, tiny: Generation, times: int) -> Callable[[], object]:
    """A few steps of a few chains."""
    model, data = training.model("ema"), training.batches.data
    energy, over_time, condition = model, None, None
    if training.settings.energy.timed:
        energy, over_time = Given(model, torch.eye(times, device=data.device)[:1]), model
    elif training.conditions is not None:
        condition = training.conditions[torch.arange(tiny.samples, device=data.device) % len(data)]
    target = Target(
        energy,
        tuple(data.shape[1:]),
        seed=0,
        progress=SimpleNamespace(advance=lambda steps=1: None),
        condition=condition,
        over_time=over_time,
        diffusion=[(1.0, 1.0)] * times,
    )
    return partial(tiny.load(), tiny, target)


def _labels(params: Params, run: str, count: int, device: torch.device) -> torch.Tensor | None:
    """Random labels for a conditional energy; labels that only the data know are taken to have ten values."""
    attribute = params.resolve(run, "energy").attribute
    if attribute is None:
        return None
    values = params.datasets[params.runs[run].dataset].attributes[attribute]
    return torch.arange(count, device=device) % (len(values) if values else 10)


def stand_in(params: Params, run: str) -> torch.Tensor:
    """Random data of the shape and type of a run's data set, enough for one batch."""
    dataset = params.datasets[params.runs[run].dataset]
    shape = (params.train_settings(run).schedule.batch_size, *dataset.sample_shape)
    rng = np.random.default_rng(0)
    if dataset.form == "vectors":
        return torch.from_numpy(rng.standard_normal(shape).astype(np.float32))
    if dataset.form == "binary":
        return torch.from_numpy(rng.integers(0, 2, shape).astype(np.float32))
    return torch.from_numpy(rng.integers(0, 256, shape, dtype=np.uint8))


def _seconds(work: Callable[[], object], times: int, device: torch.device) -> float:
    """Seconds of one call of `work`: the mean of `times` calls after a warm-up."""
    first = _timed(work, 1, device)
    if first < SLOW_SECONDS:
        _timed(work, WARM_UP - 1, device)
    elif times == 1:
        return first
    return _timed(work, times, device)


def _timed(work: Callable[[], object], times: int, device: torch.device) -> float:
    wait(device)
    start = time.perf_counter()
    for _ in range(times):
        work()
    wait(device)
    return (time.perf_counter() - start) / times
