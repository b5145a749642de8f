"""The rulers that papers measure images with: FID, Inception Score, KID, and neighbours in feature space.

All are computed from one pass of images through Inception-2015: `features.Inception` reads a weights file
that `weights.verified` has checked, `reference` keeps what is needed of real images, and `measure` turns
features into numbers whose names say resize, reference and number of samples.
"""
