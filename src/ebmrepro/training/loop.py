"""Train one seed of one run."""

import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ebmrepro.data.batches import dequantise
from ebmrepro.data.host_batches import HostData, batches_of
from ebmrepro.data.streams import stream_seed
from ebmrepro.energies.conditional import Given, rows
from ebmrepro.machine.progress import Progress
from ebmrepro.params.energies import TIME
from ebmrepro.params.root import TrainSettings
from ebmrepro.training.checkpoint import load_checkpoint, save_checkpoint
from ebmrepro.training.interrupt import Interrupted, StopSignal
from ebmrepro.training.state import TrainState


class Training:
    """One seed of one run: `step` takes one iteration, `run` all that are left.

    `data` (n, ...): float32, or uint8 images that are dequantised anew in every batch; a tensor on the
    training device, or HostData. The host waits for the device only at logged iterations.
    """

    def __init__(
        self, settings: TrainSettings, data: Tensor | HostData, seed: int, labels: Tensor | None = None
    ):
        """`labels` (n,), int64 from 0: the attribute that a conditional energy is conditioned on."""
        self.settings, self.seed = settings, seed
        self.batches = batches_of(data, settings.schedule.batch_size, seed)
        like = torch.zeros(
            (settings.schedule.batch_size, *data.shape[1:]), dtype=torch.float32, device=data.device
        )
        self.conditions = None if labels is None else one_hot(labels).float()
        classes = None if labels is None else self.conditions.shape[1]
        if getattr(settings.energy, "condition", None) == TIME:
            classes = settings.objective.times
        self.state = TrainState(settings, like, data.dtype == torch.uint8, seed, classes)
        self.members = getattr(self.state.energy, "members", 1)
        # What a binary machine would make of grey values is no error that anybody would see later.
        check = getattr(self.state.energy, "check_data", None)
        if check is not None:
            check(data)
        self.objective = settings.objective.build()

    def step(self) -> dict[str, Tensor]:
        """One iteration; returns its logged scalars, still on the device."""
        state, schedule = self.state, self.settings.schedule
        data, energy = self._batch(state.generator)
        terms = self.objective(energy, data, state.sampler)

        own = None if energy is state.energy else list(energy.parameters())
        parameters = state.parameters if own is None else own
        logged = terms.logged
        total, whole = None, None
        for name, loss in terms.losses.items():
            gradients = terms.gradients[name] if terms.gradients else _gradients(loss, parameters)
            norm = _norm(gradients)
            if f"gradient_norm_{name}" in state.log.columns:
                logged[f"gradient_norm_{name}"] = norm
            total = gradients if total is None else torch._foreach_add(total, gradients)
            whole = loss.detach() if whole is None else whole + loss.detach()
        if len(terms.losses) > 1:
            norm = _norm(total)
        logged["loss"] = whole
        logged["gradient_norm"] = norm
        energies = [logged[key] for key in ("energy_positive", "energy_negative") if key in logged]
        if len(energies) == 2:
            logged["energy_gap"] = energies[0] - energies[1]
        if schedule.clip_norm is not None:
            # As torch.nn.utils.clip_grad_norm_ does, without parameters to hold the gradients.
            # Not in place: autograd may hand out one tensor as the gradient of two parameters.
            total = torch._foreach_mul(total, (schedule.clip_norm / (norm + 1e-6)).clamp(max=1.0))

        left_out = state.guard.observe(energies, norm)
        # Of an ensemble the members that stand still have no step.
        state.optimizer.step(total, left_out, own)
        state.average.update(first=state.iteration == 0)
        state.iteration += 1
        return logged

    def _batch(self, generator: torch.Generator) -> tuple[Tensor, nn.Module]:
        """The data of the present iteration and the energy that is trained on them.

        Of an ensemble that is one member, drawn anew each iteration; a conditional energy comes with the
        conditions of its data, which its chains share.
        """
        state = self.state
        data = dequantise(self.batches.at(state.iteration), generator)
        energy = state.energy
        if self.members > 1:
            energy = energy.member(stream_seed(self.seed, "member", state.iteration) % self.members)
        if self.conditions is not None:
            energy = Given(energy, self.conditions[self.batches.index(state.iteration)])
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


def _gradients(loss: Tensor, parameters: list[nn.Parameter]) -> list[Tensor]:
    """d loss / d parameters; zeros where there is none."""
    # A term that is not there yet, as the entropy while the buffer fills, has no graph.
    if not loss.requires_grad:
        return [torch.zeros_like(parameter, requires_grad=False) for parameter in parameters]
    return list(torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True))


def _norm(gradients: list[Tensor]) -> Tensor:
    """Euclidean norm over all of `gradients`, which share a device and a dtype."""
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
