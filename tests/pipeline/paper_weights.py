"""A network in the interface of inception-2015-12-05.pt that is quick on thousands of images.

What the interface is, and whether features are right, tests/evaluation/inception_stand_in.py is about; this
one looks at a few pixels of an image, since nothing here depends on how good its features are.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from ebmrepro.evaluation.inception.weights import weights_of
from ebmrepro.files.workspace import file_sha256

MODES = ("clean", "legacy_tensorflow")
SEEN, STEP = 13, 23


class Glance(nn.Module):
    """13x13 pixels of an image, one random layer of rectified units, one linear output."""

    def __init__(self):
        super().__init__()
        head = nn.Sequential(
            nn.Flatten(), nn.Linear(3 * SEEN**2, 2048), nn.ReLU(), nn.Unflatten(1, (2048, 1, 1))
        )
        # Of 299x299 pixels every 23rd.
        self.layers = nn.Sequential(nn.AvgPool2d(1, STEP), head)
        self.output = nn.Linear(2048, 1008)

    def forward(
        self,
        img: torch.Tensor,
        return_features: bool = False,
        use_fp16: bool = False,
        no_output_bias: bool = False,
    ) -> torch.Tensor:
        x = F.interpolate(img.to(torch.float32), [13, 13])
        features = self.layers[1]((x - 128) / 128).reshape(-1, 2048)
        if return_features:
            return features
        if no_output_bias:
            return F.softmax(F.linear(features, self.output.weight), dim=1)
        return F.softmax(self.output(features), dim=1)


def make_weights(folder: Path) -> dict[str, str]:
    """Write the network into `folder` under the published file's name; its SHA-256 by mode."""
    torch.manual_seed(0)
    (name,) = {weights_of(mode).file for mode in MODES}
    folder.mkdir(parents=True)
    torch.jit.script(Glance().eval()).save(str(folder / name))
    return dict.fromkeys(MODES, file_sha256(folder / name))
