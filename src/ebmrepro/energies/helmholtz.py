"""The Helmholtz machine (Dayan, Hinton, Neal and Zemel, 1995): a generative and a recognition net.

With layers x = h_0, h_1, ..., h_L of binary units, s the logistic function and B(t; q) the Bernoulli
probability of t, a product over units:

    p_theta(x, h) = B(h_L; s(b_L)) prod_{l=1..L} B(h_{l-1}; s(W_l h_l + b_{l-1}))    sigmoid belief net
    r_phi(h | x)  = prod_{l=1..L} B(h_l; s(R_l h_{l-1} + c_l))                       recognition net

Sums over h grow as 2^units, so p_theta(x) is known exactly for small machines alone; of any machine
evaluation/likelihood/binary.py bounds it by the recognition net.
"""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn

from ebmrepro.energies.binary import all_states, coins, refuse_real_valued, softplus
from ebmrepro.params.energies import MAX_UNITS
from ebmrepro.params.energies.helmholtz import HelmholtzMachine as Config

# So many states of a layer are held at once beside as many of the next: 64 MB of their probabilities.
CHUNK = 2**12


class HelmholtzMachine(nn.Module):
    """A sigmoid belief net `generative`, its `layers` W_l with b_{l-1} from the data upwards, its `top_bias`
    b_L, and a `recognition` net of `layers` R_l with c_l.

    States are floats 0.0 or 1.0: `x` (..., d), `hidden` a list of (..., n_1), ..., (..., n_L) from the data
    upwards, the leading dimensions alike.
    """

    def __init__(self, visible_units: int, layers: list[int]):
        """`layers`: hidden units from the layer above the data upwards."""
        super().__init__()
        self.units = [visible_units, *layers]
        self.generative, self.recognition = nn.Module(), nn.Module()
        self.generative.top_bias = nn.Parameter(torch.zeros(layers[-1]))
        pairs = list(pairwise(self.units))
        self.generative.layers = nn.ModuleList(nn.Linear(above, below) for below, above in pairs)
        self.recognition.layers = nn.ModuleList(nn.Linear(below, above) for below, above in pairs)

    def log_joint(self, x: Tensor, hidden: list[Tensor]) -> Tensor:
        """log p_theta(x, h) in nats, of the leading dimensions of `x` (..., d)."""
        top = _log_bernoulli(hidden[-1], self.generative.top_bias)
        layers = zip(self.generative.layers, [x, *hidden[:-1]], hidden, strict=True)
        return sum((_log_bernoulli(below, layer(above)) for layer, below, above in layers), start=top)

    def log_recognition(self, hidden: list[Tensor], x: Tensor) -> Tensor:
        """log r_phi(h | x) in nats, of the leading dimensions of `x` (..., d)."""
        layers = zip(self.recognition.layers, [x, *hidden[:-1]], hidden, strict=True)
        return sum(_log_bernoulli(above, layer(below)) for layer, below, above in layers)

    @torch.no_grad()
    def sample_recognition(self, x: Tensor, generator: torch.Generator) -> list[Tensor]:
        """h ~ r_phi(. | x): one state of every hidden layer for each row of `x` (..., d), without graph."""
        hidden, below = [], x
        for layer in self.recognition.layers:
            below = coins(layer(below).sigmoid(), generator)
            hidden.append(below)
        return hidden

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, list[Tensor]]:
        """(x, h) ~ p_theta, `count` independent ones, from the top layer down (ancestral), without graph."""
        top = self.generative.top_bias.sigmoid().expand(count, -1)
        states = [coins(top, generator)]
        for layer in reversed(self.generative.layers):
            states.append(coins(layer(states[-1]).sigmoid(), generator))
        *hidden, x = states
        return x, hidden[::-1]

    def visible_mean(self, first_hidden: Tensor) -> Tensor:
        """P(x_i = 1 | h_1), (..., d), of `first_hidden` (..., n_1)."""
        return self.generative.layers[0](first_hidden).sigmoid()

    def check_data(self, x: Tensor) -> None:
        """ValueError if `x` (n, d) are no states of the visible units: real-valued ones are not binary."""
        refuse_real_valued(x, "a Helmholtz machine, whose visible units are 0 or 1: make the data binary")

    def forward(self, x: Tensor) -> Tensor:
        """-log p_theta(x), (B,) in nats, exact, of `x` (B, d): as an energy of x it has log Z = 0.

        Sums over all states, one hidden layer after the other. ValueError above MAX_UNITS hidden units.
        """
        layers = self.units[1:]
        if sum(layers) > MAX_UNITS:
            raise ValueError(
                f"-log p(x) of a Helmholtz machine with hidden layers of {layers} units: 2^{sum(layers)}"
                f" hidden states are too many to enumerate, at most {MAX_UNITS} units can be; the"
                " importance-weighted bound estimates it"
            )
        log_p = torch.cat([_log_bernoulli(part, self.generative.top_bias) for part in self._states(-1)])
        for number in range(len(layers) - 1, 0, -1):
            log_p = torch.cat([self._marginal(number, part, log_p) for part in self._states(number)])
        return -self._marginal(0, x, log_p)

    def _marginal(self, number: int, below: Tensor, log_above: Tensor) -> Tensor:
        """log p(h_l) of the states `below` (n, n_l) of layer l = `number`, (n,).

        `log_above` (2^n_(l+1),) is log p(h_(l+1)) of all states of the layer above.
        """
        parts = []
        for states, log_p in zip(self._states(number + 1), log_above.split(CHUNK), strict=True):
            logits = self.generative.layers[number](states)
            # The log of a Bernoulli probability with the linear part as one product over all pairs of rows.
            constant = log_p - softplus(logits).sum(-1)
            parts.append(torch.addmm(constant, below, logits.T).logsumexp(1))
        return torch.stack(parts).logsumexp(0)

    def _states(self, number: int) -> Iterator[Tensor]:
        """All states of layer `number`, CHUNK of them at a time: (CHUNK, units)."""
        bias, units = self.generative.top_bias, self.units[number]
        for first in range(0, 2**units, CHUNK):
            yield all_states(units, bias, first, CHUNK)


def _log_bernoulli(states: Tensor, logits: Tensor) -> Tensor:
    """log of the Bernoulli probability of binary `states` (..., n), summed over the units: (...)."""
    return (states * logits - softplus(logits)).sum(-1)


def build(config: Config, shape: tuple[int, ...], classes: None) -> HelmholtzMachine:
    """The machine for states of `shape` (d,)."""
    return HelmholtzMachine(shape[0], config.layers)
