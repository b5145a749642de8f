"""The stages of the flow: which section of params.yaml lists a stage's items, and what it writes for one."""

from dataclasses import dataclass

TENSORS, DATA, LOG = ".safetensors", ".json", ".csv"


@dataclass(frozen=True)
class Stage:
    """A stage: under this `name` a CLI subcommand, a Snakemake rule, a DVC stage and a module of stages/.

    `section` of params.yaml lists its items, None if it has none. For an item it writes one file for each of
    `suffixes`, which the item's name precedes, in a folder of the item's experiment if `by_experiment`.
    """

    name: str
    section: str | None
    suffixes: tuple[str, ...]
    by_experiment: bool


# In the order of the flow.
STAGES = (
    Stage(
        "prepare",
        "datasets",
        ("/train.safetensors", "/test.safetensors", "/ruler.safetensors", "/manifest.json"),
        False,
    ),
    Stage("train", "runs", (TENSORS, LOG, DATA), True),
    Stage("sample", "runs", (TENSORS,), True),
    Stage("evaluate", "runs", (DATA, TENSORS), True),
    Stage("compose", "compositions", (DATA, TENSORS), True),
    Stage("detect", "outliers", (DATA, TENSORS), True),
    Stage("denoise", "denoisings", (DATA, TENSORS), True),
    Stage("compare", "comparisons", (DATA,), False),
    Stage("resample", "protocols", (DATA, TENSORS), True),
    Stage("figure", "figures", (".pdf", ".png"), False),
    Stage("table", "tables", (".md", ".csv", ".tex"), False),
    Stage("report", None, (), False),
)
_BY_NAME = {stage.name: stage for stage in STAGES}


def stage(name: str) -> Stage:
    """The stage called `name`; raises KeyError if there is none."""
    return _BY_NAME[name]
