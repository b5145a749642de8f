"""What figures and tables have in common: the experiment they show, and what it must have for that."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, get_args

from pydantic import AfterValidator

from ebmrepro.params.base import Line, Name, about
from ebmrepro.params.datasets import Form
from ebmrepro.params.kinds import Kind
from ebmrepro.params.stages import stage


def _no_mathematics(text: str) -> str:
    if text.replace(r"\$", "").count("$") > 1:
        raise ValueError(r"holds two $, between which matplotlib reads mathematics: write \$")
    return text


Caption = Annotated[Line, AfterValidator(_no_mathematics)]


class Shown(Kind):
    """A figure or table over all runs of an experiment.

    Its implementation has a function that makes it of what the stage's loader read, and says how to read it.
    It raises shown.runs.NothingToShow if there is nothing.
    """

    # The stage whose files it is made from; shown/loaders has a module for each.
    stage: ClassVar[str]
    # What a sample of the data may be.
    shows: ClassVar[tuple[str, ...]] = get_args(Form)
    # Kinds of evaluation that measure what it shows, if not all do. One run with such an evaluation is
    # enough, unless `every_run` needs one.
    evaluations: ClassVar[tuple[str, ...]] = ()
    every_run: ClassVar[bool] = False
    # Whether it computes with the code of the data sets, such as their true density.
    asks_data: ClassVar[bool] = False
    # What some run must have switched on: key of the run's entry, and of the setting there.
    setting: ClassVar[tuple[str, str] | None] = None

    experiment: Name = about("the experiment whose runs are shown; of stage compare the comparison", "digits")
    caption: Caption = about(
        "what is to be seen, in one sentence; how to read it and its scope are added",
        "Langevin chains from noise to sample.",
    )

    def modules(self) -> list[str]:
        """The module that does the work and the one that reads the files of its stage."""
        return [*super().modules(), loader(self.stage)]

    def problems(self, params) -> Iterator[str]:
        """Why it cannot show its experiment, which has runs in the `params` (root.Params)."""
        runs = params.shown_runs(self.stage, self.experiment)
        data = [params.datasets[params.runs[run].dataset] for run in runs]
        if unsuited := {one.kind for one in data if one.form not in self.shows}:
            yield self._cannot(f"{' or '.join(self.shows)} data", unsuited)
        if not params.items_of(self.stage, self.experiment):
            yield self._cannot(stage(self.stage).section, {"none"})
        if self.evaluations:
            measured = {params.resolve(run, "evaluation").kind for run in runs}
            others = measured - set(self.evaluations)
            if others and (self.every_run or others == measured):
                yield self._cannot(f"an evaluation of kind {' or '.join(self.evaluations)}", others)
        if self.setting:
            key, name = self.setting
            if not any(getattr(params.resolve(run, key), name, None) for run in runs):
                yield self._cannot(f"{name} of a run's {key}", {"none"})

    def _cannot(self, what: str, found: set[str]) -> str:
        has = " and ".join(sorted(found))
        return f"{self.kind} shows {what}, and experiment '{self.experiment}' has {has}"


def loader(stage: str) -> str:
    """The module that reads the files of a stage for figures and tables."""
    return f"ebmrepro.shown.loaders.{stage}"
