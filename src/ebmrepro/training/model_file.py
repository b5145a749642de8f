"""Trained models at rest: the file that `train` writes and later stages read."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from ebmrepro.energies import build_energy
from ebmrepro.energies.conditional import Given
from ebmrepro.files.workspace import WorkspaceError, load_json, load_tensors, run_file
from ebmrepro.params.root import ADAPTERS, Params


class ModelFile:
    """All seeds of a run's model. `shape` is that of a sample, `classes` how many values the attribute has
    that it is conditioned on, or None; of a time-dependent energy E(x, t) `marginals` are the kernels (a, s)
    from data to each of its `times`, and `diffusion` those from each time to the next, else None."""

    def __init__(self, path: Path, device: torch.device):
        """Raises WorkspaceError if the file is missing, damaged or no model."""
        self.path, self.device = path, device
        self._tensors, description = load_tensors(path)
        try:
            self.config = ADAPTERS["energy"].validate_python(description["energy"])
            self.objective = str(description["objective"])
            self.shape = tuple(description["shape"])
            self.is_image = bool(description["is_image"])
            self.seeds = list(description["seeds"])
            self.classes = description["classes"]
            diffusion = description["diffusion"] or dict.fromkeys(("marginals", "kernels"))
            self.marginals, self.diffusion = diffusion["marginals"], diffusion["kernels"]
        except (KeyError, TypeError, ValueError):
            raise WorkspaceError(f"{path} is not a model of this project") from None
        self.times = None if self.diffusion is None else len(self.diffusion)

    def energy(self, seed: int, weights: str) -> nn.Module:
        """The energy of one seed with `ema` or `raw` weights, not trainable: E(x, t_0) of one in time."""
        energy = self.conditional_energy(seed, weights)
        return energy if self.times is None else Given(energy, torch.eye(self.times, device=self.device)[:1])

    def conditional_energy(self, seed: int, weights: str) -> nn.Module:
        """As `energy`, but a time-dependent one still takes its time, one-hot, as a condition (B, times)."""
        prefix = f"{seed}/{weights}/"
        energy = build_energy(self.config, self.shape, self.times or self.classes)
        state = {
            name[len(prefix) :]: torch.from_numpy(array)
            for name, array in self._tensors.items()
            if name.startswith(prefix)
        }
        energy.load_state_dict(state)
        return energy.to(self.device).requires_grad_(False).eval()

    def buffer(self, seed: int) -> Tensor | None:
        """The replay buffer at the end of training (n, ...) in the energy's units, or None."""
        array = self._tensors.get(f"{seed}/buffer")
        if array is None:
            return None
        stored = torch.from_numpy(array).to(self.device)
        return (stored.float() + 0.5) / 256 if stored.dtype == torch.uint8 else stored


def trained_models(
    params: Params, experiment: str, device: torch.device
) -> Iterator[tuple[str, ModelFile, dict[str, dict]]]:
    """Each run of `experiment`: its name, its models, and how the training of each seed ended.

    Raises WorkspaceError if a file is missing or damaged.
    """
    for run in params.runs_of(experiment):
        path = run_file(params.preset, "train", experiment, run, ".safetensors")
        yield run, ModelFile(path, device), load_json(path.with_suffix(".json"))["seeds"]
