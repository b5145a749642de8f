"""Published sets: fetched, verified, and read image by image."""

from pathlib import Path

import numpy as np

from ebmrepro.data.catalogue.fetch import Fetched, digest_of, fetch
from ebmrepro.data.catalogue.images import Images
from ebmrepro.data.prepared import Prepared
from ebmrepro.params.datasets.catalogue import CatalogueData


def prepare(config: CatalogueData) -> Prepared:
    """The splits of the set; its files are got by `fetch`, which raises WorkspaceError if that fails."""
    entry, fetched, paths = config.published, {}, {}
    splits = {"train": config.train, "test": config.test}
    limits = {"train": config.train_limit, "test": config.test_limit}
    parts = {}
    for number, (name, split) in enumerate(splits.items()):
        drawn = None
        if limits[name] is not None:
            rng = np.random.default_rng([config.seed, 4, number])
            drawn = frozenset(rng.choice(entry.counts[split], limits[name], replace=False).tolist())
        parts[name] = Images(entry, paths, split, config.size, config.preparation, config.corrupt, drawn)

    def get() -> None:
        fetched.update(fetch(entry, Path(config.folder), splits.values()))
        paths.update({name: found.path for name, found in fetched.items()})

    def facts() -> dict:
        # How pictures became squares and who does it so; None where the publisher's are squares.
        preparation = parts["train"].preparation
        told = preparation and {"name": preparation, **entry.preparations[preparation].model_dump()}
        return {
            **{key: getattr(entry, key) for key in ("title", "variant", "page", "citation")},
            "source": config.catalogue or "the project's catalogue",
            "entry": config.entry,
            "preparation": told,
            "files": {name: _file(found) for name, found in fetched.items()},
            "splits": splits,
            "counts": {name: entry.counts[split] for name, split in splits.items()},
            "corrupt": {name: part.corrupt for name, part in parts.items()},
            "attributes": {name: list(values) for name, values in parts["train"].values.items()},
        }

    return Prepared(parts, fetch=get, facts=facts)


def _file(found: Fetched) -> dict:
    if found.checksum is not None:
        return {"checksum": found.checksum, "in_catalogue": True}
    return {"checksum": f"sha256:{digest_of(found.path)}", "in_catalogue": False}
