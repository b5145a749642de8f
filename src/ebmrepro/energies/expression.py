"""The energy that an expression of params.yaml stands for."""

from collections.abc import Callable

from torch import nn

from ebmrepro.energies.composition import And, Not, Or
from ebmrepro.params import measured
from ebmrepro.params.measured import Expression, Model, models_of


def composed(
    expression: Expression, energy_of: Callable[[Model], nn.Module], margin: float | None
) -> nn.Module:
    """The energies `energy_of` the models in `expression` put together as it says, divided by a number of
    models, so that the gradient is no longer than one model's.

    Without a `margin` as the authors do: the energies as they are, a `not` without bound, and the number is
    that of all models in the expression (they divide the step size by it). With a `margin` the energies are
    calibrated (calibration.py), a `not` ends so many spreads above its model's mean, and the number is that
    of the models that pull at once, those in a `not` left out.
    """
    count = len(models_of(expression)) if margin is None else max(1, _pulling(expression))
    return And([_combined(expression, energy_of, margin)], [1 / count])


def _combined(
    expression: Expression, energy_of: Callable[[Model], nn.Module], margin: float | None
) -> nn.Module:
    if isinstance(expression, Model):
        return energy_of(expression)
    if isinstance(expression, measured.Not):
        return Not(_combined(expression.part, energy_of, margin), expression.weight, margin)
    parts = [_combined(part, energy_of, margin) for part in expression.parts]
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
