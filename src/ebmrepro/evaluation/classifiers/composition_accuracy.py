"""Which images satisfy a composition, by the values that their attributes are predicted to have."""

from collections.abc import Callable, Mapping

import numpy as np

from ebmrepro.params.measured import And, Expression, Model, Not, Or

# (attribute, number of the value) of a model in an expression.
Meaning = Callable[[Model], tuple[str, int]]


def fits(expression: Expression, predicted: Mapping[str, np.ndarray], meaning: Meaning) -> np.ndarray:
    """Truth (n,) of `expression` for images whose value numbers (n,) by attribute are `predicted`."""
    if isinstance(expression, Model):
        attribute, value = meaning(expression)
        return predicted[attribute] == value
    if isinstance(expression, Not):
        return ~fits(expression.part, predicted, meaning)
    parts = [fits(part, predicted, meaning) for part in expression.parts]
    return np.all(parts, 0) if isinstance(expression, And) else np.any(parts, 0)


def measure(
    expression: Expression, predicted: Mapping[str, np.ndarray], meaning: Meaning
) -> dict[str, float]:
    """`accuracy`, the share of images that satisfy `expression`; of an `or` also `rarest_part`, the share of
    images that satisfy its part that fewest do: 0 if one of its models is never seen."""
    metrics = {"accuracy": float(fits(expression, predicted, meaning).mean())}
    if isinstance(expression, Or):
        parts = [fits(part, predicted, meaning).mean() for part in expression.parts]
        metrics["rarest_part"] = float(min(parts))
    return metrics


def words(expression: Expression, meaning: Meaning, outermost: bool = True) -> str:
    """The expression as people write it: 'red AND (square OR disc)', 'young AND not male'."""
    if isinstance(expression, Model):
        attribute, _ = meaning(expression)
        text = {"yes": attribute, "no": f"not {attribute}"}.get(expression.value, expression.value)
        return text.replace("_", " ")
    if isinstance(expression, Not):
        return f"NOT {words(expression.part, meaning, False)}"
    between = " AND " if isinstance(expression, And) else " OR "
    text = between.join(words(part, meaning, False) for part in expression.parts)
    return text if outermost or len(expression.parts) == 1 else f"({text})"
