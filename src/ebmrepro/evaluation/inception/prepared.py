"""The references of a data set as `inception` of params.yaml asks for them and as its ruler file keeps them.

    inception/<mode>/<reference>/{mean, covariance, features}

are the tensors; the file's metadata say under inception/<mode>/<reference> what each was computed from.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from ebmrepro.evaluation.errors import RulerError
from ebmrepro.evaluation.inception.features import Inception
from ebmrepro.evaluation.inception.reference import Origin, Reference, images_sha256, make_reference
from ebmrepro.evaluation.inception.weights import Mode, Weights, chosen_weights, verified, weights_of
from ebmrepro.evaluation.samples.frechet import Moments
from ebmrepro.params.inception import InceptionRuler

ROOT = "inception"


def weights_for(config: InceptionRuler, mode: Mode) -> Weights:
    """The published file of `mode`, or the one that `config` names in its place by a SHA-256."""
    return chosen_weights(mode, config.sha256.get(mode))


def network(config: InceptionRuler, mode: Mode, device: torch.device) -> Inception:
    """The network of `mode` on `device`. Raises RulerError if its file is missing or another one."""
    return Inception(Path(config.weights), mode, device, weights_for(config, mode))


def check_weights(config: InceptionRuler) -> dict[str, dict]:
    """By mode the SHA-256 of the network's file and whether it is the published one.

    Raises RulerError if a file is missing, incomplete or another one.
    """
    entries = {mode: weights_for(config, mode) for mode in config.modes}
    for entry in entries.values():
        verified(entry, Path(config.weights))
    return {
        mode: {"sha256": entry.sha256, "published": entry == weights_of(mode)}
        for mode, entry in entries.items()
    }


def check_counts(config: InceptionRuler, sizes: Mapping[str, int]) -> None:
    """RulerError if a reference asks for more images than its part of the data set has: `sizes` by part."""
    for name, wanted in config.references.items():
        if wanted.count is not None and wanted.count > sizes[wanted.split]:
            raise RulerError(
                f"the reference {name} asks for {wanted.count} {wanted.split} images, the data set has"
                f" {sizes[wanted.split]}: lower its count"
            )


def make_references(
    config: InceptionRuler,
    images: Mapping[str, np.ndarray],
    seed: int,
    device: torch.device,
    workers: int = 1,
    advance: Callable[[int], None] = lambda count: None,
) -> tuple[dict[str, np.ndarray], dict[str, dict]]:
    """Tensors and metadata of every reference in every mode, drawn from `images` by part with `seed`.

    The uint8 images (n, C, H, W) may be memory-mapped. `advance` is called with the number of images done.
    Raises RulerError if a weights file or a count is wrong.
    """
    tensors, metadata = {}, {}
    # Once for all modes and references: sets may be larger than memory.
    digests = {part: images_sha256(images[part]) for part in {w.split for w in config.references.values()}}
    for mode in config.modes:
        inception = network(config, mode, device)
        for name, wanted in config.references.items():
            part, key = images[wanted.split], f"{ROOT}/{mode}/{name}"
            reference = make_reference(
                inception,
                part,
                wanted.count,
                config.kept,
                seed,
                config.batch_size,
                workers,
                advance,
                digests[wanted.split],
            )
            tensors[f"{key}/mean"] = reference.moments.mean
            tensors[f"{key}/covariance"] = reference.moments.covariance
            tensors[f"{key}/features"] = reference.features
            metadata[key] = asdict(reference.origin)
    return tensors, metadata


def references_from(tensors: Mapping[str, np.ndarray], metadata: Mapping, mode: Mode) -> dict[str, Reference]:
    """The references of `mode` by name, from tensors and metadata of a ruler file.

    Raises RulerError if it has none.
    """
    prefix, found = f"{ROOT}/{mode}/", {}
    for key in metadata:
        if key.startswith(prefix):
            origin = Origin(**metadata[key])
            moments = Moments(tensors[f"{key}/mean"], tensors[f"{key}/covariance"], origin.count)
            # A map of a file is read-only, which torch warns of.
            features = np.array(tensors[f"{key}/features"])
            found[key.removeprefix(prefix)] = Reference(moments, features, origin)
    if not found:
        raise RulerError(
            f"the data set was prepared without references of mode {mode}: name it in the modes of its"
            " inception, then prepare it again"
        )
    return found
