"""Everything that changes while a model is trained, and nothing else."""

import torch
from torch import Tensor, nn

from ebmrepro.data.streams import stream_seed
from ebmrepro.energies import build_energy
from ebmrepro.mcmc.negatives import NegativeSampler
from ebmrepro.params.root import TrainSettings
from ebmrepro.training.adam import Adam
from ebmrepro.training.average import AveragedWeights
from ebmrepro.training.guard import DivergenceGuard
from ebmrepro.training.log import TrainingLog


class TrainState:
    """Model, EMA, optimiser, replay buffer, random state, guard and log of one seed.

    `tensors` and `load` carry all of it: a state loaded from `tensors` goes on bit for bit. The position in
    the data is `iteration`, because batches depend on (seed, iteration) alone.
    """

    def __init__(
        self, settings: TrainSettings, like: Tensor, is_image: bool, seed: int, classes: int | None = None
    ):
        """`like`: one batch of data (B, ...) in the energy's units, on the training device.

        `classes`: how many values the attribute, or how many times the diffusion has, that a conditional
        energy is conditioned on.
        """
        self.iteration = 0
        torch.manual_seed(seed)
        self.energy = build_energy(settings.energy, tuple(like.shape[1:]), classes).to(like.device)
        self.parameters = list(self.energy.parameters())
        schedule = settings.schedule
        self.average = AveragedWeights(self.energy, schedule.ema_decay)
        self.optimizer = Adam(self.parameters, schedule.learning_rate, tuple(map(float, schedule.betas)))
        self.generator = torch.Generator(like.device).manual_seed(stream_seed(seed, "chains"))
        self.sampler = NegativeSampler(settings.sampler, like, is_image, self.generator)
        self.guard = DivergenceGuard(schedule.energy_limit, like.device)
        self.log = TrainingLog(settings.objective)

    def tensors(self) -> dict[str, Tensor]:
        """The whole state as named tensors."""
        state = {f"energy/{name}": value for name, value in self.energy.state_dict().items()}
        state |= {f"ema/{name}": value for name, value in self.average.model.state_dict().items()}
        state |= {f"optimizer/{name}": value for name, value in self.optimizer.tensors().items()}
        if self.sampler.buffer is not None:
            state |= {f"buffer/{key}": value for key, value in self.sampler.buffer.state().items()}
        return state | {
            "generator": self.generator.get_state(),
            "guard": self.guard.state(),
            "log": self.log.state(),
            "iteration": torch.tensor(self.iteration),
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """Continue from `tensors()` of an equally configured state."""
        self.energy.load_state_dict(_under(state, "energy/"))
        self.average.model.load_state_dict(_under(state, "ema/"))
        self.optimizer.load(_under(state, "optimizer/"))
        if self.sampler.buffer is not None:
            self.sampler.buffer.load_state(_under(state, "buffer/"))
        self.generator.set_state(state["generator"])
        self.guard.load_state(state["guard"])
        self.log.load_state(state["log"])
        self.iteration = int(state["iteration"])

    def model(self, weights: str) -> nn.Module:
        """The energy with `ema` or `raw` weights."""
        return self.average.model if weights == "ema" else self.energy


def _under(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: value for name, value in state.items() if name.startswith(prefix)}
