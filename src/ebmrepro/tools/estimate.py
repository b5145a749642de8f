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
from ebmrepro.flow.jobs import all_jobs
from ebmrepro.machine.device import device_name, set_up
from ebmrepro.mcmc.chunks import CHUNK, Target
from ebmrepro.params.generations import Generation
from ebmrepro.params.root import Params
from ebmrepro.training.cost import wait
from ebmrepro.training.loop import Training

WARM_UP = 3
# A step that takes this long is not made shorter by warming up.
SLOW_SECONDS = 1.0


def estimate(params: Params, steps: int, batch: int | None = None) -> None:
    """Time `steps` training iterations and sampling steps of each run, on random data, and print hours.

    `batch`: at most so many images at a time, the time scaled to the batch that will run: for a machine on
    which a whole batch of the network takes minutes.
    """
    device = set_up(params.compute)
    costs = _Costs(params, device, steps, batch)
    table = Table("run, protocol, composition", "s / iteration", "iterations", "seeds", "train h", "sample h")
    total = 0.0

    def row(name: str, run: str, sampled: float, trained: float = 0.0, cells: tuple = ("", "")) -> None:
        """`sampled`, `trained`: seconds for one seed."""
        nonlocal total
        seeds = len(params.seeds_of(run))
        train, sample = trained * seeds / 3600, sampled * seeds / 3600
        total += train + sample
        table.add_row(name, *cells, str(seeds), f"{train:.3f}" if trained else "", f"{sample:.3f}")

    for run in params.runs:
        iterations, each = params.resolve(run, "schedule").iterations, costs.iteration(run)
        measured = params.resolve(run, "evaluation").cost()
        sampled = costs.chains(run, params.resolve(run, "generation"), measured)
        row(run, run, sampled, iterations * each, (f"{each:.4f}", str(iterations)))
    for name, one in params.protocols.items():
        measured = params.evaluations[one.evaluation].cost()
        row(name, one.run, costs.chains(one.run, params.generations[one.generation], measured))
    for name, one in params.compositions.items():
        generation = params.generations[one.generation]
        row(name, one.models[0].run, sum(costs.chains(model.run, generation) for model in one.models))
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
        self.params, self.device, self.steps, self.batch = params, device, steps, batch
        self.timed: dict[tuple, float] = {}

    def iteration(self, run: str) -> float:
        """Seconds of a training iteration of `run`."""
        size = self.params.resolve(run, "schedule").batch_size
        return size / self._at_once(size) * self._once(run, (), lambda: self._training(run).step)

    def chains(self, run: str, generation: Generation, others: int = 0) -> float:
        """Seconds of all chains of `generation` for one seed of `run`, and of `others` steps of chains."""
        chains = self._at_once(min(CHUNK, generation.samples))
        tiny = generation.tiny(chains)
        times = getattr(self.params.resolve(run, "objective"), "times", 1)
        key = (generation.kind, chains)
        seconds = self._once(run, key, lambda: _sampling(self._training(run), tiny, times))
        return seconds * (generation.cost(times) + others) / (chains * tiny.chain_steps(times))

    def _at_once(self, number: int) -> int:
        return min(number, self.batch or number)

    def _once(self, run: str, key: tuple, work: Callable[[], Callable[[], object]]) -> float:
        """Seconds of what `work` makes, timed once for runs that train alike but for the iterations."""
        settings = self.params.train_settings(run)
        schedule = settings.schedule.model_copy(update={"iterations": 1})
        shape = self.params.datasets[self.params.runs[run].dataset].sample_shape
        key = (*key, repr(settings._replace(schedule=schedule)), tuple(shape))
        if key not in self.timed:
            self.timed[key] = _seconds(work(), self.steps, self.device)
        return self.timed[key]

    def _training(self, run: str) -> Training:
        """The training of `run` on random data and labels enough for one batch of at most `batch` images."""
        settings = self.params.train_settings(run)
        objective, size = settings.objective, settings.schedule.batch_size
        count = self._at_once(size)
        if hasattr(objective, "kl_samples"):
            share = max(1, objective.kl_samples * count // size)
            objective = objective.model_copy(update={"kl_samples": share})
        schedule = settings.schedule.model_copy(update={"batch_size": count})
        dataset = self.params.datasets[self.params.runs[run].dataset]
        rng, shape = np.random.default_rng(0), (count, *dataset.sample_shape)
        if dataset.form == "vectors":
            rows = rng.standard_normal(shape)
        else:
            rows = rng.integers(0, 2 if dataset.form == "binary" else 256, shape)
        data = torch.from_numpy(rows.astype(np.uint8 if dataset.form == "images" else np.float32))
        labels = None
        if settings.energy.attribute is not None:
            values = dataset.attributes[settings.energy.attribute]
            # Ten where only the data know the names of the values.
            labels = torch.arange(count, device=self.device) % len(values or range(10))
        settings = settings._replace(objective=objective, schedule=schedule)
        return Training(settings, data.to(self.device), 0, labels)


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


def _seconds(work: Callable[[], object], times: int, device: torch.device) -> float:
    """Seconds of one call of `work`: the mean of `times` calls after a warm-up."""

    def timed(calls: int) -> float:
        wait(device)
        start = time.perf_counter()
        for _ in range(calls):
            work()
        wait(device)
        return (time.perf_counter() - start) / calls

    first = timed(1)
    if first < SLOW_SECONDS:
        timed(WARM_UP - 1)
    elif times == 1:
        return first
    return timed(times)
