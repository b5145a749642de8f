"""The energy that an expression of params.yaml stands for."""

from collections.abc import Callable

from torch import nn

from ebmrepro.energies.composition import And, Not, Or
from ebmrepro.params import measured
from ebmrepro.params.measured import Expression, Model, models_of

# The other values of a model's attribute.
Others = Callable[[Model], list[Model]]


def composed(
    expression: Expression, energy_of: Callable[[Model], nn.Module], others: Others | None
) -> nn.Module:
    """The energies `energy_of` the models in `expression` put together as it says, divided by a number of
    models, so that the gradient is no longer than one model's.

    Without `others` as the authors do: the energies as they are, a `not` without bound, and the number is
    that of all models in the expression (they divide the step size by it). With them the energies are
    calibrated (calibration.py), a `not`, whose part is a model, holds it against the same model at the
    `others` of its values, and the number is that of the models that pull at once, those in a `not` left out.
    """
    count = len(models_of(expression)) if others is None else max(1, _pulling(expression))
    return And([_combined(expression, energy_of, others)], [1 / count])


def _combined(
    expression: Expression, energy_of: Callable[[Model], nn.Module], others: Others | None
) -> nn.Module:
    if isinstance(expression, Model):
        return energy_of(expression)
    if isinstance(expression, measured.Not):
        part = _combined(expression.part, energy_of, others)
        if others is None:
            return Not(part, expression.weight)
        instead = [energy_of(model) for model in others(expression.part)]
        return Not(part, expression.weight, Or(instead, [1.0] * len(instead), 1.0))
    parts = [_combined(part, energy_of, others) for part in expression.parts]
    if isinstance(expression, measured.And):
        return And(parts, expression.weights)
    return Or(parts, expression.weights, expression.sharpness)


def _pulling(expression: Expression) -> int:
    """How many models pull at an image at once. The gradient of an `or` is a mean of its parts' gradients; a
    bounded `not` is still where it is satisfied."""
    if isinstance(expression, Model):
        return 1
    if isinstance(expression, measured.Not):
        return 0
    return (max if isinstance(expression, measured.Or) else sum)(map(_pulling, expression.parts))
