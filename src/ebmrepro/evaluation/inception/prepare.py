"""For FID and its like: features of a data set's own images."""

from collections.abc import Mapping

from ebmrepro.data.learnt import Images, Learnt
from ebmrepro.evaluation.inception import prepared
from ebmrepro.machine.progress import progress
from ebmrepro.params.inception import InceptionRuler


def check(config: InceptionRuler, sizes: Mapping[str, int]) -> dict:
    """What the manifest says of the networks.

    Raises RulerError if a reference asks for more images than there are or a weights file is missing or
    wrong.
    """
    prepared.check_counts(config, sizes)
    return {"inception": prepared.check_weights(config)}


def learn(config: InceptionRuler, images: Images) -> Learnt:
    """The references that `config` asks for."""
    pictures = {part: arrays["x"] for part, arrays in images.parts.items()}
    each = sum(
        len(pictures[wanted.split]) if wanted.count is None else wanted.count
        for wanted in config.references.values()
    )
    with progress(f"prepare {images.name}, features", each * len(config.modes)) as bar:
        return Learnt(
            *prepared.make_references(
                config, pictures, images.seed, images.device, images.workers, bar.advance
            )
        )
