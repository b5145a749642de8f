"""What readers call the runs of an experiment: the method, and what else tells them apart."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from ebmrepro.params.energies import TIME
from ebmrepro.params.methods import method, methods
from ebmrepro.params.root import Params
from ebmrepro.params.switches import switches

# How a run is called that has a component which others of the experiment lack.
COMPONENTS = {
    "augmentation": "aug",
    "scales": "multi-scale",
    "attention": "attn",
    "normalise": "norm",
    "spectral_norm": "SN",
}
KL_PARTS = {"opt": "L_opt only", "ent": "L_ent only", "both": "both KL parts"}


class RunLabel(NamedTuple):
    """A run: `name` in params.yaml, its `dataset`, `method` (a key of params.methods), the `label` that
    readers see.

    `variant`: the part of the label beside the method, shared by runs that differ in the method alone.
    """

    name: str
    dataset: str
    method: str
    label: str
    variant: str = ""


def label_runs(params: Params, names: list[str]) -> list[RunLabel]:
    """The runs called `names`, in order. Runs of one data set never share a label.

    The label is the method, with the energy where a data set's runs differ in its kind. Where that does not
    tell them apart, the components that the others lack are added, and else the label is the run's name.
    """
    chosen = {name: method(params, name) for name in names}
    labels, variants = {}, {}
    for dataset in dict.fromkeys(params.runs[name].dataset for name in names):
        members = [name for name in names if params.runs[name].dataset == dataset]
        states = {name: switches(params, name) for name in members}
        for name in members:
            variants[name] = _energy(params, name, members)
        proposed = {name: _method(params, name) + variants[name] for name in members}
        if len(set(proposed.values())) < len(members):
            for name in members:
                alike = [states[other] for other in members if chosen[other] == chosen[name]]
                components = _components(states[name], list(states.values()))
                variants[name] += components
                proposed[name] += components + _kl_term(states[name], alike)
                proposed[name] += _condition(params, name, members)
        taken = Counter(proposed.values())
        labels |= {name: label if taken[label] == 1 else name for name, label in proposed.items()}
    return [
        RunLabel(name, params.runs[name].dataset, chosen[name], labels[name], variants[name].strip(" ,"))
        for name in names
    ]


def _method(params: Params, name: str) -> str:
    """The method of run `name` with its number of steps: 'CD-10'."""
    word = methods()[method(params, name)].label
    return word.replace("-k", f"-{params.resolve(name, 'sampler').steps}") if word.endswith("-k") else word


def _energy(params: Params, name: str, members: list[str]) -> str:
    """The kind of energy of run `name` where not all have it: ', MLP'."""
    kinds = {run: params.resolve(run, "energy") for run in members}
    return f", {kinds[name].label}" if len({energy.kind for energy in kinds.values()}) > 1 else ""


def _components(own: Mapping, others: list[Mapping]) -> str:
    """Components of `own` that not all of `others` have: ' + attn + norm'."""
    differing = [key for key in COMPONENTS if any(other[key] != own[key] for other in others)]
    # Every component is a switch but the number of scales.
    present = [key for key in differing if (own["scales"] > 1 if key == "scales" else own[key])]
    return "".join(f" + {COMPONENTS[key]}" for key in present)


def _condition(params: Params, name: str, members: list[str]) -> str:
    """What the energy of run `name` is conditioned on, where that differs: ' given colour'."""
    conditions = {run: getattr(params.resolve(run, "energy"), "condition", None) for run in members}
    # The time is the method's, which its name says already.
    differs = len(set(conditions.values())) > 1 and conditions[name] not in (None, TIME)
    return f" given {conditions[name]}" if differs else ""


def _kl_term(own: Mapping, alike: list[Mapping]) -> str:
    """How the KL term of `own` differs from that of runs with the same objective: ', last step'."""
    words = ""
    if any(other["kl"] != own["kl"] for other in alike):
        words += f", {KL_PARTS[own['kl']]}"
    steps = own["kl_steps"]
    if any(other["kl_steps"] != steps for other in alike):
        words += ", last step" if steps == 1 else f", {'all' if steps == 'all' else f'last {steps}'} steps"
    return words
