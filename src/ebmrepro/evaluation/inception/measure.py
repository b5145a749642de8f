"""Every number of a set of samples from one pass of features, each under a name that cannot be mistaken."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import torch

from ebmrepro.evaluation.inception.features import Features
from ebmrepro.evaluation.inception.fid import frechet_inception_distance
from ebmrepro.evaluation.inception.inception_score import inception_score
from ebmrepro.evaluation.inception.kid import kernel_inception_distance
from ebmrepro.evaluation.inception.manifold import manifold
from ebmrepro.evaluation.inception.reference import Reference, refuse_foreign
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

    Raises WorkspaceError if there are fewer samples than a count, too few for a ruler, or a reference of
    another network.
    """
    for reference in references.values():
        refuse_foreign(made, reference)
    mode, found = made.network.split()[0], {}
    for count in config.counts:
        if count > len(made):
            raise WorkspaceError(
                f"numbers of {count} samples cannot be measured on {len(made)}: draw more or ask for fewer"
            )
        score, spread = inception_score(made.probabilities[:count], config.splits)
        found[f"inception_score_{mode}_{count}"] = score
        found[f"inception_score_sd_{mode}_{count}"] = spread
        drawn = moments([made.pool[:count]])
        for name, reference in references.items():
            distance = frechet_inception_distance(drawn, reference.moments)
            found[f"fid_{mode}_{name}_{count}"] = distance
    for name, reference in references.items():
        compared = min(len(made), len(reference.features))
        pool, real = made.pool[:compared], reference.features[:compared]
        numbers = _compared(pool, real, config, device)
        found |= {f"{ruler}_{mode}_{name}_{compared}": value for ruler, value in numbers.items()}
    return found


def _compared(
    made: np.ndarray, real: np.ndarray, config: InceptionEvaluation, device: torch.device
) -> dict[str, float]:
    generator = np.random.default_rng(config.seed)
    distance, spread = kernel_inception_distance(
        made, real, generator, device, config.subsets, config.subset_size
    )
    shape = manifold(made, real, device, config.neighbours, config.density_neighbours)
    return {"kid": distance, "kid_sd": spread, **asdict(shape)}
