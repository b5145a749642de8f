"""The methods: what runs are called and how they are drawn, as the objectives say it."""

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
