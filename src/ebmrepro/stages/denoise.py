"""denoise: remove noise from test images with the energies of an experiment's models."""

import math

import numpy as np
from torch import Tensor

from ebmrepro.data.batches import quantise
from ebmrepro.data.streams import stream_seed
from ebmrepro.evaluation import denoising
from ebmrepro.evaluation.denoising import peak_signal_to_noise, structural_similarity
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors
from ebmrepro.machine.device import set_up
from ebmrepro.params.measured import noise_name
from ebmrepro.params.root import Params
from ebmrepro.training.model_file import trained_models


def run(params: Params, item: str) -> None:
    """Denoise the same noisy images with every run of the experiment, a Gaussian and a Wiener filter."""
    device = set_up(params.compute)
    config = params.denoisings[item]
    folder = workspace.prepared(params.preset, config.dataset)
    # Mapped: the data may be larger than memory.
    data = {part: map_tensors(folder / f"{part}.safetensors")[0]["x"] for part in ("train", "test")}
    images = {part: np.array(x[: config.images]) for part, x in data.items()}
    wiener = denoising.wiener_filter(data["train"])
    tensors: dict[str, np.ndarray] = {"clean": images["test"][: config.shown]}
    reference, levels = {"noisy": {}, "gaussian_filter": {}, "wiener_filter": {}}, {}
    # Temperatures and the filter's width are chosen on training images.
    for number, sigma in enumerate(config.noise):
        train, test = (
            denoising.add_noise(images[part], sigma, stream_seed(0, "denoising", 2 * number + half), device)
            for half, part in enumerate(("train", "test"))
        )
        word = noise_name(sigma)
        levels[word] = (sigma, train, test)
        width = denoising.choose_width(train)
        reference["noisy"] |= _quality(word, test.noisy, test.clean)
        reference["gaussian_filter"] |= _quality(word, denoising.filtered(test.noisy, width), test.clean)
        reference["gaussian_filter"][f"denoise_width_{word}"] = width
        reference["wiener_filter"] |= _quality(word, wiener(test.noisy, sigma), test.clean)
        tensors[f"noisy_{word}"] = quantise(test.noisy[: config.shown]).cpu().numpy()

    runs = {}
    for name, model, outcomes in trained_models(params, config.experiment, device):
        seeds = {}
        for seed in model.seeds:
            energy = model.energy(seed, config.weights)
            metrics, ends = {}, {}
            for word, (sigma, train, test) in levels.items():
                choice = denoising.choose_strength(energy, train, sigma, config.strengths, config.steps)
                # A diverged model may have no finite energy: recorded as null, its images stay noisy.
                found, b, ends[word] = choice or (math.nan, math.nan, None)
                metrics[f"denoise_strength_{word}"] = found
                metrics[f"denoise_inverse_temperature_{word}"] = b
                modes = denoising.posterior_mode(energy, test.noisy, sigma, b, config.steps)
                quality = _quality(word, modes, test.clean)
                metrics |= quality if choice else dict.fromkeys(quality, math.nan)
                tensors[f"{name}/{seed}/denoised_{word}"] = quantise(modes[: config.shown]).cpu().numpy()
            metrics = workspace.finite_or_null(metrics)
            seeds[str(seed)] = {"metrics": metrics, "strength_at_end": ends, **outcomes[str(seed)]}
        runs[name] = {"objective": model.objective, "seeds": seeds}
    result = {
        "denoising": item,
        "experiment": config.experiment,
        "dataset": config.dataset,
        "noise": config.noise,
        "runs": runs,
        "reference": reference,
    }
    where = params.preset, "denoise", config.experiment, item
    workspace.save_result(*where, result, tensors, {"noise": config.noise})


def _quality(word: str, images: Tensor, clean: Tensor) -> dict[str, float]:
    return {
        f"denoise_psnr_{word}": peak_signal_to_noise(images, clean),
        f"denoise_ssim_{word}": structural_similarity(images, clean),
    }
