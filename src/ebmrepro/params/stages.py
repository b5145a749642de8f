"""The stages of the flow: which section of params.yaml lists a stage's items, and what it writes for one."""

from dataclasses import dataclass

PREPARED = ("train.safetensors", "test.safetensors", "ruler.safetensors", "manifest.json")
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
    by_experiment: bool = False
    # Of waiting jobs those that others wait for, or that take longest, come first.
    priority: int = 0
    # Drawn from results in a second, where Snakemake runs; `reported` is the suffix that its report shows.
    is_drawn: bool = False
    reported: tuple[str, ...] = ()


# In the order of the flow.
STAGES = (
    Stage("prepare", "datasets", tuple(f"/{name}" for name in PREPARED)),
    Stage("train", "runs", (TENSORS, LOG, DATA), by_experiment=True, priority=2),
    Stage("sample", "runs", (TENSORS,), by_experiment=True, priority=1),
    Stage("evaluate", "runs", (DATA, TENSORS), by_experiment=True, priority=1),
    Stage("compose", "compositions", (DATA, TENSORS), by_experiment=True, priority=1),
    Stage("detect", "outliers", (DATA, TENSORS), by_experiment=True),
    Stage("denoise", "denoisings", (DATA, TENSORS), by_experiment=True),
    Stage("compare", "comparisons", (DATA,)),
    Stage("resample", "protocols", (DATA, TENSORS), by_experiment=True, priority=1),
    Stage("figure", "figures", (".pdf", ".png"), is_drawn=True, reported=(".png",)),
    Stage("table", "tables", (".md", ".csv", ".tex"), is_drawn=True, reported=(".csv",)),
    Stage("report", None, (), is_drawn=True),
)
_BY_NAME = {stage.name: stage for stage in STAGES}


def stage(name: str) -> Stage:
    """The stage called `name`; raises KeyError if there is none."""
    return _BY_NAME[name]
