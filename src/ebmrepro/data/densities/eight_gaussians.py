"""Eight normal clusters on a circle of radius 2.5."""

import numpy as np

from ebmrepro.data.mixtures import circle, gaussian_mixture

sample, log_density = gaussian_mixture(circle(2.5)(np.arange(8) / 8), np.full(8, 1 / 8), 0.25)
