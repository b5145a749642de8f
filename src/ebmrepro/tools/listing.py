"""The catalogue of published image sets for a reader: which there are, and how one gets each."""

from rich.console import Console
from rich.table import Table

from ebmrepro.params.catalogue import find_entry, load_catalogue

ACCESS = {"open": "downloaded", "login": "placed by hand (login)", "person": "placed by hand"}


def show(name: str | None) -> None:
    """Everything about a set, or a line for each. Raises WorkspaceError if there is no such entry."""
    if name is not None:
        _print_entry(name)
        return
    table = Table("entry", "images", "sides", "size", "how it comes", "licence")
    for name, entry in load_catalogue().items():
        counts = ", ".join(f"{split} {count:,}" for split, count in entry.counts.items())
        sides = ", ".join(map(str, entry.sizes))
        bytes_ = [file.size for file in entry.files]
        size = "unknown" if None in bytes_ else f"{sum(bytes_) / 1e9:.2f} GB"
        table.add_row(name, counts, sides, size, ACCESS[entry.access], entry.licence)
    Console().print(table)


def _print_entry(name: str) -> None:
    entry = find_entry(name)
    print(f"{name}: {entry.title}\n{entry.variant}")
    print(f"page: {entry.page}\nlicence: {entry.licence}\ncitation: {entry.citation}")
    if entry.how_to_get is not None:
        file, line = entry.acceptance
        print(f"how to get it: {entry.how_to_get}")
        print(f"put the files into the data set's folder, and beside them {file} with the line: {line}")
    for split, count in entry.counts.items():
        print(f"split {split}: {count:,} images")
    for key, preparation in entry.preparations.items():
        scaling = preparation.resample or "not scaled"
        print(f"preparation {key}: {preparation.crop}, {scaling}; {preparation.source}")
    if entry.attributes:
        print(f"attributes: {', '.join(entry.attributes)}")
    for file in entry.files:
        size = "size unknown" if file.size is None else f"{file.size:,} bytes"
        print(f"file {file.name}: {size}, {', '.join(file.checksums) or 'no published checksum'}")
        for address in file.urls:
            print(f"  {address}")
