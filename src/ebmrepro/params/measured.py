"""What is measured on the models of runs beside their own evaluations: five sections, one class each."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ebmrepro.params.base import Count, Name, NonNegative, Positive, Said, Section, Several, Switch, once
from ebmrepro.params.generations import Weights

PartWeights = Annotated[list[NonNegative], Field(min_length=1)]


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

    parts: Annotated[list["Expression"], Field(alias="and", min_length=1)]
    weights: PartWeights


class Or(_Weighted):
    """Mixture of the parts: -log sum_i w_i exp(-b E_i) / b, b being the `sharpness`; null: each chain draws
    its part, with the weights as probabilities."""

    parts: Annotated[list["Expression"], Field(alias="or", min_length=1)]
    weights: PartWeights
    sharpness: Positive | None


class Not(Section):
    """The opposite of a part: minus its energy times `weight`, bounded where the composition is calibrated;
    beside other parts of an `and`."""

    part: "Expression" = Field(alias="not")
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


class Calibration(Section):
    """Energies of models trained apart on one scale: (E - mean) / spread, over training images of each
    model's own value, at most `images` of them.

    The step size of the chain is then that of a model's own chain times its spread, and shared among the
    models that pull at once. The sharpness of an `or` is in units of 1 / spread. A `not`, of a single model
    and value, is the logarithm of the probability that an image shows another value of the model's attribute.
    `guidance`: the weight of minus the logarithm of that of its own value, for a model outside a `not`.
    """

    images: Several
    guidance: NonNegative


class Composition(Section):
    """Compositions of the models of one experiment, each seed's models with each other.

    The chain is that of `generation`; samples are judged by the attribute classifiers of `dataset`.
    `calibration`: ours. Null for the authors' formulas, which combine the energies as they are, the step size
    divided by the number of models in an expression.
    """

    experiment: Name
    dataset: Name
    generation: Name
    calibration: Calibration | None
    expressions: Annotated[dict[Name, Expression], Field(min_length=1)]

    @model_validator(mode="after")
    def _calibrated_nots_are_of_models(self):
        if self.calibration and not all(map(_nots_are_of_models, self.expressions.values())):
            raise ValueError(
                "a calibrated `not` is of a single model: calibration: null, or move the `not` in"
            )
        return self

    @property
    def models(self) -> list[Model]:
        """The models in all expressions, from left to right."""
        return [model for expression in self.expressions.values() for model in models_of(expression)]


def _nots_are_of_models(expression) -> bool:
    if isinstance(expression, Model | Not):
        return isinstance(getattr(expression, "part", expression), Model)
    return all(map(_nots_are_of_models, expression.parts))


def models_of(expression) -> list[Model]:
    """The models in an expression, from left to right."""
    if isinstance(expression, Model):
        return [expression]
    parts = [expression.part] if isinstance(expression, Not) else expression.parts
    return [model for part in parts for model in models_of(part)]


class Ood(Section):
    """Out-of-distribution detection by the score -E for every run of `experiment`.

    In distribution: test images of `dataset`. Out of it: test images of the data set `against`, brought to
    the same size and number of channels, and each of `sets` (evaluation/ood_sets.py). `samples`: at most as
    many of each. The score of an energy in time is that of its first level, whose data have the least noise.
    For another data set besides, another entry of the same experiment.

    `first_image`: the first test image of `against` stands for all of them, as the reference code's loader of
    CIFAR-100 has it by a mistake; the set is then called `<against>_first_image`.
    """

    experiment: Name
    dataset: Name
    against: Name
    first_image: Switch
    weights: Weights
    # Made from the data set's own test images, or from nothing but their shape.
    sets: list[
        Literal["interpolation", "uniform", "constant", "photographs", "turned", "mirrored", "patch_shuffled"]
    ]
    samples: Several
    bins: Count

    @property
    def outside(self) -> list[str]:
        """Names of the sets out of distribution."""
        return [*self.sets, f"{self.against}_first_image" if self.first_image else self.against]


class Denoising(Section):
    """Removal of Gaussian noise from test images of `dataset` by every run of `experiment`.

    The estimate is a posterior mode: the minimum of b E(x) + |x - y|^2 / (2 sigma^2), found by `steps` steps
    of gradient descent from the noisy image y. Energies trained with cold chains have no temperature of their
    own, so b is chosen for each model and noise on as many training images, from `strengths`: the length of
    the energy's first pull in units of the noise. An energy in time is that of its first level. `noise`:
    standard deviations in units of the grey scale 0..1. `images`: how many.
    """

    experiment: Name
    dataset: Name
    weights: Weights
    noise: Annotated[list[Positive], Field(min_length=1), once("noise level")]
    images: Count
    steps: Count
    strengths: Annotated[list[Positive], Field(min_length=1)]
    shown: Count


def noise_name(noise: float) -> str:
    """A level of noise in the names of metrics and arrays: 0_1."""
    return str(noise).replace(".", "_")


class Comparison(Section):
    """The runs of `experiments` side by side, data set by data set.

    `steps`: training iterations of each run that are timed, after `warm_up` ones that are not; all runs take
    turns in one process, so that what else the machine does falls on all alike.
    """

    experiments: Annotated[list[Name], Field(min_length=1)]
    steps: Count
    warm_up: Count


class Protocol(Section):
    """An evaluation protocol for the models of `run`: `generation` and `evaluation` in the place of its own.
    `experiment` and `dataset` are the run's.

    `source`: who samples so. The protocols of an experiment are the rows of one table.
    """

    run: Name
    experiment: Name
    dataset: Name
    generation: Name
    evaluation: Name
    source: Said
