"""prepare: a data set as tensors, the reference its samples are compared with, and a manifest."""

from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from ebmrepro.data.learnt import Images
from ebmrepro.data.prepared import Arrays, Stream
from ebmrepro.files import workspace
from ebmrepro.files.mapped import save_rows
from ebmrepro.files.workspace import map_tensors
from ebmrepro.machine.progress import progress
from ebmrepro.params.root import Params


def run(params: Params, item: str) -> None:
    """Prepare data set `item`."""
    config = params.datasets[item].located(params.folders)
    found = config.load().prepare(config)
    sizes = {name: len(part) for name, part in found.parts.items()}
    reference, metadata, measures = dict(found.reference), {"dataset": item}, dict(found.measures)
    for settings in config.learnt:
        if hasattr(settings.load(), "check"):
            measures |= settings.load().check(settings, sizes)
    found.fetch()
    folder = workspace.prepared(params.preset, item)
    files = {name: folder / f"{name}.safetensors" for name in found.parts}
    for name, part in found.parts.items():
        _write(files[name], item, name, part, config.attributes)
    written = {name: map_tensors(path)[0] for name, path in files.items()}
    if config.learnt:
        # Here, since it imports torch, which other data do without.
        from ebmrepro.machine.device import set_up

        device, values = set_up(params.compute), found.parts["train"].values
        images = Images(item, written, values, config.seed, device, params.compute.threads)
        for settings in config.learnt:
            learnt = settings.load().learn(settings, images)
            reference |= learnt.tensors
            metadata |= learnt.metadata
            measures |= learnt.measures
    workspace.save_tensors(folder / "reference.safetensors", reference, metadata)
    manifest = {
        "dataset": item,
        "kind": config.kind,
        "source": config.implementation,
        "licence": config.licence,
        "shape": list(written["train"]["x"].shape[1:]),
        **{f"{name}_size": len(arrays["x"]) for name, arrays in written.items()},
        **{f"{name}_sha256": workspace.file_sha256(path) for name, path in files.items()},
        "reference": measures,
        **found.facts(),
    }
    workspace.save_json(folder / "manifest.json", manifest)


def _write(path: Path, item: str, name: str, part: Arrays | Stream, attributes: Mapping) -> None:
    """Write the samples (n, ...) of a part and, by attribute, their int64 labels (n,)."""
    if isinstance(part, Arrays):
        workspace.save_tensors(path, {"x": part.x, **part.labels}, {"dataset": item})
        return
    labels = {attribute: array("q") for attribute in attributes}
    # Before the bar: what opens files may show its own.
    samples = iter(part)
    with progress(f"prepare {item}, {name}", len(part)) as bar:

        def rows() -> Iterator[np.ndarray]:
            for sample, numbers in samples:
                for attribute, values in labels.items():
                    values.append(numbers[attribute])
                yield sample
                bar.advance()

        def columns() -> dict[str, np.ndarray]:
            return {name: np.frombuffer(values, dtype=np.int64) for name, values in labels.items()}

        save_rows(path, "x", rows(), columns, {"dataset": item})
