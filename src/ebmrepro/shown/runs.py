"""The runs that figures and tables show: what readers call them, and how their training ended."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ebmrepro.params.energies import TIME
from ebmrepro.params.methods import method, methods, switches
from ebmrepro.params.root import Params

# How a run is called that has a component which others of the experiment lack.
COMPONENTS = {
    "augmentation": "aug",
    "scales": "multi-scale",
    "attention": "attn",
    "normalise": "norm",
    "spectral_norm": "SN",
}
# What a training died of whose samples had left the data, beside the causes of training/guard.py.
COLLAPSED = "collapsed"
KL_PARTS = {"opt": "L_opt only", "ent": "L_ent only", "both": "both KL parts"}


class NothingToShow(ValueError):
    """The experiment has no run that a figure or table of this kind can show."""


def some(items, otherwise: str):
    """The `items` to be shown; raises NothingToShow, which says `otherwise`, if there are none."""
    if not items:
        raise NothingToShow(otherwise)
    return items


class RunLabel(NamedTuple):
    """A run: `name` in params.yaml, `dataset`, `method` (of params.methods), the `label` that readers see.

    `variant`: the part of the label beside the method, shared by runs that differ in the method alone.
    """

    name: str
    dataset: str
    method: str
    label: str
    variant: str = ""


class Outcome(NamedTuple):
    """How a seed's training ended: `diverged_at` is the 0-based iteration, None if it finished.

    `collapsed_at`: when its samples had left the data for good (evaluation/survival.py), if they did.
    """

    diverged_at: int | None
    cause: str | None = None
    collapsed_at: int | None = None

    @property
    def death(self) -> tuple[int, str] | None:
        """The iteration at which it died, and of what: what came first."""
        if self.collapsed_at is not None:
            return self.collapsed_at, COLLAPSED
        return None if self.diverged_at is None else (self.diverged_at, self.cause)


FINISHED = Outcome(None)


def by_dataset(items: Iterable) -> dict[str, list]:
    """Items that have a `run`, grouped by data set in order of first appearance."""
    groups: dict[str, list] = {}
    for item in items:
        groups.setdefault(item.run.dataset, []).append(item)
    return groups


def as_title(dataset: str) -> str:
    """A data set's name as a heading."""
    return dataset.replace("_", " ")


def heading(run: RunLabel, outcome: Outcome) -> str:
    """Data set and label of a run, and where the seed that is shown diverged."""
    return f"{as_title(run.dataset)}, {run.label}{ended(outcome)}"


def ended(outcome: Outcome) -> str:
    """What a title adds for a seed that diverged."""
    return "" if outcome.diverged_at is None else f", diverged at {outcome.diverged_at}"


def label_runs(params: Params, names: list[str]) -> list[RunLabel]:
    """The runs called `names`, in order. Runs of one data set never share a label.

    The label is the method, with the energy where a data set's runs differ in its kind. Where that does not
    tell them apart, the components that the others lack are added, and else the label is the run's name.
    """
    datasets = {name: params.runs[name].dataset for name in names}
    chosen = {name: method(params, name) for name in names}
    labels, variants = {}, {}
    for dataset in dict.fromkeys(datasets.values()):
        members = [name for name in names if datasets[name] == dataset]
        energies = {name: params.resolve(name, "energy") for name in members}
        several = len({energy.kind for energy in energies.values()}) > 1
        variants |= {name: f", {energies[name].label}" if several else "" for name in members}
        proposed = {name: _method(params, name, chosen[name]) + variants[name] for name in members}
        if len(set(proposed.values())) < len(members):
            states = {name: switches(params, name) for name in members}
            # The time is the method's, which its name says already.
            conditions = {name: getattr(energy, "condition", None) for name, energy in energies.items()}
            differ = len(set(conditions.values())) > 1
            for name, condition in conditions.items():
                alike = [states[other] for other in members if chosen[other] == chosen[name]]
                components = _components(states[name], list(states.values()))
                variants[name] += components
                given = f" given {condition}" if differ and condition not in (None, TIME) else ""
                proposed[name] += components + _kl_term(states[name], alike) + given
        taken = Counter(proposed.values())
        labels |= {name: label if taken[label] == 1 else name for name, label in proposed.items()}
    return [
        RunLabel(name, datasets[name], chosen[name], labels[name], variants[name].strip(" ,"))
        for name in names
    ]


def _method(params: Params, run: str, chosen: str) -> str:
    """The method of a run with its number of steps: 'CD-10'."""
    word = methods()[chosen].label
    return word.replace("-k", f"-{params.resolve(run, 'sampler').steps}") if word.endswith("-k") else word


def _components(own: Mapping, others: list[Mapping]) -> str:
    """Components of `own` that not all of `others` have: ' + attn + norm'."""
    differing = [key for key in COMPONENTS if any(other[key] != own[key] for other in others)]
    # Every component is a switch but the number of scales.
    present = [key for key in differing if (own["scales"] > 1 if key == "scales" else own[key])]
    return "".join(f" + {COMPONENTS[key]}" for key in present)


def _kl_term(own: Mapping, alike: list[Mapping]) -> str:
    """How the KL term of `own` differs from that of runs with the same objective: ', last step'."""
    words, steps = "", own["kl_steps"]
    # Also the weight 0 that a run without L_ent has, beside several others.
    if len({other["entropy_weight"] for other in alike} - {0}) > 1:
        words += f", entropy weight {own['entropy_weight']:g}"
    elif any(other["kl"] != own["kl"] for other in alike):
        words += f", {KL_PARTS[own['kl']]}"
    if any(other["kl_steps"] != steps for other in alike):
        words += ", last step" if steps == 1 else f", {'all' if steps == 'all' else f'last {steps}'} steps"
    return words
