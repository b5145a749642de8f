"""The energy that an expression of params.yaml stands for."""

from collections.abc import Callable

from torch import nn

from ebmrepro.energies.composition import And, Guided, Not, Or
from ebmrepro.params import measured
from ebmrepro.params.measured import Expression, Model, models_of

EnergyOf = Callable[[Model], nn.Module]
# The other values of a model's attribute.
Others = Callable[[Model], list[Model]]


def composed(
    expression: Expression, energy_of: EnergyOf, others: Others | None, guidance: float = 0.0
) -> nn.Module:
    """The energies `energy_of` the models in `expression` put together as it says, divided by a number of
    models, so that the gradient is no longer than one model's.

    Without `others` as the authors do: the energies as they are, a `not` without bound, and the number is
    that of all models in the expression (they divide the step size by it). With them the energies are
    calibrated (calibration.py). Each is then held against the same model at the `others` of its values: in a
    `not`, whose part is a model, and elsewhere with the weight `guidance`, 0 or more. The number is that of
    the models that pull at once, those in a `not` left out.
    """
    if others is None:

        def unbounded(no: measured.Not) -> nn.Module:
            return Not(_combined(no.part, energy_of, unbounded), no.weight)

        return And([_combined(expression, energy_of, unbounded)], [1 / len(models_of(expression))])

    def instead(model: Model) -> list[nn.Module]:
        return [energy_of(other) for other in others(model)]

    def asked(model: Model) -> nn.Module:
        rest = instead(model) if guidance else []
        return Guided(energy_of(model), rest, guidance) if rest else energy_of(model)

    def bounded(no: measured.Not) -> nn.Module:
        rest = instead(no.part)
        return Not(energy_of(no.part), no.weight, Or(rest, [1.0] * len(rest), 1.0))

    return And([_combined(expression, asked, bounded)], [1 / max(1, _pulling(expression))])


def _combined(
    expression: Expression, energy_of: EnergyOf, negated: Callable[[measured.Not], nn.Module]
) -> nn.Module:
    if isinstance(expression, Model):
        return energy_of(expression)
    if isinstance(expression, measured.Not):
        return negated(expression)
    parts = [_combined(part, energy_of, negated) for part in expression.parts]
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
