"""`figures` and `tables`: what comes out, from which experiment."""

from typing import Literal

from pydantic import model_validator

from ebmrepro.params.base import Name, Section

# The stage whose files a figure or table of each kind is drawn from.
FIGURE_STAGE = {
    "energy_gap": "train",
    "gradient_norms": "train",
    "truncation": "train",
    "sample_grid": "sample",
    "chain_strip": "sample",
    "chain_separation": "sample",
    "long_chains": "sample",
    "density_panels": "evaluate",
    "nearest_neighbours": "evaluate",
    "composition_grid": "compose",
    "energy_histograms": "detect",
    "loss_curves": "train",
    "filters": "evaluate",
    "reconstructions": "evaluate",
    "denoised": "denoise",
    "cost_quality": "compare",
}
TABLE_STAGE = {
    "generation": "evaluate",
    "density": "evaluate",
    "gaussian": "evaluate",
    "ablation": "evaluate",
    "stability": "evaluate",
    "composition": "compose",
    "outliers": "detect",
    "binary": "evaluate",
    "denoising": "denoise",
    "methods": "compare",
    "inception": "evaluate",
    "protocols": "resample",
}


class _Shown(Section):
    # Of stage compare: the name of a comparison.
    experiment: Name
    caption: str


class Figure(_Shown):
    """A figure over all runs of an experiment; `stage` is where its input comes from."""

    kind: Literal[
        "energy_gap",
        "gradient_norms",
        "truncation",
        "sample_grid",
        "chain_strip",
        "chain_separation",
        "long_chains",
        "density_panels",
        "nearest_neighbours",
        "composition_grid",
        "energy_histograms",
        "loss_curves",
        "filters",
        "reconstructions",
        "denoised",
        "cost_quality",
    ]
    stage: Literal["train", "sample", "evaluate", "compose", "detect", "denoise", "compare"]

    @model_validator(mode="after")
    def _stage_fits_the_kind(self):
        stage = FIGURE_STAGE[self.kind]
        if self.stage != stage:
            raise ValueError(f"{self.kind} is drawn from stage {stage}, not {self.stage}")
        return self


class Table(_Shown):
    """A table over all runs of an experiment, mean and standard deviation over seeds."""

    kind: Literal[
        "generation",
        "density",
        "gaussian",
        "ablation",
        "stability",
        "composition",
        "outliers",
        "binary",
        "denoising",
        "methods",
        "inception",
        "protocols",
    ]
    stage: Literal["evaluate", "compose", "detect", "denoise", "compare", "resample"]

    @model_validator(mode="after")
    def _stage_fits_the_kind(self):
        stage = TABLE_STAGE[self.kind]
        if self.stage != stage:
            raise ValueError(f"{self.kind} is made from stage {stage}, not {self.stage}")
        return self
