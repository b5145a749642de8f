"""Metrics files as the records that figures and tables are made from."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ebmrepro.shown.data import (
    FINISHED,
    Compared,
    Composed,
    Denoised,
    Detected,
    Measured,
    NothingToShow,
    Outcome,
    Resampled,
    RunLabel,
)


def composed(content: Mapping, expressions: Iterable[str]) -> Composed:
    """The composition in a metrics file of stage `compose`, its expressions in the order given.

    Raises NothingToShow if one is not in the file.
    """
    seeds, name = content["seeds"], content["composition"]
    words = {}
    for key in expressions:
        if key not in content["words"]:
            raise NothingToShow(f"composition {name} was made without {key}: run `ebm compose {name}`")
        words[key] = content["words"][key]
    metrics = {int(seed): entry["metrics"] for seed, entry in seeds.items()}
    return Composed(name, words, content["shares"], metrics, read_outcomes(seeds))


def detected(content: Mapping, labels: list[RunLabel]) -> Detected:
    """The outliers in a metrics file of stage `detect`, for the runs in `labels`.

    Raises NothingToShow if one is not in the file.
    """
    runs = _members(content, labels, "detect", content["outliers"])
    return Detected(content["outliers"], content["sets"], runs)


def denoised(content: Mapping, labels: list[RunLabel]) -> Denoised:
    """The metrics file of stage `denoise`, for the runs in `labels`; raises NothingToShow as `detected`."""
    runs = _members(content, labels, "denoise", content["denoising"])
    return Denoised(content["denoising"], content["noise"], runs, content["reference"])


def compared(content: Mapping, labels: list[RunLabel]) -> Compared:
    """The metrics file of stage `compare`, for the runs in `labels`; raises NothingToShow as `detected`."""
    runs = [
        replace(member, reference=content["references"][member.run.dataset])
        for member in _members(content, labels, "compare", content["comparison"])
    ]
    return Compared(content["comparison"], content["device"], runs)


def measured(label: RunLabel, content: Mapping) -> Measured:
    """A run in its metrics file of stage `evaluate`."""
    seeds = content["seeds"]
    return Measured(
        label,
        {int(seed): entry["metrics"] for seed, entry in seeds.items()},
        read_outcomes(seeds),
        content["reference"],
        # Files of before there were switches have none: tables that need them say so.
        content.get("switches", {}),
        content.get("likelihood", ""),
    )


def resampled(content: Mapping, labels: list[RunLabel]) -> Resampled:
    """The metrics file of stage `resample`, whose run is one of `labels`.

    Raises NothingToShow if it is none of them.
    """
    label = next((label for label in labels if label.name == content["run"]), None)
    if label is None:
        name = content["protocol"]
        raise NothingToShow(f"{name} was made with {content['run']}: run `ebm resample {name}`")
    # What the data set's own images give stands in the files of stage evaluate.
    own = measured(label, {"reference": {}} | content)
    return Resampled(content["protocol"], content["source"], content["generation"], own)


def _members(content: Mapping, labels: list[RunLabel], stage: str, item: str) -> list[Measured]:
    runs = []
    for label in labels:
        if label.name not in content["runs"]:
            raise NothingToShow(f"{item} was made without {label.name}: run `ebm {stage} {item}`")
        seeds = content["runs"][label.name]["seeds"]
        metrics = {int(seed): entry["metrics"] for seed, entry in seeds.items()}
        runs.append(Measured(label, metrics, read_outcomes(seeds)))
    return runs


def read_outcomes(seeds: Mapping[str, Mapping]) -> dict[int, Outcome]:
    """Outcomes by seed from the `seeds` of a status or metrics file."""
    return {
        int(seed): Outcome(entry["iteration"], entry["cause"]) if entry["outcome"] == "diverged" else FINISHED
        for seed, entry in seeds.items()
    }
