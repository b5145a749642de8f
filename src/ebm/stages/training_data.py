"""What a run is trained on, as `prepare` wrote it."""

import torch
from torch import Tensor

from ebm import workspace
from ebm.params import Params
from ebm.params.energies import TIME


def training_data(params: Params, run: str, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """The data (n, ...) and, for an energy conditioned on an attribute, its labels (n,), else None.

    Raises WorkspaceError if the file is missing or damaged.
    """
    folder = workspace.prepared(params.preset, params.runs[run].dataset)
    arrays = workspace.load_tensors(folder / "train.safetensors")[0]
    attribute = getattr(params.resolve(run, "energy"), "condition", None)
    labels = None if attribute in (None, TIME) else torch.from_numpy(arrays[attribute]).to(device)
    return torch.from_numpy(arrays["x"]).to(device), labels
