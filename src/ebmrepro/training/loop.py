"""Train one seed of one run."""

import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ebmrepro.data.batches import dequantise
from ebmrepro.data.host_batches import HostData, batches_of
from ebmrepro.data.streams import stream_seed
from ebmrepro.energies import build_energy
from ebmrepro.energies.conditional import Given, rows
from ebmrepro.machine.progress import Progress
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.objectives.terms import loss_gradients
from ebmrepro.params.root import TrainSettings
from ebmrepro.training.adam import Adam, AveragedWeights
from ebmrepro.training.buffer_distance import BufferDistance
from ebmrepro.training.checkpoint import Interrupted, StopSignal, load_checkpoint, save_checkpoint
from ebmrepro.training.guard import DivergenceGuard
from ebmrepro.training.log import TrainingLog


class Training:
    """One seed of one run: `step` takes one iteration, `run` all that are left.

    `tensors` and `load` carry all that changes meanwhile, and a loaded training goes on bit for bit: batches
    depend on (seed, iteration) alone. The host waits for the device only at logged iterations.
    """

    def __init__(
        self, settings: TrainSettings, data: Tensor | HostData, seed: int, labels: Tensor | None = None
    ):
        """`data` (n, ...): float32, or uint8 images that are dequantised anew in every batch; a tensor on the
        training device, or HostData. `labels` (n,), int64 from 0: the condition of a conditional energy.
        """
        schedule, device, shape = settings.schedule, data.device, tuple(data.shape[1:])
        objective = settings.objective.resolved(settings.energy, settings.sampler, shape)
        settings = settings._replace(objective=objective)
        self.settings, self.seed, self.iteration = settings, seed, 0
        self.batches = batches_of(data, schedule.batch_size, seed)
        self.conditions = None if labels is None else one_hot(labels).float()
        classes = None if labels is None else self.conditions.shape[1]
        if settings.energy.timed:
            classes = settings.objective.times
        torch.manual_seed(seed)
        self.energy = build_energy(settings.energy, shape, classes).to(device)
        # A binary machine takes grey values without an error, and nobody would see it later.
        if hasattr(self.energy, "check_data"):
            self.energy.check_data(data)
        self.objective = settings.objective.build()
        if settings.energy.noisy:
            self.energy.set_noise(self.objective.marginals)
        self.parameters = list(self.energy.parameters())
        self.average = AveragedWeights(self.energy, schedule.ema_decay)
        self.optimizer = Adam(self.parameters, tuple(map(float, schedule.betas)))
        self.generator = torch.Generator(device).manual_seed(stream_seed(seed, "chains"))
        like = torch.zeros((schedule.batch_size, *shape), dtype=torch.float32, device=device)
        self.sampler = NegativeSampler(settings.sampler, like, data.dtype == torch.uint8, self.generator)
        self.guard = DivergenceGuard(schedule.energy_limit, device)
        self.log = TrainingLog(settings.objective, settings.sampler)
        measured = "buffer_distance" in self.log.columns
        self.buffer_distance = BufferDistance(data, seed) if measured else None

    def _parts(self) -> dict:
        """All that has a `state_dict`, as torch's modules have."""
        parts = {
            "energy": self.energy,
            "ema": self.average.model,
            "optimizer": self.optimizer,
            "buffer": self.sampler.buffer,
            "guard": self.guard,
            "log": self.log,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def tensors(self) -> dict[str, Tensor]:
        """The whole state as named tensors."""
        state = {"generator": self.generator.get_state(), "iteration": torch.tensor(self.iteration)}
        for group, part in self._parts().items():
            state |= {f"{group}/{name}": value for name, value in part.state_dict().items()}
        return state

    def load(self, state: dict[str, Tensor]) -> None:
        """Continue from `tensors()` of an equally configured training."""
        self.generator.set_state(state["generator"])
        self.iteration = int(state["iteration"])
        for group, part in self._parts().items():
            names = [name for name in state if name.startswith(f"{group}/")]
            part.load_state_dict({name.partition("/")[2]: state[name] for name in names})

    def model(self, weights: str) -> nn.Module:
        """The energy with `ema` or `raw` weights."""
        return self.average.model if weights == "ema" else self.energy

    def step(self) -> dict[str, Tensor]:
        """One iteration; returns its logged scalars, still on the device."""
        data, energy = self._batch(self.generator)
        terms = self.objective(energy, data, self.sampler)

        # The other members of an ensemble stand still.
        parameters = self.parameters if energy is self.energy else list(energy.parameters())
        logged = terms.logged
        total, whole = None, None
        for name, loss in terms.losses.items():
            gradients = terms.gradients[name] if terms.gradients else loss_gradients(loss, parameters)
            norm = _norm(gradients)
            if f"gradient_norm_{name}" in self.log.columns:
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
        clip_norm = self.settings.schedule.clip_norm
        if clip_norm is not None:
            # As torch.nn.utils.clip_grad_norm_, but not in place: autograd may hand out one tensor as the
            # gradient of two parameters.
            total = torch._foreach_mul(total, (clip_norm / (norm + 1e-6)).clamp(max=1.0))

        rate = self.settings.schedule.rate(self.iteration)
        self.optimizer.step(parameters, total, rate, left_out=self.guard.observe(energies, norm))
        self.average.update(first=self.iteration == 0)
        self.iteration += 1
        return logged

    def _batch(self, generator: torch.Generator) -> tuple[Tensor, nn.Module]:
        """The data of the present iteration and the energy that is trained on them.

        An ensemble trains one member, drawn anew each iteration. A conditional energy comes with the
        conditions of its data, which its chains share.
        """
        data = dequantise(self.batches.at(self.iteration), generator)
        energy, members = self.energy, getattr(self.energy, "members", 1)
        if members > 1:
            energy = energy.energies[stream_seed(self.seed, "member", self.iteration) % members]
        if self.conditions is not None:
            energy = Given(energy, self.conditions[self.batches.index(self.iteration)])
        return data, energy

    def compare_truncation(self) -> dict[str, Tensor]:
        """The KL gradient through `kl_steps` beside that through the whole chain; nothing changes by it."""
        seed = stream_seed(self.seed, "comparison", self.iteration)
        data, energy = self._batch(torch.Generator(self.generator.device).manual_seed(seed))
        data = data[: self.settings.objective.kl_samples]
        energy = rows(energy, slice(0, len(data)))
        # In training mode spectral norm moves its vectors a little with every use.
        self.energy.eval()
        compared = self.objective.compare_truncation(energy, data, self.sampler, seed)
        self.energy.train()
        return compared

    def run(self, checkpoint: Path, stop: StopSignal, progress: Progress) -> tuple[int, str] | None:
        """Train to the end or to divergence, resuming from `checkpoint` if it exists.

        Returns (iteration, cause) if the run diverged, else None. After saving, Interrupted on a signal.
        """
        schedule = self.settings.schedule
        if saved := load_checkpoint(checkpoint):
            self.load(saved)
        progress.advance_to(self.iteration)
        compares = getattr(self.settings.objective, "compare_full", False)
        last_saved = time.monotonic()
        while self.iteration < schedule.iterations and not self._ended_by_guard():
            iteration = self.iteration
            due = self._logs_at(iteration)
            compared = self.compare_truncation() if due and compares else {}
            logged = self.step()
            if due:
                self._log(iteration, logged | compared)
            progress.advance()
            if stop.requested or time.monotonic() - last_saved > schedule.checkpoint_seconds:
                save_checkpoint(checkpoint, self.tensors())
                last_saved = time.monotonic()
            if stop.requested:
                raise Interrupted(stop.requested)
        save_checkpoint(checkpoint, self.tensors())
        return self.guard.diverged()

    def _logs_at(self, iteration: int) -> bool:
        schedule = self.settings.schedule
        return iteration % schedule.log_every == 0 or iteration + 1 == schedule.iterations

    def _log(self, iteration: int, logged: dict[str, Tensor]) -> None:
        """The row of an iteration; the last one of a run that diverged meanwhile is of the first bad step."""
        if diverged := self.guard.diverged():
            iteration, logged = diverged[0], self.guard.first_bad(logged)
        elif self.buffer_distance:
            logged = logged | {"buffer_distance": self.buffer_distance(self.sampler.buffer, iteration)}
        self.log.add(iteration, logged)

    def _ended_by_guard(self) -> bool:
        # Divergence ends a run at the next logged iteration, also when it was resumed in between.
        return self.iteration > 0 and self._logs_at(self.iteration - 1) and self.guard.diverged() is not None


def _norm(gradients: list[Tensor]) -> Tensor:
    """Euclidean norm over all of `gradients`, which share a device and a dtype."""
    return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
