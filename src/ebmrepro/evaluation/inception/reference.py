"""What the rulers need of real images: computed once, kept in a file that says what it was computed from."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ebmrepro.evaluation.inception.features import Features, Inception
from ebmrepro.evaluation.samples.frechet import Moments, moments
from ebmrepro.files.workspace import WorkspaceError

# Images whose features are in memory at a time.
BLOCK = 10_000


@dataclass(frozen=True)
class Origin:
    """What a reference was computed from: mode and SHA-256 of the network, SHA-256 of all images that it was
    drawn from, how many were drawn, how many features kept, and the seed of both draws."""

    network: str
    images: str
    count: int
    kept: int
    seed: int


@dataclass(frozen=True)
class Reference:
    """Moments of the features of real images, where they are from, and the features (kept, 2048) float32 of
    some of them in random order."""

    moments: Moments
    features: np.ndarray
    origin: Origin


def images_sha256(images: np.ndarray) -> str:
    """SHA-256 of uint8 images (n, C, H, W): of their shape and their levels in order."""
    digest = hashlib.sha256(repr(tuple(images.shape)).encode())
    for start in range(0, len(images), BLOCK):
        digest.update(np.ascontiguousarray(images[start : start + BLOCK]))
    return digest.hexdigest()


def make_reference(
    network: Inception,
    images: np.ndarray,
    count: int | None = None,
    kept: int = 10_000,
    seed: int = 0,
    batch_size: int = 64,
    workers: int = 1,
    advance: Callable[[int], None] = lambda count: None,
    sha256: str | None = None,
) -> Reference:
    """The reference of `count` of the uint8 images (n, C, H, W), drawn without replacement; all if None.

    The features of `kept` of these, drawn again, serve KID and the neighbours. `images` may be memory-mapped
    and larger than memory; `sha256` is their `images_sha256` where it is known, else they are read for it.
    Raises WorkspaceError if `count` is more than there are.
    """
    count = len(images) if count is None else count
    if not 1 <= count <= len(images):
        raise WorkspaceError(f"a reference of {count} images cannot be drawn from {len(images)}: draw fewer")
    origin = Origin(network.network, sha256 or images_sha256(images), count, min(kept, count), seed)
    generator = np.random.default_rng(seed)
    # Sorted: a memory-mapped file is then read from one end to the other.
    index = np.sort(generator.choice(len(images), count, replace=False))
    keep = np.sort(generator.choice(count, origin.kept, replace=False))
    features: list[np.ndarray] = []

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, count, BLOCK):
            chosen = index[start : start + BLOCK]
            pool = network.features(images, batch_size, workers, chosen, advance).pool
            features.append(pool[keep[(keep >= start) & (keep < start + len(chosen))] - start])
            yield pool

    found = moments(blocks())
    # In random order again: data sets are often sorted by class, and rulers take the first so many.
    return Reference(found, np.concatenate(features)[generator.permutation(origin.kept)], origin)


def refuse_foreign(made: Features, reference: Reference) -> None:
    """Raise WorkspaceError if features and reference were not computed by one network in one mode."""
    if made.network != reference.origin.network:
        raise WorkspaceError(
            f"samples were measured by {made.network}, the reference by {reference.origin.network}:"
            " compute both with the same weights and mode"
        )
