"""sample: draw from a run's trained models, one set of samples for each seed."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ebmrepro.data.batches import quantise
from ebmrepro.files import workspace
from ebmrepro.machine.device import set_up
from ebmrepro.machine.progress import progress
from ebmrepro.mcmc.chunks import CHUNK, Target
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
    device, entry = set_up(params.compute), params.runs[run]
    path = workspace.run_file(params.preset, "train", entry.experiment, run, ".safetensors")
    model = ModelFile(path, device)
    outcomes = workspace.load_json(path.with_suffix(".json"))["seeds"]
    steps, long_steps = config.chain_steps(model.times or 1), config.long_steps()
    chunks = -(-config.samples // CHUNK)
    # Long chains run twice, with augmentation and without.
    work = chunks * steps + 2 * max(long_steps, default=0)
    condition = None
    if model.classes is not None:
        values = torch.arange(config.samples, device=device) % model.classes
        condition = one_hot(values, model.classes).float()

    tensors = {}
    with progress(f"sample {run}", len(model.seeds) * work) as bar:
        for seed in model.seeds:
            target = Target(
                energy=model.energy(seed, config.weights),
                shape=model.shape,
                seed=seed,
                progress=bar,
                condition=condition,
                over_time=model.conditional_energy(seed, config.weights) if model.times else None,
                diffusion=model.diffusion,
                first_level=model.marginals[0] if model.times else (1.0, 0.0),
                buffer=model.buffer(seed),
            )
            made = config.load()(config, target)
            for name, x in {"samples": made.samples, "strip": made.strip, **made.others}.items():
                tensors[f"{seed}/{name}"] = _stored(x, params.datasets[entry.dataset].form)
    about = {
        "seeds": model.seeds,
        "is_image": model.is_image,
        "chain": config.kind,
        "steps": steps,
        "long_steps": long_steps,
        "outcomes": outcomes,
    }
    return tensors, about


def _stored(x: Tensor, form: str) -> np.ndarray:
    if form == "binary":
        side = math.isqrt(x.shape[-1])
        return (255 * x).to(torch.uint8).unflatten(-1, (1, side, side)).cpu().numpy()
    return (quantise(x) if form == "images" else x).cpu().numpy()
