"""Figures and tables of what their experiment does not have, and why."""

from collections.abc import Iterator

from ebmrepro.checks.measured import known_experiment
from ebmrepro.params.datasets import BINARY, IMAGES
from ebmrepro.params.root import Params
from ebmrepro.params.words import Problem, no_such

# Kinds of data that a figure or table can show; those not named here show any.
SHOWS = {
    "sample_grid": IMAGES | BINARY,
    "chain_strip": IMAGES | BINARY,
    "chain_separation": IMAGES,
    "long_chains": IMAGES,
    "nearest_neighbours": IMAGES,
    "generation": IMAGES,
    "inception": IMAGES,
    "ablation": IMAGES,
    "density_panels": {"density"},
    "density": {"density"},
    "gaussian": {"gaussian"},
    "filters": BINARY,
    "reconstructions": BINARY,
    "binary": BINARY,
    "protocols": IMAGES | {"density"},
}


def of_shown(params: Params) -> Iterator[Problem]:
    """Figures and tables of what their experiment does not have."""
    for section in ("figures", "tables"):
        for name, shown in getattr(params, section).items():
            here = (section, name)
            if shown.stage == "compare":
                if shown.experiment not in params.comparisons:
                    reason = no_such("comparison", shown.experiment, params.comparisons, "comparisons")
                    yield (*here, "experiment"), reason
                continue
            if shown.experiment not in params.experiments:
                yield from known_experiment(params, (*here, "experiment"), shown.experiment)
                continue
            kinds = {
                params.datasets[params.runs[run].dataset].kind for run in params.runs_of(shown.experiment)
            }
            suitable = SHOWS.get(shown.kind, kinds)
            if not kinds <= suitable:
                yield (
                    (*here, "kind"),
                    f"{shown.kind} shows {' or '.join(sorted(suitable))} data, and experiment"
                    f" '{shown.experiment}' has {' and '.join(sorted(kinds - suitable))}",
                )
            yield from _has_what_it_shows(params, here, shown)


def _has_what_it_shows(params: Params, here: tuple, shown) -> Iterator[Problem]:
    experiment, runs = shown.experiment, params.runs_of(shown.experiment)
    section = {
        "compose": "compositions",
        "detect": "outliers",
        "denoise": "denoisings",
        "resample": "protocols",
    }.get(shown.stage)
    if section and all(entry.experiment != experiment for entry in getattr(params, section).values()):
        yield (*here, "kind"), f"{shown.kind} shows {section}, and experiment '{experiment}' has none"
    if shown.kind in ("chain_separation", "long_chains") and not any(
        getattr(params.resolve(run, "generation"), "long_chains", None) for run in runs
    ):
        yield (*here, "kind"), f"{shown.kind} shows long_chains, and no generation of '{experiment}' has them"
    measured = {params.resolve(run, "evaluation").kind for run in runs}
    if shown.kind in ("generation", "ablation", "inception"):
        needed = "inception" if shown.kind == "inception" else "images"
        if needed not in measured:
            yield (
                (*here, "kind"),
                f"{shown.kind} shows an evaluation of kind {needed}, and no run of '{experiment}' has one",
            )
    if shown.kind == "truncation" and not any(
        getattr(params.resolve(run, "objective"), "compare_full", False) for run in runs
    ):
        yield (*here, "kind"), f"truncation needs a run with compare_full: true in experiment '{experiment}'"
