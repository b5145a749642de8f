"""8-bit images in the units of the energies."""

import numpy as np
import torch
from torch import Tensor


def as_unit(images: np.ndarray | Tensor) -> Tensor:
    """uint8 levels v as (v + 1/2) / 256, the middle of what training sees; float32, same shape."""
    return (torch.as_tensor(images).float() + 0.5) / 256
