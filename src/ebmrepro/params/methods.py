"""What a run is to readers: its method, as the objectives say it, and the switches of the studies."""

from functools import cache

from ebmrepro.params.kinds import kinds
from ebmrepro.params.objectives import Method, Objective
from ebmrepro.params.root import Params


@cache
def methods() -> dict[str, Method]:
    """The methods of all objectives by key, in the order of figures and tables."""
    found = [method for objective in kinds("objectives").values() for method in objective.own_methods()]
    return {method.key: method for method in sorted(found, key=lambda method: method.order)}


def objective_of(key: str) -> type[Objective]:
    """The objective that has a method called `key`."""
    every = kinds("objectives").values()
    return next(one for one in every if key in {method.key for method in one.own_methods()})


def method(params: Params, run: str) -> str:
    """The key of the method that `run` is trained with."""
    return params.resolve(run, "objective").method(params.resolve(run, "sampler"))


def baseline(params: Params, run: str, among: list[str]) -> str | None:
    """The run of `among` by whose seconds those of `run` are measured: of its experiment and data set, with a
    baseline method. None if there is none, or more than one."""
    entry = params.runs[run]
    ranks = {
        other: methods()[method(params, other)].baseline
        for other in among
        if (params.runs[other].experiment, params.runs[other].dataset) == (entry.experiment, entry.dataset)
    }
    greatest = max(ranks.values(), default=0)
    found = [other for other, rank in ranks.items() if rank == greatest]
    return found[0] if greatest and len(found) == 1 else None


def switches(params: Params, run: str) -> dict[str, str | int | float | bool | None]:
    """What the studies switch on and off; false, 1 or None where the energy or objective has no such thing.

    `kl`: off, opt, ent (only one of the KL term's parts) or both. `kl_steps`: steps of the chain that the KL
    term's gradient passes, or all. `entropy_weight`: the number that L_ent is multiplied by. `augmentation`:
    transitions in training. `scales`: resolutions of the energy. `attention`, `normalise`, `spectral_norm`:
    as in `energies`.
    """
    energy, objective, sampler, _ = params.train_settings(run)
    objective = objective.resolved(energy, sampler, params.datasets[params.runs[run].dataset].sample_shape)
    opt, entropy = getattr(objective, "kl_weight", 0), getattr(objective, "entropy_weight", 0)
    return {
        "kl": "both" if opt and entropy else "opt" if opt else "ent" if entropy else "off",
        "kl_steps": getattr(objective, "kl_steps", None),
        "entropy_weight": getattr(objective, "entropy_weight", None),
        "augmentation": getattr(sampler, "augmentation", None) is not None,
        "scales": getattr(energy, "scales", 1),
        **{key: getattr(energy, key, False) for key in ("attention", "normalise", "spectral_norm")},
    }
