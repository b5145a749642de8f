"""Which runs and which items of a stage a figure or table is about."""

from ebmrepro.params.root import Params

# The section of params.yaml that lists what a stage measures of an experiment.
ITEMS = {
    "compose": "compositions",
    "detect": "outliers",
    "denoise": "denoisings",
    "resample": "protocols",
}


def items_of(params: Params, stage: str, experiment: str) -> list[str]:
    """Names of an experiment's items of a stage in ITEMS; of `compare` the comparison itself."""
    if stage == "compare":
        return [experiment]
    section = getattr(params, ITEMS[stage])
    return [name for name, entry in section.items() if entry.experiment == experiment]


def runs_shown(params: Params, stage: str, experiment: str) -> list[str]:
    """The runs that a figure or table of `stage` shows: an experiment's, or those of a comparison."""
    experiments = params.comparisons[experiment].experiments if stage == "compare" else [experiment]
    return [run for name in experiments for run in params.runs_of(name)]
