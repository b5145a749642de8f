"""`protocols`: the same trained models, sampled and measured in another way."""

from ebmrepro.params.base import Name, Section


class Protocol(Section):
    """An evaluation protocol for the models of `run`: `generation` and `evaluation` in the place of its own.
    `experiment` and `dataset` are the run's.

    `source`: who samples so. The protocols of an experiment are the rows of one table.
    """

    run: Name
    experiment: Name
    dataset: Name
    generation: Name
    evaluation: Name
    source: str
