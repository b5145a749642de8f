"""The methods: what runs are called and how they are drawn, as the objectives say it."""

from functools import cache

from ebmrepro.params.kinds import kinds
from ebmrepro.params.objectives import Method
from ebmrepro.params.root import Params


@cache
def methods() -> dict[str, Method]:
    """The methods of all objectives by key, in the order of figures and tables."""
    found = []
    for name, objective in kinds("objectives").items():
        found += objective.methods or [Method(name, name)]
    return {method.key: method for method in sorted(found, key=lambda method: method.order)}


def method(params: Params, run: str) -> str:
    """The key of the method that `run` is trained with."""
    return params.resolve(run, "objective").method(params.resolve(run, "sampler"))
