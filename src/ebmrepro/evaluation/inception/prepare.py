"""The references of a data set, as `inception` of params.yaml asks for them and as its ruler file keeps them.

    inception/<mode>/<reference>/{mean, covariance, features}

are the tensors; the file's metadata say under inception/<mode>/<reference> what each was computed from.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from ebmrepro.data.learnt import Images, Learnt
from ebmrepro.evaluation.inception.features import Inception
from ebmrepro.evaluation.inception.reference import Origin, Reference, images_sha256, make_reference
from ebmrepro.evaluation.inception.weights import chosen_weights, verified, weights_of
from ebmrepro.evaluation.samples.frechet import Moments
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.machine.progress import progress
from ebmrepro.params.inception import InceptionRuler, Mode

ROOT = "inception"


def check(config: InceptionRuler, sizes: Mapping[str, int]) -> dict:
    """What the manifest says: by mode the SHA-256 of the network's file and whether it is the published one.

    Raises WorkspaceError if a reference asks for more images than its part of the data set has (`sizes` by
    part), or a weights file is missing, incomplete or another one.
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


def learn(config: InceptionRuler, images: Images) -> Learnt:
    """Every reference in every mode. Raises WorkspaceError if a weights file or a count is wrong."""
    tensors, metadata = {}, {}
    pictures = {part: arrays["x"] for part, arrays in images.parts.items()}
    # Once for all modes and references: sets may be larger than memory.
    digests = {part: images_sha256(pictures[part]) for part in {w.split for w in config.references.values()}}
    each = sum(w.count or len(pictures[w.split]) for w in config.references.values())
    with progress(f"prepare {images.name}, features", each * len(config.modes)) as bar:
        for mode in config.modes:
            inception = network(config, mode, images.device)
            for name, wanted in config.references.items():
                reference = make_reference(
                    inception,
                    pictures[wanted.split],
                    wanted.count,
                    config.kept,
                    images.seed,
                    config.batch_size,
                    images.workers,
                    bar.advance,
                    digests[wanted.split],
                )
                key = f"{ROOT}/{mode}/{name}"
                tensors[f"{key}/mean"] = reference.moments.mean
                tensors[f"{key}/covariance"] = reference.moments.covariance
                tensors[f"{key}/features"] = reference.features
                metadata[key] = asdict(reference.origin)
    return Learnt(tensors, metadata)


def network(config: InceptionRuler, mode: Mode, device: torch.device) -> Inception:
    """The network of `mode` on `device`. Raises WorkspaceError if its file is missing or another one."""
    return Inception(Path(config.weights), mode, device, chosen_weights(config, mode))


def references_from(tensors: Mapping[str, np.ndarray], metadata: Mapping, mode: Mode) -> dict[str, Reference]:
    """The references of `mode` by name, from tensors and metadata of a ruler file.

    Raises WorkspaceError if it has none.
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
        raise WorkspaceError(
            f"the data set was prepared without references of mode {mode}: name it in the modes of its"
            " inception, then prepare it again"
        )
    return found
