"""Samples of all seeds of a run by the rulers of papers, beside the data set's references."""

from collections.abc import Callable, Mapping

import numpy as np
import torch

from ebmrepro.data.streams import stream_seed
from ebmrepro.evaluation.inception import measure as rulers
from ebmrepro.evaluation.inception.prepare import network, references_from
from ebmrepro.evaluation.samples.diversity import mean_pairwise_distance, nearest
from ebmrepro.evaluation.samples.long_chains import separation
from ebmrepro.evaluation.subject import Measured, Numbers, Subject
from ebmrepro.machine.progress import progress
from ebmrepro.params.evaluations.inception import InceptionEvaluation
from ebmrepro.params.inception import InceptionRuler

# Images whose pairwise distance is taken: half a million pairs.
PAIRED = 1000
# Values of images in float64 that are compared at once: 128 MB.
BLOCK = 2**24


def measure(config: InceptionEvaluation, subject: Subject) -> Measured:
    """`inception_numbers`, `pairwise_distance_ratio`, `separation` of long chains and, if it is asked for,
    the likelihood of test images.

    Each network, and each image of the training set, is read once for all seeds. Arrays `shown`, the first
    samples, and `nearest_train`, the training image nearest to each.
    """
    ruler, samples = subject.dataset.inception, subject.samples
    train, test = (subject.data[part]["x"] for part in ("train", "test"))
    count = sum(measured_count(config, ruler, len(images)) for images in samples.values())
    with progress(f"features of {subject.run}", count * len(ruler.modes)) as bar:
        references = (subject.ruler, subject.about)
        numbers = inception_numbers(
            config, ruler, references, samples, subject.device, subject.threads, bar.advance
        )
    ratios = pairwise_distance_ratios(samples, test, config.seed)
    shown = {seed: np.array(images[: config.shown_neighbours]) for seed, images in samples.items()}
    _, index = nearest_images(np.concatenate(list(shown.values())), train)
    parts = np.split(index, np.cumsum([len(images) for images in shown.values()])[:-1])
    found = {}
    for (seed, images), near in zip(shown.items(), parts, strict=True):
        metrics = numbers[seed] | {"pairwise_distance_ratio": ratios[seed]}
        metrics |= separation(subject.long_chains.get(seed))
        found[seed] = Numbers(metrics, {"shown": images, "nearest_train": np.array(train[near])})
    if path := config.likelihood:
        with progress(f"log Z of {subject.run}", len(samples) * path.chains * (path.temperatures - 1)) as bar:
            for seed in samples:
                generator = torch.Generator(subject.device).manual_seed(stream_seed(seed, "evaluation"))
                energy = subject.energy(seed)
                found[seed].metrics.update(
                    path.load()(energy, test, path, config.seed, generator, bar.advance)
                )
    return Measured(found)


def inception_numbers(
    config: InceptionEvaluation,
    ruler: InceptionRuler,
    references: tuple[Mapping[str, np.ndarray], Mapping],
    samples: Mapping[int, np.ndarray],
    device: torch.device,
    workers: int = 1,
    advance: Callable[[int], None] = lambda count: None,
) -> dict[int, dict[str, float]]:
    """For each seed the numbers of its samples (n, C, H, W), uint8, under `measure`'s names, in every mode.

    `references`: tensors and metadata of the data set's ruler. Samples are taken in a random order of their
    seed: those of a conditional model stand with its conditions in turn, and every number is of the first so
    many. `samples` may be memory-mapped; `advance` is called with the number of images done, `measured_count`
    for each mode and seed.

    Raises WorkspaceError if the network's file is missing or another one, the data set has no reference of a
    mode, or there are fewer samples than are asked for.
    """
    found: dict[int, dict[str, float]] = {seed: {} for seed in samples}
    for mode in ruler.modes:
        inception = network(ruler, mode, device)
        real = references_from(*references, mode)
        for seed, images in samples.items():
            order = random_order(len(images), seed)[: measured_count(config, ruler, len(images))]
            made = inception.features(images, ruler.batch_size, workers, order, advance)
            found[seed] |= rulers.measure(made, real, config, device)
    return found


def measured_count(config: InceptionEvaluation, ruler: InceptionRuler, samples: int) -> int:
    """How many of a seed's `samples` go through the network: as many as a number is asked for of."""
    return min(samples, max(ruler.kept, *config.counts, 0))


def random_order(count: int, seed: int) -> np.ndarray:
    """The numbers 0..count-1 in the random order in which a seed's samples are measured."""
    return np.random.default_rng(stream_seed(seed, "evaluation", 1)).permutation(count)


def pairwise_distance_ratios(
    samples: Mapping[int, np.ndarray], test: np.ndarray, chosen: int
) -> dict[int, float]:
    """For each seed the mean Euclidean distance between its samples over that between test images.

    Of `PAIRED` images of either side (or all, if fewer), uint8 (n, C, H, W); test images drawn with `chosen`,
    alike for every seed, samples in `random_order`.
    """
    rng = np.random.default_rng(chosen)
    index = np.sort(rng.choice(len(test), min(PAIRED, len(test)), replace=False))
    real = mean_pairwise_distance(test[index] / 255)
    found = {}
    for seed, images in samples.items():
        index = np.sort(random_order(len(images), seed)[:PAIRED])
        found[seed] = mean_pairwise_distance(images[index] / 255) / real
    return found


def nearest_images(points: np.ndarray, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distances (n,) of grey levels 0..1 from `points` (n, C, H, W) to their nearest `images`
    (m, C, H, W), and the indices (n,) of these; both uint8, `images` memory-mapped or not.

    One block of `images` is in memory at a time; of equally near ones the first is named.
    """
    block = max(1, BLOCK // points[0].size)
    distances, index = np.full(len(points), np.inf), np.zeros(len(points), np.int64)
    scaled = points / 255
    for start in range(0, len(images), block):
        near, where = nearest(scaled, images[start : start + block] / 255)
        closer = near < distances
        distances[closer], index[closer] = near[closer], start + where[closer]
    return distances, index
