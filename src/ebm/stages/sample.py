"""sample: draw from a run's trained models, one set of samples for each seed."""

import torch
from torch import Tensor

from ebm import workspace
from ebm.device import set_up
from ebm.mcmc.generate import CHUNK, generate, total_steps
from ebm.model_file import ModelFile
from ebm.params import Params
from ebm.progress import progress


def run(params: Params, item: str) -> None:
    """Sample from run `item`. Images are stored as uint8, other samples as float32."""
    device = set_up(params.compute)
    config = params.resolve(item, "generation")
    experiment = params.runs[item].experiment

    def place(stage: str):
        return workspace.run_file(params.preset, stage, experiment, item, ".safetensors")

    model = ModelFile(place("train"), device)
    chunks = -(-config.samples // CHUNK)
    tensors = {}
    with progress(f"sample {item}", len(model.seeds) * chunks * total_steps(config)) as bar:
        for seed in model.seeds:
            energy = model.energy(seed, config.weights)
            made = generate(energy, model.shape, config, model.buffer(seed), seed, bar)
            tensors[f"{seed}/samples"] = _stored(made.samples, model.is_image)
            tensors[f"{seed}/strip"] = _stored(made.strip, model.is_image)
    about = {"seeds": model.seeds, "is_image": model.is_image, "steps": total_steps(config)}
    workspace.save_tensors(place("sample"), tensors, about)


def _stored(x: Tensor, is_image: bool):
    return ((x * 256).floor().clamp(0, 255).to(torch.uint8) if is_image else x).cpu().numpy()
