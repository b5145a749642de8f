"""sample: draw from a run's trained models, one set of samples for each seed."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ebm import workspace
from ebm.data.streams import stream_seed
from ebm.device import set_up
from ebm.energies.conditional import Given
from ebm.mcmc.generate import CHUNK, generate, total_steps
from ebm.mcmc.long_chains import frame_steps, long_chains
from ebm.model_file import ModelFile
from ebm.params import Params
from ebm.progress import progress


def run(params: Params, item: str) -> None:
    """Sample from run `item`. Images are stored as uint8, other samples as float32.

    A conditional model is sampled at every value of its attribute, equally often.
    """
    device = set_up(params.compute)
    config = params.resolve(item, "generation")
    experiment = params.runs[item].experiment

    def place(stage: str, suffix: str = ".safetensors"):
        return workspace.run_file(params.preset, stage, experiment, item, suffix)

    model = ModelFile(place("train"), device)
    outcomes = workspace.load_json(place("train", ".json"))["seeds"]
    chunks = -(-config.samples // CHUNK)
    long = config.long_chains
    steps = chunks * total_steps(config) + (2 * long.rounds * config.steps if long else 0)
    condition = None
    if model.classes is not None:
        values = torch.arange(config.samples, device=device) % model.classes
        condition = one_hot(values, model.classes).float()
    tensors = {}
    with progress(f"sample {item}", len(model.seeds) * steps) as bar:
        for seed in model.seeds:
            energy = model.energy(seed, config.weights)
            made = generate(energy, model.shape, config, model.buffer(seed), seed, bar, condition)
            tensors[f"{seed}/samples"] = _stored(made.samples, model.is_image)
            tensors[f"{seed}/strip"] = _stored(made.strip, model.is_image)
            if long is None:
                continue
            starts = made.samples[: long.starts]
            given = energy
            if condition is not None:
                given = Given(energy, condition[: long.starts].repeat_interleave(long.chains, 0))
            for number, name in enumerate(("without", "with")):
                stream = stream_seed(seed, "long_chains", number)
                generator = torch.Generator(device).manual_seed(stream)
                frames = long_chains(given, starts, config, generator, bar, name == "with")
                tensors[f"{seed}/long_{name}"] = _stored(frames, model.is_image)
    about = {
        "seeds": model.seeds,
        "is_image": model.is_image,
        "steps": total_steps(config),
        "long_steps": frame_steps(config) if long else [],
        "outcomes": outcomes,
    }
    workspace.save_tensors(place("sample"), tensors, about)


def _stored(x: Tensor, is_image: bool):
    return ((x * 256).floor().clamp(0, 255).to(torch.uint8) if is_image else x).cpu().numpy()
