"""Data sets of the catalogue that ask for what it does not have, and why."""

from collections.abc import Iterator

from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.catalogue import catalogue_at, find_entry
from ebmrepro.params.root import Params
from ebmrepro.params.words import Problem, no_such


def of_datasets(params: Params) -> Iterator[Problem]:
    """Entries, splits, sizes, preparations and attributes that the catalogue does not have."""
    for name, dataset in params.datasets.items():
        here = ("datasets", name)
        if dataset.kind == "catalogue":
            yield from _of_catalogue(here, dataset)


def _of_catalogue(here: tuple, dataset) -> Iterator[Problem]:
    try:
        catalogue = catalogue_at(dataset.catalogue)
    except WorkspaceError as failure:
        yield (*here, "catalogue"), str(failure)
        return
    if dataset.entry not in catalogue:
        yield (*here, "entry"), no_such("data set", dataset.entry, catalogue)
        return
    entry = find_entry(dataset.entry, catalogue)
    if dataset.size not in entry.sizes:
        known = " or ".join(map(str, entry.sizes))
        yield (*here, "size"), f"{entry.title} is read with {known} pixels a side, not {dataset.size}"
    if dataset.preparation is not None and dataset.preparation not in entry.preparations:
        reason = no_such("preparation", dataset.preparation, entry.preparations)
        yield (*here, "preparation"), reason
    for part in ("train", "test"):
        split, limit = getattr(dataset, part), getattr(dataset, f"{part}_limit")
        if split not in entry.counts:
            yield (*here, part), no_such("split", split, entry.counts)
        elif limit is not None and limit > entry.counts[split]:
            yield (
                (*here, f"{part}_limit"),
                f"split '{split}' of {entry.title} has {entry.counts[split]:,} images, not {limit:,}",
            )
    for place, attribute in enumerate(dataset.classifier.attributes if dataset.classifier else ()):
        if attribute not in entry.attributes:
            reason = no_such("attribute", attribute, entry.attributes)
            yield (*here, "classifier", "attributes", place), reason
