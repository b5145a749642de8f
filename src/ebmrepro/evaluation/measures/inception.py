"""Samples of all seeds of a run by the metrics of papers, beside the data set's references."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from ebmrepro.data.streams import stream_seed
from ebmrepro.evaluation.inception import scores
from ebmrepro.evaluation.inception.features import Features, Inception
from ebmrepro.evaluation.inception.manifold import manifold
from ebmrepro.evaluation.inception.prepare import Reference, references_from
from ebmrepro.evaluation.samples.diversity import mean_pairwise_distance, nearest, separation
from ebmrepro.evaluation.samples.frechet import moments
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.machine.progress import progress
from ebmrepro.params.evaluations.inception import InceptionEvaluation
from ebmrepro.params.inception import InceptionFeatures

# Images whose pairwise distance is taken: half a million pairs.
PAIRED = 1000


def measure(config: InceptionEvaluation, subject: Subject) -> Measured:
    """`inception_numbers`, `pairwise_distance_ratio`, `separation` of long chains and, if it is asked for,
    the likelihood of test images. Arrays `shown`, the first samples, `nearest_train`, the nearest to each.

    Each network, and each image of the training set, is read once for all seeds.
    """
    settings, samples = subject.dataset.inception, subject.samples
    train, test = (subject.data[part]["x"] for part in ("train", "test"))
    count = sum(measured_count(config, settings, len(images)) for images in samples.values())
    with progress(f"features of {subject.run}", count * len(settings.modes)) as bar:
        numbers = inception_numbers(config, subject, bar.advance)
    ratios = pairwise_distance_ratios(samples, test, config.seed)
    shown = {seed: np.array(images[: config.shown_neighbours]) for seed, images in samples.items()}
    _, index = nearest(np.concatenate(list(shown.values())), train)
    found = {}
    # Every seed has as many samples.
    for (seed, images), near in zip(shown.items(), index.reshape(len(shown), -1), strict=True):
        metrics = numbers[seed] | {"pairwise_distance_ratio": ratios[seed]}
        metrics |= separation(subject.long_chains.get(seed))
        found[seed] = Numbers(metrics, {"shown": images, "nearest_train": np.array(train[near])})
    if path := config.likelihood:
        with progress(f"log Z of {subject.run}", len(samples) * path.chains * (path.temperatures - 1)) as bar:
            for seed, (metrics, _) in found.items():
                generator = torch.Generator(subject.device).manual_seed(stream_seed(seed, "evaluation"))
                energy = subject.energy(seed)
                metrics |= path.load()(energy, test, path, config.seed, generator, bar.advance)
    return Measured(found)


def inception_numbers(
    config: InceptionEvaluation, subject: Subject, advance: Callable[[int], None] = lambda count: None
) -> dict[int, dict[str, float]]:
    """For each seed the numbers of its samples under the names of `feature_numbers`, in every mode.

    Samples are taken in a random order of their seed: those of a conditional model stand with its conditions
    in turn, and every number is of the first so many. `advance` is called with the number of images done.

    Raises WorkspaceError if the network's file is missing or another one, the data set has no reference of a
    mode, or there are fewer samples than are asked for.
    """
    settings, found = subject.dataset.inception, {seed: {} for seed in subject.samples}
    for mode in settings.modes:
        network = Inception(settings, mode, subject.device, subject.threads)
        real = references_from(subject.reference, subject.about, mode)
        for seed, images in subject.samples.items():
            order = random_order(len(images), seed)[: measured_count(config, settings, len(images))]
            made = network.features(images, order, advance)
            found[seed] |= feature_numbers(made, real, config, subject.device)
    return found


def feature_numbers(
    made: Features, references: Mapping[str, Reference], config: InceptionEvaluation, device: torch.device
) -> dict[str, float]:
    """The numbers of samples in random order, by name.

    For each count n of `config`, <mode> being the network's:

        inception_score_<mode>_<n>, inception_score_sd_<mode>_<n>
        fid_<mode>_<reference>_<n>                                     for each reference, by its name

    and for each reference, of as many samples m as it has kept features (or as there are, if fewer):

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


def measured_count(config: InceptionEvaluation, settings: InceptionFeatures, samples: int) -> int:
    """How many of a seed's `samples` go through the network: as many as a number is asked for of."""
    return min(samples, max(settings.kept, *config.counts, 0))


def random_order(count: int, seed: int) -> np.ndarray:
    """The numbers 0..count-1 in the random order in which a seed's samples are measured."""
    return np.random.default_rng(stream_seed(seed, "evaluation", 1)).permutation(count)


def pairwise_distance_ratios(
    samples: Mapping[int, np.ndarray], test: np.ndarray, chosen: int
) -> dict[int, float]:
    """For each seed the mean Euclidean distance between its samples over that between test images.

    Each side has `PAIRED` images (or all, if fewer), uint8 (n, C, H, W); `chosen` draws the test images.
    """

    def spread(images: np.ndarray, index: np.ndarray) -> float:
        return mean_pairwise_distance(images[np.sort(index)] / 255)

    rng = np.random.default_rng(chosen)
    real = spread(test, rng.choice(len(test), min(PAIRED, len(test)), replace=False))
    return {
        seed: spread(images, random_order(len(images), seed)[:PAIRED]) / real
        for seed, images in samples.items()
    }
