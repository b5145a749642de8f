"""`compositions`: several conditional models combined into one energy, and sampled."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from ebmrepro.params.base import Name, NonNegative, Positive, Section

Weights = Annotated[list[NonNegative], Field(min_length=1)]


class Model(Section):
    """One conditional model at one value of its attribute: {run: shapes_colour, is: red}."""

    run: Name
    value: str = Field(alias="is")


class _Weighted(Section):
    """What has one weight for each of its parts."""

    @model_validator(mode="after")
    def _one_weight_each(self):
        if len(self.weights) != len(self.parts):
            raise ValueError(f"{len(self.parts)} parts need as many weights, got {len(self.weights)}")
        return self


class And(_Weighted):
    """Product of the parts: the sum of their energies, each times its weight."""

    parts: Annotated[list[Expression], Field(alias="and", min_length=1)]
    weights: Weights


class Or(_Weighted):
    """Mixture of the parts: -log sum_i w_i exp(-b E_i) / b, b being the `sharpness`."""

    parts: Annotated[list[Expression], Field(alias="or", min_length=1)]
    weights: Weights
    sharpness: Positive


class Not(Section):
    """The opposite of a part: minus its energy times `weight`; beside other parts of an `and`."""

    part: Expression = Field(alias="not")
    weight: Positive


def _form(value: Any) -> str:
    forms = ("and", "or", "not", "run")
    if isinstance(value, dict):
        return next((form for form in forms if form in value), "run")
    return {And: "and", Or: "or", Not: "not"}.get(type(value), "run")


Expression = Annotated[
    Annotated[And, Tag("and")]
    | Annotated[Or, Tag("or")]
    | Annotated[Not, Tag("not")]
    | Annotated[Model, Tag("run")],
    Discriminator(_form),
]


class Composition(Section):
    """Compositions of the models of one experiment, each seed's models with each other.

    The chain is that of `generation`, its step size divided by the number of models in an expression; samples
    are judged by the attribute classifiers of `dataset`.
    """

    experiment: Name
    dataset: Name
    generation: Name
    expressions: Annotated[dict[Name, Expression], Field(min_length=1)]

    @property
    def models(self) -> list[Model]:
        """The models in all expressions, from left to right."""
        return [model for expression in self.expressions.values() for model in models_of(expression)]


def models_of(expression: Expression) -> list[Model]:
    """The models in an expression, from left to right."""
    if isinstance(expression, Model):
        return [expression]
    parts = [expression.part] if isinstance(expression, Not) else expression.parts
    return [model for part in parts for model in models_of(part)]
