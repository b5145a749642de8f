"""The energy that an expression of params.yaml stands for."""

from collections.abc import Callable
from statistics import fmean

from torch import nn

from ebmrepro.energies.composition import And, Not, Or
from ebmrepro.params import measured
from ebmrepro.params.measured import Expression, Model, models_of


def composed(
    expression: Expression, energy_of: Callable[[Model], nn.Module], margin: float | None
) -> nn.Module:
    """The energies `energy_of` the models in `expression` put together as it says, in a unit in which the
    gradient has the size of a model's own, for which the chain's step was chosen.

    Without a `margin` the energies are taken as they are, a `not` is unbounded, and the sum is divided by the
    number of models: the authors divide the step size by it. With one they are calibrated (`Calibrated`), a
    `not` ends `margin` spreads above its model's mean, and the unit is the mean spread of the models, shared
    among those that pull at once.
    """
    models = models_of(expression)
    if margin is None:
        scale = 1 / len(models)
    else:
        scale = fmean(energy_of(model).spread for model in models) / _at_once(expression)
    return And([_combined(expression, energy_of, margin)], [scale])


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


def _at_once(expression: Expression) -> int:
    """How many models pull at an image at once: the gradient of an `or` is a mean of its parts' gradients."""
    if isinstance(expression, Model):
        return 1
    if isinstance(expression, measured.Not):
        return _at_once(expression.part)
    return (max if isinstance(expression, measured.Or) else sum)(map(_at_once, expression.parts))
