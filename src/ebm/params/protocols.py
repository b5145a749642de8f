"""`protocols`: the same trained models, sampled and measured in another way."""

from ebm.params.base import Name, Section


class Protocol(Section):
    """An evaluation protocol for the models of `run`: `generation` and `evaluation` in the place of its own.

    `source`: who samples so. The protocols of an experiment are the rows of one table.
    """

    run: Name
    generation: Name
    evaluation: Name
    source: str
