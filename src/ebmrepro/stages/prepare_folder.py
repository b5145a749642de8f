"""prepare, for a folder of images: decoded one by one into files of tensors, measured from these files."""

from collections.abc import Iterator

import numpy as np

from ebmrepro.data import image_folder
from ebmrepro.files import workspace
from ebmrepro.files.mapped import map_tensors, save_rows
from ebmrepro.machine.progress import progress
from ebmrepro.params.root import Params
from ebmrepro.stages.prepare import LICENCES, image_ruler


def run(params: Params, item: str) -> None:
    """Prepare data set `item`, a folder of images."""
    config = params.datasets[item]
    parts = image_folder.parts(config)
    measures = {}
    if config.inception is not None:
        from ebmrepro.stages import prepare_inception

        sizes = {name: len(part) for name, part in parts.items()}
        measures = prepare_inception.check(config.inception, sizes)
    folder = workspace.prepared(params.preset, item)
    files = {name: folder / f"{name}.safetensors" for name in parts}
    for name, part in parts.items():
        _write(files[name], item, part)
    written = {name: map_tensors(path)[0] for name, path in files.items()}
    ruler, accuracy = image_ruler(params, item, written)
    origins = {}
    if config.inception is not None:
        tensors, origins = prepare_inception.references(params, item)
        ruler |= tensors
    workspace.save_tensors(folder / "ruler.safetensors", ruler, {"dataset": item} | origins)
    manifest = {
        "dataset": item,
        "kind": config.kind,
        "source": config.source,
        "licence": LICENCES[config.kind],
        "corrupt": {name: part.corrupt for name, part in parts.items()},
        "shape": list(written["train"]["x"].shape[1:]),
        **{f"{name}_size": len(arrays["x"]) for name, arrays in written.items()},
        **{f"{name}_sha256": workspace.file_sha256(path) for name, path in files.items()},
        "ruler": accuracy | measures,
    }
    workspace.save_json(folder / "manifest.json", manifest)


def _write(path, item: str, part: image_folder.Part) -> None:
    """Write the images (n, C, size, size) uint8 and labels (n,) int64 of a part, one image in memory."""
    labels: list[int] = []
    with progress(f"prepare {item}, {part.name}", len(part)) as bar:

        def rows() -> Iterator[np.ndarray]:
            for pixels, label in part:
                labels.append(label)
                yield pixels
                bar.advance()

        def columns() -> dict[str, np.ndarray]:
            return {"label": np.array(labels, dtype=np.int64)}

        save_rows(path, "x", rows(), columns, {"dataset": item})
