"""sample: draw from a run's trained models, one set of samples for each seed."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ebmrepro.data.batches import quantise
from ebmrepro.data.streams import stream_seed
from ebmrepro.energies.conditional import Given
from ebmrepro.files import workspace
from ebmrepro.machine.device import set_up
from ebmrepro.machine.progress import Progress, progress
from ebmrepro.mcmc.ancestral import ancestral_generate
from ebmrepro.mcmc.annealed import annealed_generate
from ebmrepro.mcmc.chunks import CHUNK, Generated
from ebmrepro.mcmc.generate import generate, total_steps
from ebmrepro.mcmc.gibbs_generate import gibbs_generate
from ebmrepro.mcmc.long_chains import frame_steps, long_chains
from ebmrepro.params.datasets import BINARY
from ebmrepro.params.generations import Generation
from ebmrepro.params.root import Params
from ebmrepro.training.model_file import ModelFile


def run(params: Params, item: str) -> None:
    """Sample from run `item`. Images are stored as uint8, other samples as float32.

    A conditional model is sampled at every value of its attribute, equally often. Binary vectors are stored
    as images too, (n, 1, side, side) of 0 and 255.
    """
    tensors, about = draw(params, item, params.resolve(item, "generation"))
    place = workspace.run_file(params.preset, "sample", params.runs[item].experiment, item, ".safetensors")
    workspace.save_tensors(place, tensors, about)


def draw(params: Params, run: str, config: Generation) -> tuple[dict[str, np.ndarray], dict]:
    """Samples of every seed of `run` as `config` says: tensors by name, and what describes them."""
    device = set_up(params.compute)
    dataset = params.datasets[params.runs[run].dataset].kind
    model_path = workspace.run_file(params.preset, "train", params.runs[run].experiment, run, ".safetensors")
    model = ModelFile(model_path, device)
    outcomes = workspace.load_json(model_path.with_suffix(".json"))["seeds"]
    chunks, steps = -(-config.samples // CHUNK), _steps(config, model)
    long = getattr(config, "long_chains", None)
    work = chunks * steps + (2 * long.rounds * config.steps if long else 0)
    condition = None
    if model.classes is not None:
        values = torch.arange(config.samples, device=device) % model.classes
        condition = one_hot(values, model.classes).float()

    def stored(x: Tensor):
        return _stored(x, model.is_image, dataset in BINARY)

    tensors = {}
    with progress(f"sample {run}", len(model.seeds) * work) as bar:
        for seed in model.seeds:
            made = _generate(config, model, seed, condition, bar)
            tensors[f"{seed}/samples"] = stored(made.samples)
            tensors[f"{seed}/strip"] = stored(made.strip)
            if long is None:
                continue
            energy, starts = model.energy(seed, config.weights), made.samples[: long.starts]
            if condition is not None:
                energy = Given(energy, condition[: long.starts].repeat_interleave(long.chains, 0))
            for number, name in enumerate(("without", "with")):
                stream = stream_seed(seed, "long_chains", number)
                generator = torch.Generator(device).manual_seed(stream)
                frames = long_chains(energy, starts, config, generator, bar, name == "with")
                tensors[f"{seed}/long_{name}"] = stored(frames)
    about = {
        "seeds": model.seeds,
        "is_image": model.is_image,
        "chain": config.kind,
        "steps": steps,
        "long_steps": frame_steps(config) if long else [],
        "outcomes": outcomes,
    }
    return tensors, about


def _steps(config: Generation, model: ModelFile) -> int:
    """Steps of the chain behind each sample; of independent samples one."""
    if config.kind == "langevin":
        return total_steps(config)
    if config.kind == "annealed":
        return model.times * config.steps
    return config.steps if config.kind == "gibbs" else 1


def _generate(
    config: Generation, model: ModelFile, seed: int, condition: Tensor | None, bar: Progress
) -> Generated:
    if config.kind == "annealed":
        energy = model.conditional_energy(seed, config.weights)
        return annealed_generate(energy, model.shape, config, model.diffusion, seed, bar)
    energy = model.energy(seed, config.weights)
    if config.kind == "gibbs":
        return gibbs_generate(energy, config, seed, bar)
    if config.kind == "ancestral":
        bar.advance()
        return ancestral_generate(energy, config, seed)
    return generate(energy, model.shape, config, model.buffer(seed), seed, bar, condition)


def _stored(x: Tensor, is_image: bool, is_binary: bool):
    if is_binary:
        side = math.isqrt(x.shape[-1])
        return (255 * x).to(torch.uint8).unflatten(-1, (1, side, side)).cpu().numpy()
    return (quantise(x) if is_image else x).cpu().numpy()
