"""Golden losses: a few steps of each method on tiny data, whose numbers change only on purpose.

`python tests/training/golden.py` writes golden_losses.json anew.
"""

import json
from pathlib import Path

import torch
from torch import Tensor

from ebmrepro.params.root import ADAPTERS, Schedule, TrainSettings
from ebmrepro.training.loop import Training

FILE = Path(__file__).with_name("golden_losses.json")
STEPS = 5

MLP = {"kind": "mlp", "widths": [16, 16], "condition": None}
IN_TIME = MLP | {"condition": "time"}
RBM = {"kind": "rbm", "hidden": 6, "visible": "bernoulli"}
HELMHOLTZ = {"kind": "helmholtz", "layers": [5, 3]}
CD = {"kind": "cd", "energy_l2": 0.1}
ICD = {
    "kind": "icd",
    "energy_l2": 0.1,
    "kl_weight": 1.0,
    "entropy_weight": 0.3,
    "kl_samples": 12,
    "kl_steps": 2,
    "neighbours": 10,
    "nearest": 1,
    "entropy_after": 20,
    "compare_full": False,
}
DCD = {"kind": "dcd", "diffusion": "ve", "levels": [0.0, 0.4], "inner_samples": 3, "stabiliser": 1.0}
NONE = {"kind": "none"}
REPLAY = {
    "kind": "langevin",
    "steps": 3,
    "step_size": 0.02,
    "noise": 0.2,
    "anneal": False,
    "clamp": [-4.0, 4.0],
    "start": "replay",
    "start_box": [-4.0, 4.0],
    "buffer": {"kind": "fifo", "size": 60, "reinitialise": 0.05},
    "augmentation": None,
}
FROM_DATA = REPLAY | {"start": "data", "buffer": None}
CHAINS = {"kind": "chains", "size": 20, "reinitialise": 0.0}
PERSISTENT = REPLAY | {"start": "persistent", "buffer": CHAINS}
HMC = {
    "kind": "hmc",
    "steps": 2,
    "leapfrog_steps": 2,
    "step_size": 0.1,
    "metropolis": True,
    "clamp": None,
    "start": "noise",
    "start_box": [-4.0, 4.0],
    "buffer": None,
    "augmentation": None,
}
GIBBS = {"kind": "gibbs", "steps": 1, "start": "persistent", "buffer": CHAINS}

# By name, which begins with that of the method: energy, objective, sampler.
CASES = {
    "mle": (MLP, {"kind": "mle", "grid": {"box": [-5.0, 5.0], "cells": 24}}, NONE),
    "mle rbm": (RBM, {"kind": "mle", "grid": None}, NONE),
    "cd": (MLP, CD, REPLAY),
    "cd hmc": (MLP, CD, HMC),
    "cd_k": (MLP, CD, FROM_DATA),
    "pcd": (MLP, CD, PERSISTENT),
    "pcd rbm": (RBM, CD | {"energy_l2": 0.0}, GIBBS),
    "icd": (MLP, ICD, REPLAY),
    "icd_consistent": (MLP, ICD | {"entropy_weight": "consistent"}, REPLAY),
    "dsm": (MLP, {"kind": "dsm", "sigma": 0.15}, NONE),
    "ssm": (MLP, {"kind": "ssm", "projections": 2}, NONE),
    "dcd_ve": (MLP, DCD, NONE),
    "dcd_vp": (MLP, DCD | {"diffusion": "vp", "levels": [0.0, 0.1]}, NONE),
    "dcd_time": (IN_TIME, DCD | {"levels": [0.0, 0.4, 1.2]}, NONE),
    "wake_sleep": (HELMHOLTZ, {"kind": "wake_sleep"}, NONE),
}


def settings(name: str) -> TrainSettings:
    """The settings of a case."""
    schedule = Schedule(
        iterations=STEPS,
        batch_size=20,
        learning_rate=0.01,
        betas=[0.9, 0.999],
        clip_norm=None,
        ema_decay=0.9,
        log_every=1,
        checkpoint_seconds=60,
        energy_limit=1e6,
    )
    parts = zip(("energy", "objective", "sampler"), CASES[name], strict=True)
    return TrainSettings(*(ADAPTERS[key].validate_python(part) for key, part in parts), schedule)


def points() -> Tensor:
    """(40, 2): points around two circles."""
    angle = 2.4 * torch.arange(40)
    return torch.stack([angle.cos(), angle.sin()], 1) * (1 + torch.arange(40) % 2)[:, None]


def bars() -> Tensor:
    """(14, 9): the bars and the stripes of 3x3 binary pixels, each once but the empty and the full one."""
    lines = torch.tensor([[i >> bit & 1 for bit in range(3)] for i in range(8)]).float()
    stripes = lines[:, :, None].expand(8, 3, 3)
    return torch.cat([stripes, stripes[1:7].transpose(1, 2)]).flatten(1)


def measured(name: str) -> dict[str, list[float]]:
    """The loss and the norm of its gradient at each step of a case."""
    binary = CASES[name][0] in (RBM, HELMHOLTZ)
    training = Training(settings(name), bars() if binary else points(), seed=0)
    steps = [training.step() for _ in range(STEPS)]
    return {key: [float(step[key]) for step in steps] for key in ("loss", "gradient_norm")}


if __name__ == "__main__":
    torch.set_num_threads(1)
    lines = [f"{json.dumps(name)}: {json.dumps(measured(name))}" for name in CASES]
    FILE.write_text("{" + ",\n ".join(lines) + "}\n")
