"""Every number of a set of samples from one pass of features, each under a name that cannot be mistaken."""

from collections.abc import Mapping

import numpy as np
import torch

from ebmrepro.evaluation.inception import scores
from ebmrepro.evaluation.inception.features import Features
from ebmrepro.evaluation.inception.manifold import manifold
from ebmrepro.evaluation.inception.prepare import Reference
from ebmrepro.evaluation.samples.frechet import moments
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.evaluations.inception import InceptionEvaluation


def measure(
    made: Features, references: Mapping[str, Reference], config: InceptionEvaluation, device: torch.device
) -> dict[str, float]:
    """The numbers of samples in random order, by name.

    For each count n of `config`, <mode> being the network's:

        inception_score_<mode>_<n>, inception_score_sd_<mode>_<n>
        fid_<mode>_<reference>_<n>                                     for each reference, by its name

    and for each reference, of as many samples m as it has kept features (or as there are, if fewer), since
    these depend on both numbers:

        kid_<mode>_<reference>_<m>, kid_sd_..., precision_..., recall_..., density_..., coverage_...

    Raises WorkspaceError if there are fewer samples than a count, too few for a metric, or a reference of
    another network.
    """
    for reference in references.values():
        if made.network != reference.origin.network:
            raise WorkspaceError(
                f"samples were measured by {made.network}, the reference by {reference.origin.network}:"
                " compute both with the same weights and mode"
            )
    mode, drawn, found = made.network.split()[0], len(made.pool), {}
    for count in config.counts:
        if count > drawn:
            raise WorkspaceError(
                f"numbers of {count} samples cannot be measured on {drawn}: draw more or ask for fewer"
            )
        score, spread = scores.inception_score(made.probabilities[:count], config.splits)
        found |= {f"inception_score_{mode}_{count}": score, f"inception_score_sd_{mode}_{count}": spread}
        of_count = moments([made.pool[:count]])
        for name, reference in references.items():
            distance = scores.frechet_inception_distance(of_count, reference.moments)
            found[f"fid_{mode}_{name}_{count}"] = distance
    for name, reference in references.items():
        compared = min(drawn, len(reference.features))
        pool, real = made.pool[:compared], reference.features[:compared]
        rng, subsets = np.random.default_rng(config.seed), (config.subsets, config.subset_size)
        kid, spread = scores.kernel_inception_distance(pool, real, rng, device, *subsets)
        shape = manifold(pool, real, device, config.neighbours, config.density_neighbours)
        numbers = {"kid": kid, "kid_sd": spread, **shape}
        found |= {f"{metric}_{mode}_{name}_{compared}": value for metric, value in numbers.items()}
    return found
