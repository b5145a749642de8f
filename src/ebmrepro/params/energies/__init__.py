"""`energies`: the function E_theta(x) of each model, one module a kind."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from ebmrepro.params.base import about, nearest
from ebmrepro.params.kinds import Kind

# What an energy is conditioned on that depends on the diffusion time of DCD, E(x, t).
TIME = "time"

TimeCondition = Annotated[Literal["time"] | None, about("time for an energy E(x, t), or null.", None, "time")]

# The most binary units whose states are summed over one by one: 2^25 terms.
MAX_UNITS = 25


class Energy(Kind):
    """An energy function. Its implementation is called with (settings, shape of a sample, classes)."""

    implementation = "ebmrepro.energies.{kind}:build"
    # What readers call it.
    label: ClassVar[str]
    # The form of data that it takes: vectors, binary or images.
    form: ClassVar[str]
    # Whether it is a directed model, with a recognition net, and no energy of x.
    directed: ClassVar[bool] = False
    # Whether it is an energy of noisy data alone, relative to their Gaussian: its implementation has
    # set_noise(marginals), which tells it the noise of each time, and what energies/tilted.py has.
    noisy: ClassVar[bool] = False
    # Whether its implementation has log_partition(), log Z of exp(-E).
    log_partition: ClassVar[bool] = False

    @property
    def attribute(self) -> str | None:
        """The attribute of the data that it is conditioned on; None if on none, or on the time."""
        condition = getattr(self, "condition", None)
        return None if condition == TIME else condition

    @property
    def timed(self) -> bool:
        """Whether it depends on the diffusion time, E(x, t)."""
        return getattr(self, "condition", None) == TIME

    @property
    def chains(self) -> frozenset[str]:
        """What can sample it: "gradient", chains that take gradients in x; "gibbs", units that are drawn in
        turn; "ancestral", from the top layer down; "annealed", from the last time to the first."""
        return frozenset({"ancestral" if self.directed else "annealed" if self.timed else "gradient"})

    def describe(self) -> str:
        """What a sentence calls it."""
        return f"a {self.label}" if self.directed else f"a {self.kind} energy"

    def problems(self, dataset, exact: bool = False) -> Iterator[str]:
        """Why it does not suit the data set; with `exact`, why its log Z cannot be computed there."""
        if dataset.form != self.form:
            words = {"binary": "binary data"}
            needed, found = (words.get(form, form) for form in (self.form, dataset.form))
            yield f"{self.describe()} needs {needed}, not {dataset.kind} data, which are {found}"
        elif self.attribute is not None and self.attribute not in dataset.attributes:
            what = f"{dataset.kind} data have no attribute '{self.attribute}'"
            yield f"condition: {what}{nearest(self.attribute, dataset.attributes)}"
