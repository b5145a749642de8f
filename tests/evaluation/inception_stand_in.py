"""A small network in the true interface of inception-2015-12-05.pt, and what it computes in plain float64.

The file that clean-fid loads is a TorchScript module with `layers` (normalised 299x299 images to 2048
features in the shape of a pooling layer), `output` (weight (1008, 2048), bias) and a call that takes raw
images of any size, resizes them as TensorFlow 1 did and returns features, or probabilities with or without
the bias.
"""

from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ebmrepro.data.learnt import Images
from ebmrepro.evaluation.inception.features import Inception
from ebmrepro.evaluation.inception.prepare import learn
from ebmrepro.evaluation.inception.weights import weights_of
from ebmrepro.files.workspace import file_sha256
from ebmrepro.params.inception import InceptionFeatures

SIDE, CELL = 299, 23


class StandIn(nn.Module):
    """Means of 23x23 cells, one random layer of rectified units, one linear output."""

    def __init__(self):
        super().__init__()
        cells = 3 * (SIDE // CELL) ** 2
        self.layers = nn.Sequential(
            nn.AvgPool2d(CELL), nn.Flatten(), nn.Linear(cells, 2048), nn.ReLU(), nn.Unflatten(1, (2048, 1, 1))
        )
        self.output = nn.Linear(2048, 1008)
        with torch.no_grad():
            self.layers[2].weight.normal_(0, 0.3)
            self.layers[2].bias.normal_(0, 0.3)
            self.output.weight.normal_(0, 0.05)
            # Large, so that a probability with the bias cannot pass for one without.
            self.output.bias.normal_(0, 5)

    def forward(
        self,
        img: torch.Tensor,
        return_features: bool = False,
        use_fp16: bool = False,
        no_output_bias: bool = False,
    ) -> torch.Tensor:
        n, channels, height, width = img.shape
        theta = torch.eye(2, 3)
        theta[0, 2] = 1 / width - 1 / 299
        theta[1, 2] = 1 / height - 1 / 299
        grid = F.affine_grid(theta.unsqueeze(0).repeat(n, 1, 1), [n, channels, 299, 299], align_corners=False)
        x = F.grid_sample(
            img.to(torch.float32), grid, mode="bilinear", padding_mode="border", align_corners=False
        )
        features = self.layers((x - 128) / 128).reshape(-1, 2048)
        if return_features:
            return features
        if no_output_bias:
            return F.softmax(F.linear(features, self.output.weight), dim=1)
        return F.softmax(self.output(features), dim=1)


def make_weights(folder):
    """Write a stand-in into `folder` under the true name; its catalogue entry, and the network itself."""
    torch.manual_seed(0)
    network = StandIn().eval()
    entry = weights_of("clean")
    path = folder / entry.file
    torch.jit.script(network).save(str(path))
    facts = {"sha256": file_sha256(path), "size": path.stat().st_size}
    return entry.model_copy(update=facts), network


def inception_of(folder, mode, entry=None, batch_size=64, workers=1) -> Inception:
    """The network of `mode` from the file of `entry` in `folder`, of the published one if None."""
    config = InceptionFeatures(
        weights=str(folder), sha256={mode: entry.sha256} if entry else {}, modes=[mode],
        references={"train": {"split": "train", "count": None}}, kept=2, batch_size=batch_size,
    )  # fmt: skip
    return Inception(config, mode, torch.device("cpu"), workers)


def tensorflow_1_resize(count: int) -> np.ndarray:
    """TensorFlow 1's bilinear resize, a matrix (299, count): pixel i is at i * count / 299, edges repeat."""
    place = np.arange(SIDE) * count / SIDE
    low = np.floor(place).astype(int)
    matrix = np.zeros((SIDE, count))
    np.add.at(matrix, (np.arange(SIDE), low), 1 - (place - low))
    np.add.at(matrix, (np.arange(SIDE), np.minimum(low + 1, count - 1)), place - low)
    return matrix


def expected(network: StandIn, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 2048) and probabilities (n, 1008), float64, of uint8 images in mode legacy_tensorflow."""
    means = np.kron(np.eye(SIDE // CELL), np.full((1, CELL), 1 / CELL))
    down, across = (means @ tensorflow_1_resize(count) for count in images.shape[2:])
    cells = np.einsum("ah,nchw,bw->ncab", down, images.astype(np.float64), across, optimize=True)
    linear, output = network.layers[2], network.output
    weight, bias = (p.detach().double().numpy() for p in (linear.weight, linear.bias))
    features = np.maximum(((cells - 128) / 128).reshape(len(images), -1) @ weight.T + bias, 0)
    logits = features @ output.weight.detach().double().numpy().T
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return features, odds / odds.sum(1, keepdims=True)


def draw(count: int, seed: int, side: int = 32, spread: float = 60.0, channels: int = 3) -> np.ndarray:
    """Random uint8 images (count, channels, side, side), smooth enough to differ after averaging."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(128, spread, (count, channels, 4, 4)).repeat(side // 4, 2).repeat(side // 4, 3)
    return (coarse + rng.normal(0, spread / 3, coarse.shape)).clip(0, 255).astype(np.uint8)


def protocol(**changes) -> SimpleNamespace:
    """Settings of an evaluation of kind inception, which itself refuses counts as small as those of tests."""
    usual = {"counts": [], "splits": 10, "subsets": 100, "subset_size": 1000, "neighbours": 3}
    return SimpleNamespace(**usual | {"density_neighbours": 5, "seed": 0} | changes)


def references_of(config, images, seed):
    """Tensors and metadata that `prepare` keeps of uint8 `images` by part."""
    parts = {part: {"x": array} for part, array in images.items()}
    return learn(config, Images("stand-in", parts, {}, seed, torch.device("cpu"), 1))[:2]
