"""prepare, for a set of the catalogue: fetched, verified, read image by image into files of tensors."""

from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ebmrepro.data.catalogue.checksums import digest_of
from ebmrepro.data.catalogue.fetch import Fetched, fetch
from ebmrepro.data.catalogue.images import Images, open_images
from ebmrepro.files import workspace
from ebmrepro.files.mapped import map_tensors, save_rows
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.machine.progress import progress
from ebmrepro.params.catalogue import Entry
from ebmrepro.params.datasets.catalogue import CatalogueData
from ebmrepro.params.root import Params

PARTS = ("train", "test")


class Part(NamedTuple):
    """What was written: how many images, which could not be decoded, the values of each attribute."""

    size: int
    corrupt: list[str]
    attributes: dict[str, tuple[str, ...]]


def run(params: Params, item: str) -> None:
    """Prepare data set `item` of the catalogue."""
    config = params.datasets[item]
    entry, splits = config.published, {part: getattr(config, part) for part in PARTS}
    measures, ruler, metadata = {}, {}, {}
    if config.inception is not None:
        from ebmrepro.stages import prepare_inception

        asked = {part: getattr(config, f"{part}_limit") or entry.counts[splits[part]] for part in PARTS}
        measures = prepare_inception.check(config.inception, asked)
    fetched = fetch(entry, Path(config.folder), splits.values())
    folder = workspace.prepared(params.preset, item)
    written = {part: _write(folder / f"{part}.safetensors", config, item, part, fetched) for part in PARTS}
    if config.classifier is not None:
        # Before the references, which take longer and cannot fail any more.
        ruler, accuracies = _classifiers(params, item, written["train"].attributes)
        measures |= accuracies
    if config.inception is not None:
        references, metadata = prepare_inception.references(params, item)
        ruler |= references
    workspace.save_tensors(folder / "ruler.safetensors", ruler, {"dataset": item} | metadata)
    manifest = {
        "dataset": item,
        "kind": config.kind,
        "source": config.source,
        **{key: getattr(entry, key) for key in ("title", "variant", "page", "licence", "citation")},
        "entry": config.entry,
        "preparation": _preparation(entry, config),
        "files": {name: _file(found) for name, found in fetched.items()},
        "splits": splits,
        "counts": {part: entry.counts[split] for part, split in splits.items()},
        "corrupt": {part: written[part].corrupt for part in PARTS},
        "attributes": {name: list(values) for name, values in written["train"].attributes.items()},
        "shape": [entry.channels, config.size, config.size],
        "ruler": measures,
    }
    for part in PARTS:
        manifest[f"{part}_size"] = written[part].size
        manifest[f"{part}_sha256"] = workspace.file_sha256(folder / f"{part}.safetensors")
    workspace.save_json(folder / "manifest.json", manifest)


def _write(path: Path, config: CatalogueData, item: str, part: str, fetched: Mapping[str, Fetched]) -> Part:
    """Write the images (n, C, size, size) uint8 and the labels (n,) int64 of a part, one image in memory."""
    entry, split = config.published, getattr(config, part)
    paths = {name: found.path for name, found in fetched.items()}
    only = _drawn(config, part, entry.counts[split])
    images = open_images(entry, paths, split, config.size, config.preparation, config.corrupt, only)
    _check_attributes(entry, images)
    labels = {name: array("q") for name in images.attributes}
    with progress(f"prepare {item}, {part}", images.asked) as bar:

        def rows() -> Iterator[np.ndarray]:
            for sample in images:
                for name, values in labels.items():
                    values.append(sample.labels[name])
                yield sample.pixels
                bar.advance()

        def columns() -> dict[str, np.ndarray]:
            return {name: np.frombuffer(values, dtype=np.int64) for name, values in labels.items()}

        size = save_rows(path, "x", rows(), columns, {"dataset": item})
    return Part(size, images.corrupt, images.attributes)


def _classifiers(params: Params, item: str, values: Mapping[str, tuple[str, ...]]) -> tuple[dict, dict]:
    """Tensors of a classifier for each attribute that the data set asks for, learnt from its training images,
    and how well each knows the test images. Neither part is ever whole in memory.

    Raises WorkspaceError if one is below the minimum accuracy, or if the test images cannot tell.
    """
    from ebmrepro.evaluation.classifiers.ruler import accuracy, train_ruler
    from ebmrepro.machine.device import set_up

    config, folder = params.datasets[item], workspace.prepared(params.preset, item)
    asked, least = config.classifier.attributes, config.classifier.minimum_accuracy
    train, test = (map_tensors(folder / f"{part}.safetensors")[0] for part in PARTS)
    for name in asked if least else ():
        unseen = [value for number, value in enumerate(values[name]) if number not in test[name]]
        if unseen:
            raise WorkspaceError(
                f"{item}: no test image shows {_few(unseen)} of {name}, so that minimum_accuracy cannot be"
                f" judged: take more test images or take {name} out of the classifier's attributes"
            )
    labels, classes = {name: train[name] for name in asked}, {name: len(values[name]) for name in asked}
    with progress(f"prepare {item}, classifiers", len(asked) * config.classifier.epochs) as bar:
        device = set_up(params.compute)
        model = train_ruler(train["x"], labels, config.classifier, config.seed, device, classes, bar.advance)
    measures = {}
    for name, predicted in model.predict(test["x"]).items():
        found = accuracy(predicted, test[name])
        if found.balanced < least:
            raise WorkspaceError(
                f"{item}: the classifier of {name} reaches a balanced accuracy of {found.balanced:.4f} on"
                f" test images, below minimum_accuracy {least} (it is right on {found.overall:.4f} of them,"
                f" and always saying the commonest value would be on {found.commonest:.4f}): it is no ruler;"
                " train it longer or wider"
            )
        measures[f"classifier_test_accuracy_{name}"] = found.overall
        measures[f"classifier_balanced_accuracy_{name}"] = found.balanced
        measures[f"classifier_commonest_share_{name}"] = found.commonest
    return model.tensors(), measures


def _drawn(config: CatalogueData, part: str, count: int) -> frozenset[int] | None:
    """Positions within the split of the images of a part; None for all."""
    limit = getattr(config, f"{part}_limit")
    if limit is None:
        return None
    rng = np.random.default_rng([config.seed, 4, PARTS.index(part)])
    return frozenset(rng.choice(count, limit, replace=False).tolist())


def _check_attributes(entry: Entry, images: Images) -> None:
    """WorkspaceError unless the files label the images as the catalogue says: its numbers decide results."""
    found, told = images.attributes, entry.attributes
    if found.keys() != told.keys():
        raise WorkspaceError(
            f"{entry.name}: its files label the images with {_few(found)}, the catalogue says {_few(told)}:"
            " correct its attributes there or get the files again"
        )
    for name, values in told.items():
        if values is not None and values != found[name]:
            raise WorkspaceError(
                f"{entry.name}: the values of {name} are {_few(found[name])} in its files, the catalogue says"
                f" {_few(values)}: correct its attributes there or get the files again"
            )


def _few(names) -> str:
    """Names in a sentence, not all of a thousand."""
    names = list(names)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "") or "nothing"


def _preparation(entry: Entry, config: CatalogueData) -> dict | None:
    """How pictures became squares and who does it so; None where the publisher's are squares."""
    name = config.preparation or next(iter(entry.preparations), None)
    return None if name is None else {"name": name, **entry.preparations[name].model_dump()}


def _file(found: Fetched) -> dict:
    if found.checksum is not None:
        return {"checksum": found.checksum, "in_catalogue": True}
    return {"checksum": f"sha256:{digest_of(found.path)}", "in_catalogue": False}
