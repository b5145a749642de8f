"""Train one seed of one run."""

import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot
from torch.nn.utils import get_total_norm

from ebm.data.batches import Batches, dequantise
from ebm.data.streams import stream_seed
from ebm.energies.conditional import Given, rows
from ebm.objectives import build_objective
from ebm.params.energies import TIME
from ebm.params.root import TrainSettings
from ebm.progress import Progress
from ebm.training.checkpoint import load_checkpoint, save_checkpoint
from ebm.training.interrupt import Interrupted, StopSignal
from ebm.training.state import TrainState


class Training:
    """One seed of one run: `step` takes one iteration, `run` all that are left.

    `data` (n, ...): float32, or uint8 images that are dequantised anew in every batch. The host waits for the
    device only at logged iterations.
    """

    def __init__(self, settings: TrainSettings, data: Tensor, seed: int, labels: Tensor | None = None):
        """`labels` (n,), int64 from 0: the attribute that a conditional energy is conditioned on."""
        self.settings, self.seed = settings, seed
        self.batches = Batches(data, settings.schedule.batch_size, seed)
        like = torch.zeros(
            (settings.schedule.batch_size, *data.shape[1:]), dtype=torch.float32, device=data.device
        )
        self.conditions = None if labels is None else one_hot(labels).float()
        classes = None if labels is None else self.conditions.shape[1]
        if getattr(settings.energy, "condition", None) == TIME:
            classes = settings.objective.times
        self.state = TrainState(settings, like, data.dtype == torch.uint8, seed, classes)
        # What a binary machine would make of grey values is no error that anybody would see later.
        check = getattr(self.state.energy, "check_data", None)
        if check is not None:
            check(data)
        self.objective = build_objective(settings.objective)

    def step(self) -> dict[str, Tensor]:
        """One iteration; returns its logged scalars, still on the device."""
        state, schedule = self.state, self.settings.schedule
        data, energy = self._batch(state.generator)
        terms = self.objective(energy, data, state.sampler)

        parameters = state.parameters if energy is state.energy else list(energy.parameters())
        logged = dict(terms.logged)
        total: list[Tensor] | None = None
        for name, loss in terms.losses.items():
            # A term that is not there yet, as the entropy while the buffer fills, has no graph.
            if loss.requires_grad:
                gradients = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
            else:
                gradients = [torch.zeros_like(parameter) for parameter in parameters]
            norm = get_total_norm(gradients)
            logged[f"gradient_norm_{name}"] = norm
            total = list(gradients) if total is None else torch._foreach_add(total, list(gradients))
        if len(terms.losses) > 1:
            norm = get_total_norm(total)
        logged["loss"] = sum(loss.detach() for loss in terms.losses.values())
        logged["gradient_norm"] = norm
        energies = [logged[key] for key in ("energy_positive", "energy_negative") if key in logged]
        if len(energies) == 2:
            logged["energy_gap"] = energies[0] - energies[1]
        # Of an ensemble the members that stand still have no gradient.
        for parameter in state.parameters:
            parameter.grad = None
        for parameter, gradient in zip(parameters, total, strict=True):
            # torch's fused optimisers read a gradient by its place in memory and not by its strides: one that
            # comes back transposed would move the wrong weights.
            if gradient.stride() != parameter.stride():
                gradient = torch.empty_like(parameter).copy_(gradient)
            parameter.grad = gradient
        if schedule.clip_norm is not None:
            torch.nn.utils.clip_grads_with_norm_(parameters, schedule.clip_norm, norm)

        state.optimizer.found_inf = state.guard.observe(state.iteration, energies, norm)
        state.optimizer.step()
        state.ema.update_parameters(state.energy)
        state.iteration += 1
        return logged

    def _batch(self, generator: torch.Generator) -> tuple[Tensor, nn.Module]:
        """The data of the present iteration and the energy that is trained on them.

        Of an ensemble that is one member, drawn anew each iteration; a conditional energy comes with the
        conditions of its data, which its chains share.
        """
        state = self.state
        index = self.batches.index(state.iteration)
        data = dequantise(self.batches.data[index], generator)
        energy = state.energy
        if getattr(energy, "members", 1) > 1:
            energy = energy.member(stream_seed(self.seed, "member", state.iteration) % energy.members)
        if self.conditions is not None:
            energy = Given(energy, self.conditions[index])
        return data, energy

    def compare_truncation(self) -> dict[str, Tensor]:
        """The KL gradient through `kl_steps` beside that through the whole chain; nothing changes by it."""
        seed = stream_seed(self.seed, "comparison", self.state.iteration)
        data, energy = self._batch(torch.Generator(self.state.generator.device).manual_seed(seed))
        data = data[: self.settings.objective.kl_samples]
        energy = rows(energy, slice(0, len(data)))
        # In training mode spectral norm moves its vectors a little with every use.
        self.state.energy.eval()
        compared = self.objective.compare_truncation(energy, data, self.state.sampler, seed)
        self.state.energy.train()
        return compared

    def run(self, checkpoint: Path, stop: StopSignal, progress: Progress) -> tuple[int, str] | None:
        """Train to the end, to divergence or to a signal, resuming from `checkpoint` if it exists.

        Returns (iteration, cause) if the run diverged, else None. Raises Interrupted, after saving, when a
        signal asked the process to stop.
        """
        state, schedule = self.state, self.settings.schedule
        saved = load_checkpoint(checkpoint)
        if saved is not None:
            state.load(saved)
        progress.advance_to(state.iteration)
        compares = getattr(self.settings.objective, "compare_full", False)
        last_saved = time.monotonic()
        while state.iteration < schedule.iterations and not self._ended_by_guard():
            iteration = state.iteration
            due = iteration % schedule.log_every == 0 or iteration + 1 == schedule.iterations
            compared = self.compare_truncation() if due and compares else {}
            logged = self.step()
            if due:
                state.log.add(iteration, logged | compared)
            progress.advance()
            if stop.requested or time.monotonic() - last_saved > schedule.checkpoint_seconds:
                save_checkpoint(checkpoint, state.tensors())
                last_saved = time.monotonic()
            if stop.requested:
                raise Interrupted(stop.requested)
        save_checkpoint(checkpoint, state.tensors())
        return state.guard.diverged()

    def _ended_by_guard(self) -> bool:
        # Divergence ends a run at the next logged iteration, also when it was resumed in between.
        rows = self.state.log.rows
        if not rows or rows[-1][0] != self.state.iteration - 1:
            return False
        return self.state.guard.diverged() is not None
