"""Denoising: what each energy makes of noisy test images, beside the noise itself and two plain filters."""

from ebmrepro.shown.loaders.denoise import Denoised, noise_key
from ebmrepro.shown.runs import as_title, some
from ebmrepro.tables.rows import NOTE, Column, add_reference, add_run
from ebmrepro.tables.table import Made, Table

METRICS = {"psnr": "PSNR (dB) ↑", "ssim": "SSIM ↑"}
# Rows without a model, by their key in the files.
REFERENCES = {
    "noisy": "noisy images",
    "gaussian_filter": "Gaussian filter",
    "wiener_filter": "Wiener filter",
}
HOW = (
    f"{NOTE}. Noise: standard deviation on the grey scale 0 to 1. The estimate is a posterior mode, found by"
    " gradient descent from the noisy image; how strongly the energy pulls is chosen for each model and level"
    " of noise on training images, and so is the width of the Gaussian filter. The Wiener filter is the best"
    " linear estimate for the mean and covariance of the training images and the true level of noise"
)


def make(items: list[Denoised]) -> Made:
    """A row for each level of noise and run, the references last; raises NothingToShow if there is none."""
    table = Table(["Data", "Noise", "Method", *METRICS.values(), "Seeds"])
    for item in some(items, "the experiment has no denoising"):
        dataset = item.runs[0].run.dataset
        for noise in item.noise:
            columns = [Column(noise_key(key, noise), text, record=key) for key, text in METRICS.items()]
            own, strength = {"denoising": item.name, "noise": noise}, noise_key("strength", noise)
            for member in item.runs:
                add_run(table, member, columns, [f"{noise:g}", member.run.label], own)
                # What was chosen with each seed, a choice from a list, of which a mean would say nothing.
                for seed, metrics in member.metrics.items():
                    table.records[-1][f"strength_seed_{seed}"] = metrics.get(strength)
            for key, label in REFERENCES.items():
                numbers = item.reference[key]
                about = own | {"dataset": dataset, "run": label}
                add_reference(table, columns, [as_title(dataset), f"{noise:g}", label], numbers, about)
                table.records[-1]["filter_width"] = numbers.get(noise_key("width", noise))
    return table, HOW
