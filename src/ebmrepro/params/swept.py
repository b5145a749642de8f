"""By which settings the runs of an experiment differ: what a figure of a sweep is laid out by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    # It has the figures' settings, which ask this module.
    from ebmrepro.params.root import Params, TrainSettings

NETWORK = "network"


class Place(NamedTuple):
    """Where a run stands among those of its experiment.

    `method`: with the settings of its objective by which runs of one method differ: "ICD, kl weight 1.0".
    `swept`: the other settings by which they differ, in the order of the sections: numbers, or words. The
    energy is one of them, and what goes with the energy is not another. `iterations`: of the schedule.
    """

    method: str
    swept: Mapping[str, int | float | str]
    iterations: int

    @property
    def words(self) -> str:
        """'CD, learning rate 0.02, residual, attention'."""
        swept = [str(one) if name == NETWORK else f"{name} {one}" for name, one in self.swept.items()]
        return ", ".join([self.method, *swept])


def places(params: Params, runs: Sequence[str]) -> dict[str, Place]:
    """The place of each run by its resolved settings."""
    parts = {run: params.train_settings(run) for run in runs}
    methods = _named({run: (_method(part), part.objective) for run, part in parts.items()})
    networks = _named({run: (part.energy.label, part.energy) for run, part in parts.items()})
    # How often is logged and saved decides nothing else.
    others = {
        run: _fields(part.sampler) | _fields(part.schedule, "log_every", "checkpoint_seconds")
        for run, part in parts.items()
    }
    varied = {
        name
        for run, own in others.items()
        for other in runs
        for name, value in own.items()
        if networks[run] == networks[other] and others[other].get(name) != value
    }
    several = len(set(networks.values())) > 1
    return {
        run: Place(
            methods[run],
            ({NETWORK: networks[run]} if several else {})
            | {name: value for name, value in others[run].items() if name in varied},
            part.schedule.iterations,
        )
        for run, part in parts.items()
    }


def _method(part: TrainSettings) -> str:
    key = part.objective.method(part.sampler)
    return next(method.label for method in part.objective.own_methods() if method.key == key)


def _fields(section, *but: str) -> dict[str, int | float | str]:
    """The settings of an entry by their names in words; on or off for what is no number and no word."""
    own = section.model_dump(exclude={"kind", *but})
    return {name.replace("_", " "): _simple(value) for name, value in own.items()}


def _simple(value: Any) -> int | float | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return "on" if value else "off"
    return value


def _named(entries: dict[str, tuple[str, Any]]) -> dict[str, str]:
    """By run the label of its entry with the settings by which others of that label differ from it."""
    own = {run: _fields(entry) for run, (_, entry) in entries.items()}
    words = {}
    for run, (label, _) in entries.items():
        alike = [own[other] for other in entries if entries[other][0] == label]
        differing = {n: value for n, value in own[run].items() if any(o.get(n) != value for o in alike)}
        named = [name if value == "on" else f"{name} {value}" for name, value in differing.items()]
        words[run] = ", ".join([label, *(name for name in named if not name.endswith(" off"))])
    return words
