"""Frechet distance between feature sets, computed by clean-fid."""

import numpy as np
from cleanfid.fid import fid_from_feats


def frechet_distance(features: np.ndarray, reference: np.ndarray) -> float:
    """|mu1 - mu2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)) of features (n, d) and (m, d).

    An FID only if the features are Inception's; name the number after the features.
    """
    return float(fid_from_feats(features, reference))
