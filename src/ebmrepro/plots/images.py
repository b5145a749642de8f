"""Images as arrays to show: tiling, and axes without decoration."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from ebmrepro.shown.runs import NothingToShow

GAP = 1
# Between binary images, whose white pixels would run into white gaps; of real-valued ones on the same ground.
GROUND = (158, 202, 225)
GROUND_HEX = "#9ecae1"


def require_images(array: np.ndarray, run: str, what: str) -> None:
    """Raise NothingToShow unless the last three of `array`'s dimensions are an image's, in uint8."""
    if array.dtype != np.uint8 or array.ndim < 4 or array.shape[-3] not in (1, 3):
        raise NothingToShow(f"{what} shows images, and those of run {run} are none")


def tile(images: np.ndarray, columns: int) -> np.ndarray:
    """uint8 images (n, C, H, W) as (height, width, 3), on white or, if all pixels are 0 or 255, on GROUND."""
    ground = GROUND if np.isin(images, (0, 255)).all() else (255, 255, 255)
    colours = np.repeat(images, 3, 1) if images.shape[1] == 1 else images
    return tile_values(colours.transpose(0, 2, 3, 1), columns, ground)


def tile_values(images: np.ndarray, columns: int, ground: float | tuple = np.nan) -> np.ndarray:
    """Arrays (n, H, W, ...) row by row, with `ground` in the gaps of one pixel: (height, width, ...)."""
    count, height, width, *depth = images.shape
    rows = -(-count // columns)
    shape = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, *depth)
    canvas = np.full(shape, ground, images.dtype)
    for index, image in enumerate(images):
        top, left = (index // columns) * (height + GAP), (index % columns) * (width + GAP)
        canvas[top : top + height, left : left + width] = image
    return canvas


def show(axes: Axes, canvas: np.ndarray, title: str, **look) -> AxesImage:
    """Show a canvas pixel by pixel, without axes, its title at the left; `look` as of `Axes.imshow`."""
    image = axes.imshow(canvas, interpolation="nearest", aspect="equal", **look)
    axes.set_title(title, loc="left")
    axes.grid(False)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return image


def label_rows(axes: Axes, labels: list[str], height: int) -> None:
    """Write `labels` beside the rows of a tiled canvas of images `height` pixels high."""
    axes.set_yticks([row * (height + GAP) + (height - 1) / 2 for row in range(len(labels))], labels)
    axes.tick_params(length=0)


def show_chains(axes: Axes, chains: np.ndarray, title: str, steps: list[int]) -> None:
    """Show chains (rows, frames, C, H, W) in uint8, and the steps of at most 12 frames below them."""
    count, width = chains.shape[1], chains.shape[-1]
    show(axes, tile(chains.reshape(-1, *chains.shape[2:]), count), title)
    chosen = np.arange(0, count, -(-count // 12))
    axes.set_xticks(chosen * (width + GAP) + (width - 1) / 2, [str(steps[i]) for i in chosen])
    axes.tick_params(length=0)
