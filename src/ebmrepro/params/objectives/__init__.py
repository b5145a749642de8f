"""`objectives`: the training losses, each named as its paper names it, one module a loss."""

from collections.abc import Iterator
from typing import ClassVar, NamedTuple, Self

from ebmrepro.params.kinds import Kind, kinds, those


class Method(NamedTuple):
    """A method as readers meet it: an objective, for some in one of its forms.

    `label` ending in -k: k stands for the steps of the chain. `colour`, `dash` and `marker` as matplotlib
    writes them; `dash` is that of the method's first run. `order`: its place in figures and tables.
    `symbol`: what its paper calls the loss, where it has a name. `baseline`: above 0 if the seconds of other
    methods are given as multiples of its own; the greatest one of an experiment on a data set is taken.
    """

    key: str
    label: str
    colour: str = "#555555"
    dash: str = "-"
    marker: str = "o"
    order: int = 1000
    symbol: str = ""
    baseline: int = 0


class Objective(Kind):
    """A training loss. Its implementation is made with the settings; it is called with (energy, data,
    sampler) and returns Terms (objectives/terms.py)."""

    implementation = "ebmrepro.objectives.{kind}:{name}"
    # What runs with this objective are called, and how they are drawn; its own name and no look of its own
    # if it has none.
    methods: ClassVar[tuple[Method, ...]] = ()
    # The scalars that it logs beyond those of every training (training/log.py). A term of the loss called t
    # has the norm of its gradient logged where gradient_norm_t is among them.
    columns: ClassVar[tuple[str, ...]] = ()
    # Whether it runs a Markov chain.
    chain: ClassVar[bool] = False
    # Whether it needs a density of real vectors: gradients in x.
    real: ClassVar[bool] = False
    # Whether it trains directed models, and nothing else does.
    directed: ClassVar[bool] = False
    # Times at which the energy is trained: 1 unless the energy is conditioned on time.
    times: ClassVar[int] = 1
    # Whether the data have noise at the first of these times already.
    noisy: ClassVar[bool] = False

    @classmethod
    def own_methods(cls) -> tuple[Method, ...]:
        """Its `methods`; without any, one by its own name."""
        return cls.methods or (Method(cls.name(), cls.name()),)

    @classmethod
    def mistakes(cls) -> Iterator[str]:
        """Also methods that another objective has."""
        yield from super().mistakes()
        for other in kinds("objectives").values():
            theirs = [method.key for method in other.own_methods()]
            for key in [method.key for method in cls.own_methods() if other is not cls]:
                if key in theirs:
                    yield f"{cls} and {other} both have a method '{key}': give one of them another key"

    def problems(self, energy, sampler, schedule, dataset) -> Iterator[str]:
        """Why it cannot train `energy`, which suits the data set, with the sampler and schedule."""
        if energy.directed != self.directed:
            trains, trained = (those(family, lambda k: k.directed) for family in ("objectives", "energies"))
            only = f"{trains} trains directed models ({trained}) and nothing else does"
            yield f"{only}, but this is {self.kind} of {energy.describe()}"
        elif self.real and dataset.form == "binary":
            yield f"{self.kind} needs a density of real vectors, and {dataset.kind} data are binary"
        if energy.timed and self.times == 1:
            needed = "an objective of several times, as dcd with more than two levels"
            yield f"an energy with condition: time needs {needed}, not {self.kind}"

    def logged(self) -> tuple[str, ...]:
        """The columns that this entry logs."""
        return self.columns

    def method(self, sampler: Kind) -> str:
        """The key of the method that this entry is with `sampler`."""
        return self.own_methods()[0].key

    def resolved(self, energy: Kind, sampler: Kind, shape: tuple[int, ...]) -> Self:
        """This entry with numbers for the words that stand for what follows from the energy, the sampler and
        the `shape` of a sample; they suit each other."""
        return self

    def build(self):
        """The objective that these settings, `resolved`, describe: (energy, data, sampler) -> Terms."""
        return self.load()(self)
