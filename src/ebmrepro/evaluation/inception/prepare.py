"""What metrics need of real images: references, computed once as `inception` of params.yaml asks for them.

    inception/<mode>/<reference>/{mean, covariance, features}

are their tensors in the reference file; its metadata tell, under inception/<mode>/<reference>, their origin.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ebmrepro.data.learnt import Images, Learnt
from ebmrepro.evaluation.inception.features import Inception
from ebmrepro.evaluation.inception.weights import chosen_weights, verified, weights_of
from ebmrepro.evaluation.samples.frechet import Moments, moments
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.machine.progress import progress
from ebmrepro.params.inception import InceptionFeatures, Mode

# Images whose features are in memory at a time.
BLOCK = 10_000


class Origin(NamedTuple):
    """What a reference was computed from: mode and SHA-256 of the network, SHA-256 of all images that it was
    drawn from, how many were drawn, how many features kept, and the seed of both draws."""

    network: str
    images: str
    count: int
    kept: int
    seed: int


class Reference(NamedTuple):
    """Moments of the features of real images, and the features (kept, 2048) float32 of some of them in random
    order, which serve KID and the neighbours."""

    moments: Moments
    features: np.ndarray
    origin: Origin


def check(config: InceptionFeatures, sizes: Mapping[str, int]) -> dict:
    """What the manifest says: by mode the SHA-256 of the network's file and whether it is the published one.

    Raises WorkspaceError if a reference asks for more images than its part of the data set has (`sizes`), or
    a weights file is missing, incomplete or another one.
    """
    for name, wanted in config.references.items():
        if wanted.count is not None and wanted.count > sizes[wanted.split]:
            raise WorkspaceError(
                f"the reference {name} asks for {wanted.count} {wanted.split} images, the data set has"
                f" {sizes[wanted.split]}: lower its count"
            )
    found = {}
    for mode in config.modes:
        entry = chosen_weights(config, mode)
        verified(entry, Path(config.weights))
        found[mode] = {"sha256": entry.sha256, "published": entry == weights_of(mode)}
    return {"inception": found}


def learn(config: InceptionFeatures, images: Images) -> Learnt:
    """Every reference in every mode. Raises WorkspaceError if a weights file or a count is wrong."""
    tensors, metadata = {}, {}
    pictures = {part: arrays["x"] for part, arrays in images.parts.items()}
    counts = {name: w.count or len(pictures[w.split]) for name, w in config.references.items()}
    # Once for all modes and references: sets may be larger than memory.
    digests = {part: images_sha256(pictures[part]) for part in {w.split for w in config.references.values()}}
    with progress(f"prepare {images.name}, features", sum(counts.values()) * len(config.modes)) as bar:
        for mode in config.modes:
            network = Inception(config, mode, images.device, images.workers)
            for name, count in counts.items():
                part = config.references[name].split
                origin = Origin(network.network, digests[part], count, min(config.kept, count), images.seed)
                found, features, _ = make_reference(network, pictures[part], origin, bar.advance)
                arrays = {"mean": found.mean, "covariance": found.covariance, "features": features}
                key = f"inception/{mode}/{name}"
                tensors |= {f"{key}/{array}": value for array, value in arrays.items()}
                metadata[key] = origin._asdict()
    return Learnt(tensors, metadata)


def images_sha256(images: np.ndarray) -> str:
    """SHA-256 of uint8 images (n, C, H, W): of their shape and their levels in order."""
    digest = hashlib.sha256(repr(tuple(images.shape)).encode())
    for start in range(0, len(images), BLOCK):
        digest.update(np.ascontiguousarray(images[start : start + BLOCK]))
    return digest.hexdigest()


def make_reference(
    network: Inception, images: np.ndarray, origin: Origin, advance: Callable[[int], None]
) -> Reference:
    """The reference of uint8 images (n, C, H, W), drawn without replacement as `origin` says.

    `images` may be memory-mapped and larger than memory. Raises WorkspaceError if there are too few.
    """
    count = origin.count
    if not 1 <= count <= len(images):
        raise WorkspaceError(f"a reference of {count} images cannot be drawn from {len(images)}: draw fewer")
    generator = np.random.default_rng(origin.seed)
    # Sorted: a memory-mapped file is then read from one end to the other.
    index = np.sort(generator.choice(len(images), count, replace=False))
    keep = np.sort(generator.choice(count, origin.kept, replace=False))
    features = []

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, count, BLOCK):
            chosen = index[start : start + BLOCK]
            pool = network.features(images, chosen, advance).pool
            features.append(pool[keep[(keep >= start) & (keep < start + len(chosen))] - start])
            yield pool

    found = moments(blocks())
    # In random order again: data sets are often sorted by class, and metrics take the first so many.
    return Reference(found, np.concatenate(features)[generator.permutation(origin.kept)], origin)


def references_from(tensors: Mapping[str, np.ndarray], metadata: Mapping, mode: Mode) -> dict[str, Reference]:
    """The references of `mode` by name, from a reference file; WorkspaceError if it has none."""
    prefix, found = f"inception/{mode}/", {}
    for key, facts in metadata.items():
        if key.startswith(prefix):
            origin = Origin(**facts)
            of_all = Moments(tensors[f"{key}/mean"], tensors[f"{key}/covariance"], origin.count)
            # A map of a file is read-only, which torch warns of.
            features = np.array(tensors[f"{key}/features"])
            found[key.removeprefix(prefix)] = Reference(of_all, features, origin)
    if not found:
        raise WorkspaceError(
            f"the data set was prepared without references of mode {mode}: name it in the modes of its"
            " inception, then prepare it again"
        )
    return found
