"""Stage denoise: what the energies make of noisy images."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ebmrepro.files import workspace
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.measured import noise_name
from ebmrepro.params.root import Params
from ebmrepro.params.shown import Shown
from ebmrepro.shown.data import RunLabel
from ebmrepro.shown.loaders import files
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.loaders.members import members


@dataclass(frozen=True)
class Denoised:
    """Denoising at levels of `noise` (of the grey scale 0..1): metrics (`noise_key`) of each run by seed.

    `reference`: metrics by method without a model. `images` (shown, C, H, W), uint8, by run and noise, of the
    run's seed in `shown`, beside the `clean` and the `noisy` ones.
    """

    name: str
    noise: list[float]
    runs: list[Measured]
    reference: Mapping[str, Mapping[str, float]]
    shown: Mapping[str, int] = field(default_factory=dict)
    clean: np.ndarray | None = None
    noisy: Mapping[float, np.ndarray] = field(default_factory=dict)
    images: Mapping[str, Mapping[float, np.ndarray]] = field(default_factory=dict)


def noise_key(metric: str, noise: float) -> str:
    """The key of a denoising metric (psnr, ssim, strength) at a level of noise: denoise_psnr_0_1."""
    return f"denoise_{metric}_{noise_name(noise)}"


def for_figure(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Denoised, str]:
    """The metrics, with the images of each run's first seed."""
    made, content = for_table(params, shown, item, labels)
    path = files.place(params, shown, item, ".safetensors")
    tensors, _ = workspace.load_tensors(path)
    seeds, images, digests = {}, {}, []
    try:
        clean = tensors["clean"]
        noisy = {noise: tensors[f"noisy_{noise_name(noise)}"] for noise in made.noise}
        for label in labels:
            seed = seeds[label.name] = params.seeds_of(label.name)[0]
            arrays = files.of_seed(tensors, f"{label.name}/{seed}", path)
            images[label.name] = {noise: arrays[f"denoised_{noise_name(noise)}"] for noise in made.noise}
            digests.append([files.arrays_sha256(arrays), content["runs"][label.name]["seeds"][str(seed)]])
    except KeyError as missing:
        raise WorkspaceError(f"{path} has no {missing.args[0]}: delete it, then run `snakemake`") from None
    made = replace(made, shown=seeds, clean=clean, noisy=noisy, images=images)
    given = files.arrays_sha256(
        {"clean": clean} | {f"noisy {noise}": array for noise, array in noisy.items()}
    )
    return made, workspace.data_sha256([given, made.noise, made.reference, digests])


def for_table(params: Params, shown: Shown, item: str, labels: list[RunLabel]) -> tuple[Denoised, dict]:
    """The metrics of every run and seed."""
    runs, content = members(params, shown, item, labels)
    return Denoised(item, content["noise"], runs, content["reference"]), content
