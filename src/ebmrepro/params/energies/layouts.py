"""The residual networks of the ICD paper as data: one line of blocks for each network.

Read in the authors' code (models.py). `block` is B(f), a residual block; `down` is B(f) followed by halving
at the same width, `widen` by halving to twice the width; `attention` is self-attention. Every network begins
with a 3x3 convolution to the stem's width and ends in swish, global mean and one linear unit. `half` and
`quarter` see the image at half and quarter resolution; attention is in the full-resolution network alone.

`celeba64` is `celeba128` with one halving less in each network: the authors released 128 pixels only, and
64-pixel images would leave its attention a 2x2 map. `small` is ours, for the demo's 8x8 and 16x16 images.
"""

from collections.abc import Iterator
from typing import NamedTuple


class Network(NamedTuple):
    """`stem`: width of the first convolution in units of f; `blocks`: what follows, in order."""

    stem: float
    blocks: tuple[str, ...]


SCALES = ("full", "half", "quarter")

LAYOUTS: dict[str, tuple[Network, ...]] = {
    "cifar": (
        Network(1, ("block", "down", "block", "widen", "attention", "block", "widen", "block", "widen")),
        Network(1, ("block", "down", "block", "widen", "block", "widen")),
        Network(1, ("block", "down", "block", "widen")),
    ),
    "celeba128": (
        Network(0.5, ("widen", "down", "down", "widen", "block", "widen", "attention", "block", "widen")),
        Network(1, ("down", "down", "down", "widen", "block", "widen")),
        Network(1, ("down", "down", "down", "widen")),
    ),
    "celeba64": (
        Network(0.5, ("widen", "down", "widen", "block", "widen", "attention", "block", "widen")),
        Network(1, ("down", "down", "widen", "block", "widen")),
        Network(1, ("down", "down", "widen")),
    ),
    "mnist": (Network(1, ("widen", "widen", "widen")),),
    "small": (
        Network(1, ("block", "widen", "attention", "block", "widen")),
        Network(1, ("block", "widen")),
        Network(1, ("widen",)),
    ),
}
# Fewer positions than this and attention has nothing to attend to.
LEAST_ATTENTION_SIDE = 3


def _halved(side: int) -> int:
    """The side of a map after average pooling 3x3, stride 2, padding 1."""
    return (side + 1) // 2


def without_room(config, shape: tuple[int, ...]) -> Iterator[str]:
    """What of a residual energy (its settings `config`) is left without room on images of `shape`."""
    height, width = shape[1:]
    pixels = f"{height}-pixel" if height == width else f"{height}x{width}-pixel"
    gives = f"layout {config.layout} gives {pixels} images"
    for scale, network in zip(SCALES, LAYOUTS[config.layout][: config.scales], strict=False):
        h, w = height, width
        for block in network.blocks:
            if block == "attention":
                if config.attention and min(h, w) < LEAST_ATTENTION_SIDE:
                    few = f"{gives} a {h}x{w} map to attend to: too few pixels"
                    yield f"{few}; write attention: false or take a layout with fewer halvings"
            elif config.normalise and h * w == 1:
                one = f"{gives} a 1x1 map in the network of {scale} resolution, whose norm would erase it"
                yield f"{one}: fewer scales, or normalise: false"
                break
            if block in ("down", "widen"):
                h, w = _halved(h), _halved(w)
        height, width = _halved(height), _halved(width)
