"""Noisy test images and what each energy makes of them."""

import numpy as np

from ebmrepro.plots import style
from ebmrepro.plots.images import label_rows, require_images, show, tile
from ebmrepro.shown.loaders.denoise import Denoised, noise_key
from ebmrepro.shown.runs import as_title, ended, some
from ebmrepro.tables.table import MISSING

MOST = 12
HOW = (
    "First seed; the first test images. Noise: standard deviation on the grey scale 0 to 1. Beside each row"
    " the PSNR over all test images that were denoised, with the seed that is shown"
)


def draw(items: list[Denoised]) -> style.Drawing:
    """A block for each level of noise: clean, noisy, each run's images; NothingToShow if there are none."""
    blocks = [(item, noise) for item in items for noise in item.noise]
    some(blocks, "the experiment has no denoising")
    across = min(2, len(blocks))
    lines = -(-len(blocks) // across)
    most = max(len(item.runs) for item in items) + 2
    count = max(len(item.clean[:MOST]) for item in items)
    side = min(0.42, (style.TEXT / across - 1.1) / count)
    made, grid = style.grid(len(blocks), across, style.TEXT, [0.3 + max(side, 0.27) * most] * lines)
    for axes, (item, noise) in zip(grid, blocks, strict=True):
        require_images(item.clean, item.name, "denoised")
        key = noise_key("psnr", noise)
        rows = [item.clean[:MOST], item.noisy[noise][:MOST]]
        labels = ["clean", _label("noisy", item.reference["noisy"].get(key))]
        for member in item.runs:
            name, seed = member.run.name, item.shown[member.run.name]
            rows.append(item.images[name][noise][:MOST])
            words = member.run.label + ended(member.outcomes[seed])
            labels.append(_label(words, member.metrics[seed].get(key)))
        show(axes, tile(np.concatenate(rows), len(rows[0])), f"{as_title(item.name)}: noise {noise:g}")
        label_rows(axes, labels, item.clean.shape[-2])
    return made, HOW


def _label(words: str, psnr: float | None) -> str:
    return f"{words}\n{MISSING if psnr is None else f'{psnr:.1f} dB'}"
