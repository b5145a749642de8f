"""Stage denoise: what the energies make of noisy images."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ebmrepro.params.measured import noise_name
from ebmrepro.shown.load import Source, arrays_sha256
from ebmrepro.shown.loaders.evaluate import Measured, first_seeds, members


class Denoised(NamedTuple):
    """Denoising at levels of `noise` (of the grey scale 0..1): metrics (`noise_key`) of each run by seed.

    `reference`: metrics by method without a model. `images` (shown, C, H, W), uint8, by run and noise, of the
    run's seed in `shown`, beside the `clean` and the `noisy` ones.
    """

    name: str
    noise: list[float]
    runs: list[Measured]
    reference: Mapping[str, Mapping[str, float]]
    shown: Mapping[str, int] = {}
    clean: np.ndarray | None = None
    noisy: Mapping[float, np.ndarray] = {}
    images: Mapping[str, Mapping[float, np.ndarray]] = {}


def noise_key(metric: str, noise: float) -> str:
    """The key of a denoising metric (psnr, ssim, strength) at a level of noise: denoise_psnr_0_1."""
    return f"denoise_{metric}_{noise_name(noise)}"


def for_figure(source: Source) -> tuple[Denoised, list]:
    """The metrics, with the images of each run's first seed."""
    made, (tensors, _) = for_table(source), source.tensors
    names = {noise: noise_name(noise) for noise in made.noise}
    clean = tensors["clean"]
    noisy = {noise: tensors[f"noisy_{name}"] for noise, name in names.items()}
    seeds, arrays, about = first_seeds(source)
    images = {
        run: {noise: own[f"denoised_{name}"] for noise, name in names.items()} for run, own in arrays.items()
    }
    given = arrays_sha256({"clean": clean} | {f"noisy {noise}": array for noise, array in noisy.items()})
    made = made._replace(shown=seeds, clean=clean, noisy=noisy, images=images)
    return made, [given, made.noise, made.reference, about]


def for_table(source: Source) -> Denoised:
    """The metrics of every run and seed."""
    content = source.content
    return Denoised(source.item, content["noise"], members(source), content["reference"])
