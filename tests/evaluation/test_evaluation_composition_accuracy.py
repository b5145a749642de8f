"""The truth of compositions, by enumeration of all attribute values."""

import itertools

import numpy as np
import pytest
from pydantic import TypeAdapter

from ebmrepro.evaluation.classifiers.composition_accuracy import fits, measure, words
from ebmrepro.params.measured import Expression

VALUES = {"shape": ("square", "cross", "triangle"), "colour": ("red", "green", "blue")}
RED, SQUARE, CROSS = (
    {"run": "c", "is": "red"},
    {"run": "s", "is": "square"},
    {"run": "s", "is": "cross"},
)
NOT_BLUE = {"not": {"run": "c", "is": "blue"}, "weight": 0.1}
CASES = [
    (RED, lambda shape, colour: colour == "red", "red"),
    (
        {"and": [RED, SQUARE], "weights": [1.0, 1.0]},
        lambda shape, colour: colour == "red" and shape == "square",
        "red AND square",
    ),
    (
        {"or": [RED, SQUARE], "weights": [1.0, 1.0], "sharpness": 1.0},
        lambda shape, colour: colour == "red" or shape == "square",
        "red OR square",
    ),
    (
        {
            "and": [NOT_BLUE, {"or": [SQUARE, CROSS], "weights": [1.0, 1.0], "sharpness": 1.0}],
            "weights": [1.0, 1.0],
        },
        lambda shape, colour: colour != "blue" and shape in ("square", "cross"),
        "NOT blue AND (square OR cross)",
    ),
]


def _meaning(model):
    attribute = {"c": "colour", "s": "shape"}[model.run]
    return attribute, VALUES[attribute].index(model.value)


@pytest.mark.parametrize(("text", "truth", "said"), CASES, ids=[case[2] for case in CASES])
def test_every_combination_of_values(text, truth, said):
    expression = TypeAdapter(Expression).validate_python(text)
    pairs = list(itertools.product(range(3), range(3)))
    predicted = {
        "shape": np.array([shape for shape, _ in pairs]),
        "colour": np.array([colour for _, colour in pairs]),
    }
    expected = [truth(VALUES["shape"][shape], VALUES["colour"][colour]) for shape, colour in pairs]
    assert fits(expression, predicted, _meaning).tolist() == expected
    assert 0 < sum(expected) < len(expected)
    assert words(expression, _meaning) == said


def test_the_rarest_part_of_an_or_is_counted():
    """4 of 5 images show a part of it, 1 of them the square: one model that is never seen would be 0."""
    expression = TypeAdapter(Expression).validate_python(CASES[2][0])
    predicted = {"colour": np.array([0, 0, 0, 1, 2]), "shape": np.array([1, 2, 1, 0, 1])}
    assert measure(expression, predicted, _meaning) == {"accuracy": 4 / 5, "rarest_part": 1 / 5}
    never = predicted | {"shape": np.ones(5, int)}
    assert measure(expression, never, _meaning) == {"accuracy": 3 / 5, "rarest_part": 0}
    both = TypeAdapter(Expression).validate_python(CASES[1][0])
    assert measure(both, predicted, _meaning) == {"accuracy": 0}


def test_attributes_that_are_there_or_not_are_named():
    """A value 'yes' says nothing without its attribute."""
    text = {"and": [{"run": "m", "is": "no"}, {"run": "w", "is": "yes"}], "weights": [1.0, 1.0]}

    def meaning(model):
        return {"m": "male", "w": "wavy_hair"}[model.run], ["no", "yes"].index(model.value)

    assert words(TypeAdapter(Expression).validate_python(text), meaning) == "not male AND wavy hair"
