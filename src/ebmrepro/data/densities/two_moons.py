"""Two interleaved half circles of radius 1.6."""

import numpy as np

from ebmrepro.data.mixtures import Curve, along_curves


def _moon(sign: float) -> Curve:
    def curve(t: np.ndarray) -> np.ndarray:
        x, y = np.cos(np.pi * t), np.sin(np.pi * t)
        return 1.6 * np.stack([sign * (x - 0.5), sign * (y - 0.25)], -1)

    return curve


sample, log_density = along_curves([_moon(1.0), _moon(-1.0)], 0.2, closed=False)
