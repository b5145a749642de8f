"""What a preset will cost here: a few real training and sampling steps of every kind of run, timed."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from ebmrepro.energies.conditional import Given
from ebmrepro.machine.device import device_name, set_up
from ebmrepro.mcmc.chunks import CHUNK
from ebmrepro.mcmc.generate import total_steps
from ebmrepro.mcmc.gibbs import gibbs_step
from ebmrepro.mcmc.langevin import langevin_step
from ebmrepro.mcmc.noise import uniform_noise
from ebmrepro.params.compositions import models_of
from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.generations import Generation
from ebmrepro.params.objectives import Objective
from ebmrepro.params.root import Params, TrainSettings
from ebmrepro.params.sampling import Langevin
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
    for run in params.runs:
        schedule, seeds = params.train_settings(run).schedule, len(params.seeds_of(run))
        per_step = costs.iteration(run)
        train = per_step * schedule.iterations * seeds / 3600
        generation, evaluation = params.resolve(run, "generation"), params.resolve(run, "evaluation")
        sample = costs.chains(run, generation, evaluation) * seeds / 3600
        total += train + sample
        table.add_row(
            run, f"{per_step:.4f}", str(schedule.iterations), str(seeds), f"{train:.3f}", f"{sample:.3f}"
        )
    for name, protocol in params.protocols.items():
        seeds = len(params.seeds_of(protocol.run))
        generation, evaluation = (
            params.generations[protocol.generation],
            params.evaluations[protocol.evaluation],
        )
        sample = costs.chains(protocol.run, generation, evaluation) * seeds / 3600
        total += sample
        table.add_row(name, "", "", str(seeds), "", f"{sample:.3f}")
    for name, composition in params.compositions.items():
        models = [model.run for e in composition.expressions.values() for model in models_of(e)]
        seeds = len(params.seeds_of(models[0]))
        generation = params.generations[composition.generation]
        sample = sum(costs.chains(run, generation) for run in models) * seeds / 3600
        total += sample
        table.add_row(name, "", "", str(seeds), "", f"{sample:.3f}")
    Console().print(table)
    single = (
        "datasets",
        "protocols",
        "compositions",
        "outliers",
        "denoisings",
        "comparisons",
        "figures",
        "tables",
    )
    jobs = 3 * len(params.runs) + sum(len(getattr(params, section)) for section in single) + 1
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

    def chains(self, run: str, generation: Generation, evaluation: Evaluation | None = None) -> float:
        """Seconds of all chains of `generation` for one seed of `run`, and of those that estimate its
        likelihood if `evaluation` asks for it."""
        chunk = min(CHUNK, generation.samples)
        chains = min(chunk, self.batch)
        key = (generation.kind, chains, self._kind(run))
        seconds = self._once(
            key, lambda: _sampling_step(self._training(run), generation, chains, self.device)
        )
        steps = _chain_steps(generation, self.params.resolve(run, "objective")) * chunk
        likelihood = getattr(evaluation, "likelihood", None)
        if likelihood is not None:
            # A Metropolis-adjusted step takes one gradient of the energy, as a Langevin step does.
            steps += likelihood.chains * likelihood.temperatures * likelihood.steps
        return seconds * steps / chains

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


def _sampling_step(
    training: Training, generation: Generation, chains: int, device: torch.device
) -> Callable[[], object]:
    """One step of `chains` chains of those that `generation` runs."""
    generator = torch.Generator(device).manual_seed(0)
    energy, data = training.state.model("ema"), training.batches.data
    if generation.kind == "ancestral":
        return partial(energy.sample, chains, generator)
    if generation.kind == "gibbs":
        bits = torch.zeros((chains, *data.shape[1:]), device=device)
        return partial(gibbs_step, energy, bits, generator)
    x = uniform_noise((chains, *data.shape[1:]), generation.start_box, device, generator)
    if generation.kind == "annealed":
        times = training.settings.objective.times
        energy = Given(energy, torch.eye(times, device=device)[:1])
    elif training.conditions is not None:
        energy = Given(energy, training.conditions[torch.arange(chains) % len(data)])
    settings = {key: getattr(generation, key) for key in ("steps", "step_size", "noise", "clamp")}
    return partial(langevin_step, energy, x, Langevin(anneal=False, **settings), generator)


def _chain_steps(generation: Generation, objective: Objective | None = None) -> int:
    """Steps of a chunk of chains, for one seed."""
    chunks = -(-generation.samples // CHUNK)
    if generation.kind == "ancestral":
        return 1
    if generation.kind == "gibbs":
        return chunks * generation.steps
    if generation.kind == "annealed":
        return chunks * objective.times * generation.steps
    long = generation.long_chains
    if long is None:
        return chunks * total_steps(generation)
    share = long.starts * long.chains / min(CHUNK, generation.samples)
    return chunks * total_steps(generation) + round(2 * share * long.rounds * generation.steps)


def _labels(params: Params, run: str, count: int, device: torch.device) -> torch.Tensor | None:
    """Random labels for a conditional energy; an image folder is taken to have ten classes."""
    attribute = params.resolve(run, "energy").attribute
    if attribute is None:
        return None
    values = params.datasets[params.runs[run].dataset].attributes[attribute]
    return torch.arange(count, device=device) % (len(values) if values else 10)


def stand_in(params: Params, run: str) -> torch.Tensor:
    """Random data of the shape and type of a run's data set, enough for one batch."""
    dataset = params.datasets[params.runs[run].dataset]
    count = params.train_settings(run).schedule.batch_size
    rng = np.random.default_rng(0)
    shape = (count, *dataset.sample_shape)
    if dataset.form == "images":
        return torch.from_numpy(rng.integers(0, 256, shape, dtype=np.uint8))
    drawn = rng.integers(0, 2, shape) if dataset.form == "binary" else rng.standard_normal(shape)
    return torch.from_numpy(drawn.astype(np.float32))


def _seconds(work: Callable[[], object], times: int, device: torch.device) -> float:
    """Seconds of one call of `work`: the mean of `times` calls after a warm-up."""
    first = _timed(work, 1, device)
    if first < SLOW_SECONDS:
        _timed(work, WARM_UP - 1, device)
    elif times == 1:
        return first
    return _timed(work, times, device)


def _timed(work: Callable[[], object], times: int, device: torch.device) -> float:
    _wait(device)
    start = time.perf_counter()
    for _ in range(times):
        work()
    _wait(device)
    return (time.perf_counter() - start) / times


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
