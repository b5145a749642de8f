"""Diffusion contrastive divergence (arXiv 2307.01668), by Monte Carlo.

    D = KL(p_0 | q_0) - KL(p_T | q_T) >= 0,      q_0 = exp(-E_theta) / Z(theta)

p_T and q_T are what a diffusion without parameters makes of p_0 = p_D and of the model. With the Gaussian
kernel y = a x + s xi, xi ~ N(0, I), Z(theta) cancels: D = L - H(p_0) + H(p_T),

    L = E_x[ E_theta(x) ] + E_y[ log E_xi'[ exp(-E_theta(x')) ] ] - d log a,      x' = (y + s xi') / a

    L ~ mean_i log( w/M + 1/M sum_j exp( E_theta(x_i) - E_theta(x'_ij) ) ) - d log a

with M inner samples x'_ij of each y_i. For VE this is the energy discrepancy of Schroeder et al. (2023,
arXiv 2307.06431), whence the stabiliser w. A short diffusion tends to score matching, a long one to maximum
likelihood.

w = 0: the logarithm of a mean is biased, by -Var_j / 2M of the summands over their squared mean, and not
bounded below: with finite M the loss falls for ever where the energy digs holes at single data points that
no x' ever meets. w > 0 is a floor, log(w/M), and vanishes as M grows. w = 1 moreover is, up to log M, the
cross-entropy of telling x_i among (x_i, x'_i1, ..., x'_iM): given y all of them come from one law but for the
weight p_D(x), so that E = -log p_D + constant is the minimum for every M (conditional noise-contrastive
estimation, Ceylan and Gutmann, 2018; the ranking loss of Ma and Collins, 2018).

proposal: reference. Of an energy E = E_G + f, the density of a Gaussian but for f (energies/tilted.py), the
x' may come from q(x' | y), what that Gaussian says of the x that became y, in the place of the kernel. Then

    L = mean_i log( w/M + 1/M sum_j exp( f(x_i) - f(x'_ij) ) ) + constant

is the same integral over x', by importance sampling: N(y; a x', s^2) e^{-E(x')} / q(x' | y) is e^{-f(x')} but
for a factor without theta. All that is said of w holds. With the kernel's x' neighbouring levels must be so
near that a sum over all d values does not tell x from x' by the amount of noise alone, and each x' says
little; q's have the right amount, and the coarse structure, at any distance of levels.

Any diffusion with Gaussian kernels can take the place of another. One that knows nothing of theta carries x
at one level to y at a later one, and its inverse for a given y, x' above, draws from the x that could have
become y, all x alike.

    variance exploding    a = 1               s^2 = sigma_{i+1}^2 - sigma_i^2     level: noise sigma
    variance preserving   a = e^{-(T - t)}    s^2 = 1 - a^2                       level: time t

Variance preserving is dX = -X dt + sqrt(2) dW (Ornstein-Uhlenbeck), whose stationary law is N(0, I).

The time-dependent form is the sum over levels of the one-step divergences from t_i to t_{i+1}, with p_{t_i}
for the data and E_theta(x, t_i) for the energy.
"""

import itertools
import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ebmrepro.energies.conditional import Given
from ebmrepro.objectives.terms import Terms
from ebmrepro.params.objectives.dcd import DiffusionContrastiveDivergence as Config


class Kernel(NamedTuple):
    """y = `scale` x + `noise` xi; numbers, or tensors that broadcast over x."""

    scale: float | Tensor
    noise: float | Tensor

    def diffuse(self, x: Tensor, xi: Tensor) -> Tensor:
        """y for `x` and standard normal `xi`, both (B, ...)."""
        return self.scale * x + self.noise * xi

    def invert(self, y: Tensor, xi: Tensor) -> Tensor:
        """An x that could have become `y` (B, ...), for standard normal `xi` (..., B, ...)."""
        return (y + self.noise * xi) / self.scale


def variance_exploding(earlier: float, later: float) -> Kernel:
    """From noise of standard deviation `earlier` >= 0 to `later`; ValueError unless that is more."""
    if not 0 <= earlier < later:
        raise ValueError(f"the noise of a VE diffusion must grow from 0 or more, got {earlier} to {later}")
    return Kernel(1.0, math.sqrt((later - earlier) * (later + earlier)))


def variance_preserving(earlier: float, later: float) -> Kernel:
    """From time `earlier` >= 0 to `later`; ValueError unless that is later."""
    if not 0 <= earlier < later:
        raise ValueError(f"the horizon of a VP diffusion must be above 0, got times {earlier} to {later}")
    return Kernel(math.exp(earlier - later), math.sqrt(-math.expm1(2 * (earlier - later))))


DIFFUSIONS = {"ve": variance_exploding, "vp": variance_preserving}


def kernels(config: Config) -> list[Kernel]:
    """The kernels from each level to the next; ValueError if a level is not above the one before."""
    between = DIFFUSIONS[config.diffusion]
    return [between(earlier, later) for earlier, later in itertools.pairwise(config.ladder)]


def marginals(config: Config) -> list[Kernel]:
    """What makes samples of p_{t_i} from data, for each level but the last; level 0 leaves them alone."""
    between = DIFFUSIONS[config.diffusion]
    return [between(0.0, level) if level else Kernel(1.0, 0.0) for level in config.ladder[:-1]]


def diffusion_contrastive_divergence(
    energy: nn.Module, x: Tensor, inner: Tensor, stabiliser: float = 0.0
) -> tuple[Tensor, Tensor]:
    """log( w/M + 1/M sum_j exp(E(x_i) - E(x'_ij)) ) of each point (B,), and E(x_i) (B,).

    `x` (B, ...), `inner` (M, B, ...) the samples x'_ij, `stabiliser` w >= 0. The mean over points is L of the
    module's docstring but for the constant -d log a.
    """
    count, batch = inner.shape[:2]
    energies = energy(torch.cat([x, inner.flatten(0, 1)]))
    e_data, e_inner = energies[:batch], energies[batch:].view(count, batch)
    differences = e_data - e_inner
    if stabiliser:
        differences = torch.cat([differences, torch.full_like(differences[:1], math.log(stabiliser))])
    return differences.logsumexp(0) - math.log(count), e_data


def _relative(
    energy: Given, x: Tensor, y: Tensor, kernel: Kernel, xi: Tensor, stabiliser: float
) -> tuple[Tensor, Tensor]:
    """As `diffusion_contrastive_divergence`, by inner samples from the energy's Gaussian, given `y`."""
    model, condition = energy.energy, energy.condition
    inner = model.posterior(y, condition, kernel, xi)
    tilt = Given(model.tilt, condition)
    terms, tilts = diffusion_contrastive_divergence(tilt, x, inner, stabiliser)
    return terms, tilts + model.gaussian(x, condition)


class DiffusionContrastiveDivergence:
    """L as an objective, one-step or time-dependent. Needs no chain, only random numbers."""

    def __init__(self, config: Config):
        """Raises ValueError if a level is not above the one before."""
        self.config, self.kernels, self.marginals = config, kernels(config), marginals(config)
        # Rows: a and s of the marginals, a and s of the kernels; columns: times.
        columns = [(*start, *step) for start, step in zip(self.marginals, self.kernels, strict=True)]
        self.table = torch.tensor(columns, dtype=torch.float64).T
        self.one_hot = torch.eye(config.times)

    @property
    def diffusion(self) -> dict[str, list[Kernel]]:
        """The kernels from data to each time, and from each time to the next."""
        return {"marginals": self.marginals, "kernels": self.kernels}

    def __call__(self, energy: nn.Module, data: Tensor, sampler) -> Terms:
        """Terms for one batch (B, ...), of which `sampler` gives the generator alone.

        In the time-dependent form each row is used at one time, and `times` times their mean is an unbiased
        estimate of the sum over times at the cost of one. Rows take the times in turn from a random first.
        """
        config, generator = self.config, sampler.generator
        # Only the first call copies them.
        self.table, self.one_hot = self.table.to(data.device), self.one_hot.to(data.device)
        chosen = self.table.to(data.dtype)
        if config.times > 1:
            first = torch.randint(config.times, (1,), generator=generator, device=data.device)
            time = (torch.arange(len(data), device=data.device) + first) % config.times
            chosen, energy = chosen[:, time], Given(energy, self.one_hot[time])
        a_data, s_data, a, s = chosen.view(4, -1, *[1] * (data.dim() - 1))
        kernel = Kernel(a, s)

        def noise(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator, device=data.device, dtype=data.dtype)

        x = data
        if config.times > 1 or config.ladder[0]:
            x = Kernel(a_data, s_data).diffuse(data, noise(*data.shape))
        y = kernel.diffuse(x, noise(*x.shape))
        xi = noise(config.inner_samples, *x.shape)
        if config.proposal == "reference":
            terms, energies = _relative(energy, x, y, kernel, xi, config.stabiliser)
            loss = config.times * terms.mean()
        else:
            inner = kernel.invert(y, xi)
            terms, energies = diffusion_contrastive_divergence(energy, x, inner, config.stabiliser)
            loss = config.times * (terms.mean() - data[0].numel() * a.log().mean())
        logged = {"energy_positive": energies.mean().detach(), "loss_dcd": loss.detach()}
        return Terms(losses={"dcd": loss}, logged=logged)
