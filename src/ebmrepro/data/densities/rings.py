"""Two rings of radius 1 and 2.5."""

from ebmrepro.data.mixtures import along_curves, circle

sample, log_density = along_curves([circle(1.0), circle(2.5)], 0.2, closed=True)
