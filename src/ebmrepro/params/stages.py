"""The stages of the flow: which section of params.yaml lists a stage's items, and what it writes for one."""

from typing import NamedTuple

PREPARED = ("train.safetensors", "test.safetensors", "reference.safetensors", "manifest.json")
TENSORS, DATA, LOG = ".safetensors", ".json", ".csv"


class Stage(NamedTuple):
    """A stage: under this `name` a CLI subcommand, a Snakemake rule, a DVC stage and a module of stages/.

    `section` of params.yaml lists its items; None if it has none. For an item it writes one file for each of
    `suffixes`, which the item's name precedes, in a folder of the item's experiment if `by_experiment`.
    """

    name: str
    section: str | None
    suffixes: tuple[str, ...]
    does: str
    by_experiment: bool = False
    # Jobs that others wait for, or that take longest, come first.
    priority: int = 0
    # Drawn from results in a second, where Snakemake runs; `reported` is the suffix that its report shows.
    is_drawn: bool = False
    reported: tuple[str, ...] = ()


# In the order of the flow.
STAGES = (
    Stage("prepare", "datasets", tuple(f"/{name}" for name in PREPARED),
          "Make a data set, what its samples are compared with and its manifest."),
    Stage("train", "runs", (TENSORS, LOG, DATA),
          "Train a run with every seed; goes on where a killed process stopped.",
          by_experiment=True, priority=2),
    Stage("sample", "runs", (TENSORS,), "Draw samples from a run's models.", by_experiment=True, priority=1),
    Stage("evaluate", "runs", (DATA, TENSORS), "Measure a run.", by_experiment=True, priority=1),
    Stage("compose", "compositions", (DATA, TENSORS),
          "Sample compositions of an experiment's models and judge them.", by_experiment=True, priority=1),
    Stage("detect", "ood", (DATA, TENSORS),
          "Tell a data set's images from others by the energy of an experiment's models.",
          by_experiment=True),
    Stage("denoise", "denoisings", (DATA, TENSORS),
          "Remove noise from a data set's images by the energies of an experiment's models.",
          by_experiment=True),
    Stage("compare", "comparisons", (DATA,),
          "Put the runs of several experiments side by side and time a training step of each."),
    Stage("resample", "protocols", (DATA, TENSORS),
          "Sample a run's models by another protocol and measure that.", by_experiment=True, priority=1),
    Stage("figure", "figures", (".pdf", ".png"), "Draw a figure.", is_drawn=True, reported=(".png",)),
    Stage("table", "tables", (".md", ".csv", ".tex"), "Write a table.", is_drawn=True, reported=(".csv",)),
    Stage("report", None, (), "Judge the claims and write paper_figures/report.html.", is_drawn=True),
)  # fmt: skip


def stage(name: str) -> Stage:
    """The stage called `name`; raises KeyError if there is none."""
    return {one.name: one for one in STAGES}[name]
