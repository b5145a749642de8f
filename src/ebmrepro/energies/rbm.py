"""The restricted Boltzmann machine, its hidden units summed out.

    E(v, h) = -b^T v - c^T h - v^T W h               v in {0, 1}^d  (bernoulli)
    E(v, h) = |v - b|^2 / 2 - c^T h - v^T W h        v in R^d       (gaussian, unit variance)

    F(v) = -log sum_h exp(-E(v, h)) = -b^T v  or  |v - b|^2 / 2,  minus  sum_j softplus(c_j + W_:j^T v)

h in {0, 1}^m, softplus(a) = log(1 + e^a), p(v) = exp(-F(v)) / Z. Smolensky (1986); Hinton, "Training products
of experts by minimizing contrastive divergence" (2002); for real v Welling, Rosen-Zvi and Hinton (2004).
"""

import math
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import linear
from torch.utils.checkpoint import checkpoint

from ebmrepro.energies.binary import all_states, coins, refuse_real_valued, softplus
from ebmrepro.params.energies import MAX_UNITS
from ebmrepro.params.energies.rbm import RBMEnergy as Config

# So many units are enumerated at once: 2^14 states beside 128 units are 8 MB.
CHUNK_UNITS = 14


class RBM(nn.Module):
    """F(v), the free energy, as an energy like any other; its conditionals and its log Z.

    Parameters: `visible_bias` b (d,), `hidden_bias` c (m,), `weight` W (d, m). Initial weights are
    N(0, 0.01^2) from torch's global random state, biases 0 (Hinton, "A practical guide to training restricted
    Boltzmann machines", 2010).
    """

    def __init__(self, visible_units: int, hidden_units: int, visible: str = "bernoulli"):
        """`visible`: bernoulli or gaussian."""
        super().__init__()
        self.visible = visible
        self.visible_bias = nn.Parameter(torch.zeros(visible_units))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden_units))
        self.weight = nn.Parameter(0.01 * torch.randn(visible_units, hidden_units))

    def forward(self, v: Tensor, drive: Tensor | None = None) -> Tensor:
        """F(v), (B,) in nats, of visible states `v` (B, d); `drive`: `hidden_drive(v)` where it is known."""
        drive = self.hidden_drive(v) if drive is None else drive
        hidden = softplus(drive).sum(1)
        if self.visible == "gaussian":
            return 0.5 * (v - self.visible_bias).square().sum(1) - hidden
        return -torch.addmv(hidden, v, self.visible_bias)

    def hidden_drive(self, v: Tensor) -> Tensor:
        """c + W^T v, the log-odds (B, m) of the hidden units given `v` (B, d)."""
        return torch.addmm(self.hidden_bias, v, self.weight)

    def visible_drive(self, h: Tensor) -> Tensor:
        """b + W h, (B, d), given `h` (B, m): log-odds of binary visible units, the mean of real ones."""
        return linear(h, self.weight, self.visible_bias)

    def visible_mean(self, h: Tensor) -> Tensor:
        """E[v | h], (B, d), given hidden states `h` (B, m): P(v_i = 1 | h) if they are binary."""
        drive = self.visible_drive(h)
        return drive if self.visible == "gaussian" else drive.sigmoid()

    def sample_hidden(self, v: Tensor, generator: torch.Generator) -> Tensor:
        """h ~ p(h | v), (B, m) of 0.0 and 1.0, given `v` (B, d)."""
        return coins(self.hidden_drive(v).sigmoid(), generator)

    def noisy_visible(self, drive: Tensor, generator: torch.Generator) -> Tensor:
        """v ~ p(v | h), (B, d), whose log-odds, or means if they are real, are `drive` (B, d)."""
        if self.visible == "gaussian":
            noise = torch.randn(drive.shape, generator=generator, device=drive.device, dtype=drive.dtype)
            return drive + noise
        return coins(drive.sigmoid(), generator)

    def check_data(self, x: Tensor) -> None:
        """ValueError if `x` (n, d) are no states of the visible units: real-valued ones are not binary."""
        if self.visible == "bernoulli":
            advice = "make the data binary or choose visible: gaussian"
            refuse_real_valued(x, f"an RBM with binary visible units, which are 0 or 1: {advice}")

    @torch.no_grad()
    def contrastive_gradients(self, v_pos: Tensor, v_neg: Tensor) -> tuple[Tensor, list[Tensor]]:
        """F of data `v_pos` (B, d) and chain ends `v_neg` (B, d), together (2, B), and the gradients of
        L_CD = mean F(v_pos) - mean F(v_neg) by b, c and W, the parameters in their order:

            dF/dW = -v h^T,   dF/dc = -h = -sigmoid(c + W^T v),   dF/db = -v  (bernoulli),  b - v  (gaussian)

        They are autograd's for a third of its calls, which are what a small machine's step costs.
        """
        v = torch.cat([v_pos, v_neg])
        drive = self.hidden_drive(v)
        energies = self(v, drive).view(2, -1)
        h = drive.sigmoid_()
        # -1/B for the data, 1/B for the chain ends: the means and their difference in one product each.
        side = v.new_full((len(v),), 1 / len(v_pos))
        side[: len(v_pos)].neg_()
        return energies, [torch.mv(v.T, side), torch.mv(h.T, side), v.T @ h.mul_(side[:, None])]

    def log_partition(self) -> Tensor:
        """log Z in nats, a scalar, differentiable; by enumeration of the side with fewer units, and with real
        visible units of the hidden side. ValueError if it has more than MAX_UNITS units.
        """
        if self.visible == "gaussian" or len(self.hidden_bias) <= len(self.visible_bias):
            side, own, weight = "hidden", self.hidden_bias, self.weight.T
        else:
            side, own, weight = "visible", self.visible_bias, self.weight
        if len(own) > MAX_UNITS:
            raise ValueError(
                f"log Z of an RBM of {len(self.visible_bias)} {self.visible} visible and"
                f" {len(self.hidden_bias)} hidden units: its 2^{len(own)} {side} states are too many to"
                f" enumerate, at most {MAX_UNITS} units can be; annealed importance sampling estimates it"
            )
        # A state is its low units, all of whose states are held, and its high units, one by one: drives add.
        split = min(len(own), CHUNK_UNITS)
        low, high = all_states(split, own), all_states(len(own) - split, own)
        low_own, low_drive = low @ own[:split], low @ weight[:split]
        high_own, high_drive = high @ own[split:], high @ weight[split:]

        def part(low_own: Tensor, low_drive: Tensor, high_own: Tensor, high_drive: Tensor) -> Tensor:
            summed_out = self._other_side_summed_out(side, low_drive + high_drive)
            return (low_own + high_own + summed_out).logsumexp(0)

        evaluate = part
        if len(high) > 1 and low_drive.requires_grad:
            # The backward pass computes each part anew instead of keeping them all.
            evaluate = partial(checkpoint, part, use_reentrant=False, preserve_rng_state=False)
        parts = [evaluate(low_own, low_drive, *above) for above in zip(high_own, high_drive, strict=True)]
        return torch.stack(parts).logsumexp(0)

    def _other_side_summed_out(self, side: str, drive: Tensor) -> Tensor:
        """log sum over the units opposite to `side`, whose drive by it is `drive` (n, units): (n,)."""
        if side == "hidden" and self.visible == "gaussian":
            # int exp(-|v - b|^2 / 2 + v^T u) dv = (2 pi)^(d/2) exp(b^T u + |u|^2 / 2)
            volume = 0.5 * len(self.visible_bias) * math.log(2 * math.pi)
            return (drive * (self.visible_bias + 0.5 * drive)).sum(1) + volume
        return softplus((self.visible_bias if side == "hidden" else self.hidden_bias) + drive).sum(1)


def build(config: Config, shape: tuple[int, ...], classes: None) -> RBM:
    """The machine for states of `shape` (d,)."""
    return RBM(shape[0], config.hidden, config.visible)
