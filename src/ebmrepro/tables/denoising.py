"""Denoising: what each energy makes of noisy test images, beside the noise itself and a plain filter."""

from ebmrepro.shown.data import as_title, some
from ebmrepro.shown.loaders.denoise import Denoised, noise_key
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import NOTE, Column, numbers_of, seeds_text
from ebmrepro.tables.table import MISSING, Table, format_mean_sd

METRICS = {"psnr": "PSNR (dB) ↑", "ssim": "SSIM ↑"}
# Rows without a model, by their key in the files.
REFERENCES = {"noisy": "noisy images", "gaussian_filter": "Gaussian filter"}


def make(items: list[Denoised]) -> Table:
    """A row for each level of noise and run, the references last; raises NothingToShow if none."""
    some(items, "the experiment has no denoising")
    rows, records = [], []
    for item in items:
        dataset = item.runs[0].run.dataset
        for noise in item.noise:
            columns = [Column(noise_key(key, noise), text, record=key) for key, text in METRICS.items()]
            about = {"denoising": item.name, "noise": noise}
            for member in item.runs:
                cells, record = numbers_of(member, columns)
                rows.append([as_title(dataset), f"{noise:g}", member.run.label, *cells, seeds_text(member)])
                records.append(about | record | _strengths(member, noise))
            for key, label in REFERENCES.items():
                numbers = {column.record: item.reference[key][column.metric] for column in columns}
                cells = [format_mean_sd(value, None) for value in numbers.values()]
                rows.append([as_title(dataset), f"{noise:g}", label, *cells, MISSING])
                means = {f"{name}_mean": value for name, value in numbers.items()}
                width = {"filter_width": item.reference[key].get(noise_key("width", noise))}
                records.append(about | {"dataset": dataset, "run": label} | means | width)
    return Table(["Data", "Noise", "Method", *METRICS.values(), "Seeds"], rows, records)


def note(items: list[Denoised]) -> str:
    """How to read the table."""
    return (
        f"{NOTE}. Noise: standard deviation on the grey scale 0 to 1. The estimate is a posterior mode, found"
        " by gradient descent from the noisy image; how strongly the energy pulls is chosen for each model"
        " and level of noise on training images, and so is the width of the Gaussian filter"
    )


def _strengths(member: Measured, noise: float) -> dict[str, float | None]:
    """What was chosen with each seed, a choice from a list, of which a mean would say nothing."""
    key = noise_key("strength", noise)
    return {f"strength_seed_{seed}": metrics.get(key) for seed, metrics in member.metrics.items()}
