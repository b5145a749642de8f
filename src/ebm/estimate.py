"""What a preset will cost here: a few real training steps of every run, timed."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from ebm.device import device_name, set_up
from ebm.energies.conditional import Given
from ebm.mcmc.chunks import CHUNK
from ebm.mcmc.generate import total_steps
from ebm.mcmc.gibbs import gibbs_step
from ebm.mcmc.langevin import langevin_step
from ebm.mcmc.noise import uniform_noise
from ebm.params import Params
from ebm.params.combinations import SIDES
from ebm.params.compositions import models_of
from ebm.params.datasets import BINARY, attributes_of
from ebm.params.energies import TIME
from ebm.params.objectives import Objective
from ebm.params.sampling import Generation, Langevin
from ebm.training.loop import Training

WARM_UP = 3


def estimate(params: Params, steps: int) -> None:
    """Time `steps` training iterations and sampling steps of each run after a warm-up and print hours.

    Runs on random data of the right shape: needs no prepared data.
    """
    device = set_up(params.compute)
    table = Table("run", "s / iteration", "iterations", "seeds", "train h", "sample h")
    total, per_chain_step = 0.0, {}
    for run in params.runs:
        settings, seeds = params.train_settings(run), len(params.seeds_of(run))
        data = stand_in(params, run).to(device)
        training = Training(settings, data, 0, _labels(params, run, len(data), device))
        per_step = _seconds(training.step, steps, device)
        train = per_step * settings.schedule.iterations * seeds / 3600

        generation = params.resolve(run, "generation")
        per_chain_step[run] = _seconds(_sampling_step(training, generation, device), steps, device)
        sample = per_chain_step[run] * _chain_steps(generation, settings.objective) * seeds / 3600
        total += train + sample
        table.add_row(
            run,
            f"{per_step:.4f}",
            str(settings.schedule.iterations),
            str(seeds),
            f"{train:.3f}",
            f"{sample:.3f}",
        )
    for name, composition in params.compositions.items():
        models = [model.run for e in composition.expressions.values() for model in models_of(e)]
        each = _chain_steps(params.generations[composition.generation]) * len(params.seeds) / 3600
        sample = each * sum(per_chain_step[run] for run in models)
        total += sample
        table.add_row(name, "", "", str(len(params.seeds)), "", f"{sample:.3f}")
    Console().print(table)
    single = (
        params.datasets,
        params.compositions,
        params.outliers,
        params.denoisings,
        params.comparisons,
        params.figures,
        params.tables,
    )
    jobs = 3 * len(params.runs) + sum(map(len, single)) + 1
    print(
        f"{params.preset}: {total:.2f} h of computing on {device_name(device)}, one job after the other, "
        f"and the start-up of {jobs} jobs"
    )


def _sampling_step(training: Training, generation: Generation, device: torch.device) -> Callable[[], object]:
    """One step of a chunk of the chains that `generation` runs."""
    generator = torch.Generator(device).manual_seed(0)
    energy, data = training.state.model("ema"), training.batches.data
    chains = min(CHUNK, generation.samples)
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
    attribute = getattr(params.resolve(run, "energy"), "condition", None)
    if attribute in (None, TIME):
        return None
    values = attributes_of(params.datasets[params.runs[run].dataset])[attribute]
    return torch.arange(count, device=device) % (len(values) if values else 10)


def stand_in(params: Params, run: str) -> torch.Tensor:
    """Random data of the shape and type of a run's data set, enough for one batch."""
    dataset = params.datasets[params.runs[run].dataset]
    count = params.train_settings(run).schedule.batch_size
    rng = np.random.default_rng(0)
    if dataset.kind in ("gaussian", "density"):
        dim = dataset.dim if dataset.kind == "gaussian" else 2
        return torch.from_numpy(rng.standard_normal((count, dim)).astype(np.float32))
    if dataset.kind in BINARY:
        pixels = SIDES[dataset.kind] ** 2 if dataset.kind in SIDES else dataset.side**2
        return torch.from_numpy(rng.integers(0, 2, (count, pixels)).astype(np.float32))
    embedded = {"digits": (1, 8, 8), "shapes": (3, 16, 16)}
    shape = embedded.get(dataset.kind) or (dataset.channels, dataset.size, dataset.size)
    return torch.from_numpy(rng.integers(0, 256, (count, *shape), dtype=np.uint8))


def _seconds(work: Callable[[], object], times: int, device: torch.device) -> float:
    for _ in range(WARM_UP):
        work()
    _wait(device)
    start = time.perf_counter()
    for _ in range(times):
        work()
    _wait(device)
    return (time.perf_counter() - start) / times


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
