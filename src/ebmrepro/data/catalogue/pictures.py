"""Encoded images (JPEG, PNG, WebP) decoded, cropped and scaled to squares of 8-bit pixels."""

import io

import numpy as np
from PIL import Image

from ebmrepro.params.catalogue import Preparation

# Field standard for faces: the 140 x 140 pixels in the middle of CelebA's 178 x 218.
FACE = 140


class CorruptImage(Exception):
    """The bytes are no whole image; the message says what the decoder said."""


def decode(encoded: bytes, size: int, channels: int, preparation: Preparation | None) -> np.ndarray:
    """Pixels of an encoded image, uint8 of shape (channels, size, size) in 0..255.

    `channels` is 1 (luma) or 3 (RGB). Without `preparation` the image must have the size already. Raises
    CorruptImage if the bytes cannot be decoded to their end, or the image is too small for the crop.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as opened:
            image = opened.convert("L" if channels == 1 else "RGB")
    except Exception as failure:
        # Damage makes Pillow's decoders raise anything: SyntaxError, struct.error, a decompression bomb.
        raise CorruptImage(str(failure) or type(failure).__name__) from None
    if preparation is not None:
        image = _prepare(image, size, preparation)
    if image.size != (size, size):
        raise CorruptImage(f"it has {image.width} x {image.height} pixels, {size} x {size} are needed")
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def _prepare(image: Image.Image, size: int, preparation: Preparation) -> Image.Image:
    width, height = image.size
    if preparation.crop == "top_left":
        if min(width, height) < size:
            raise CorruptImage(f"it has {width} x {height} pixels, too few for a corner of {size} x {size}")
        return image.crop((0, 0, size, size))
    if preparation.crop != "whole":
        side = FACE if preparation.crop == "centre_140" else min(width, height)
        if min(width, height) < side:
            raise CorruptImage(f"it has {width} x {height} pixels, too few for {side} x {side} in its middle")
        left, top = (width - side) // 2, (height - side) // 2
        image = image.crop((left, top, left + side, top + side))
    if image.size == (size, size):
        return image
    # Pillow's filters widen with the reduction (they average), which is called antialiasing elsewhere.
    return image.resize((size, size), Image.Resampling[preparation.resample.upper()])
