"""prepare, for FID and its like: features of a data set's own images, from the files it has just written."""

from collections.abc import Mapping

import numpy as np

from ebmrepro.evaluation.inception import prepared
from ebmrepro.files import workspace
from ebmrepro.files.mapped import map_tensors
from ebmrepro.machine.device import set_up
from ebmrepro.machine.progress import progress
from ebmrepro.params.inception import InceptionRuler
from ebmrepro.params.root import Params


def check(config: InceptionRuler, sizes: Mapping[str, int]) -> dict:
    """What the manifest says of the networks.

    Raises RulerError, before any work, if a reference asks for more images than there are (`sizes` by part)
    or a weights file is missing or wrong.
    """
    prepared.check_counts(config, sizes)
    return {"inception": prepared.check_weights(config)}


def references(params: Params, item: str) -> tuple[dict[str, np.ndarray], dict[str, dict]]:
    """Tensors and metadata of the references of data set `item`, whose images are mapped, not loaded."""
    config, folder = params.datasets[item], workspace.prepared(params.preset, item)
    device = set_up(params.compute)
    images = {part: map_tensors(folder / f"{part}.safetensors")[0]["x"] for part in ("train", "test")}
    wanted = config.inception.references.values()
    each = sum(len(images[one.split]) if one.count is None else one.count for one in wanted)
    with progress(f"prepare {item}, features", each * len(config.inception.modes)) as bar:
        return prepared.make_references(
            config.inception, images, config.seed, device, params.compute.threads, bar.advance
        )
