"""A classifier of small images trained on the data set's own labels.

Its features stand where Inception's stand in the FID. Numbers measured with it compare models on one data
set with each other; they are not Inception FIDs and are never put beside one.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ebmrepro.evaluation.units import as_unit
from ebmrepro.params.base import Section
from ebmrepro.params.datasets import ReferenceClassifier

LEARNING_RATE = 2e-3
# Images of 32 x 32 pixels that are looked at at a time, and as many pixels of larger ones.
CHUNK = 512
# Pixels a side: images larger than the first are halved until they are no larger than the second, so that the
# convolutions see parts of an object and not its texture alone.
LARGEST, HALVED = 32, 16


def halvings(side: int) -> int:
    """How often images of `side` pixels, the longer side, are halved before the classifier's own layers."""
    count = 0
    while side > LARGEST or (count and side > HALVED):
        side, count = side // 2, count + 1
    return count


def quarter_means(maps: Tensor) -> Tensor:
    """The mean of each quarter of maps (B, C, H, W), (B, C, 2, 2); quarters of odd sides overlap by one."""
    rows, columns = ((slice(0, -(-n // 2)), slice(n // 2, n)) for n in maps.shape[2:])
    means = [maps[:, :, row, column].mean((2, 3)) for row in rows for column in columns]
    return torch.stack(means, -1).unflatten(-1, (2, 2))


class QuarterMeans(nn.Module):
    """`quarter_means`, or torch's own function for it where its gradient is deterministic: not on CUDA."""

    def forward(self, maps: Tensor) -> Tensor:
        """Means (B, C, 2, 2) of maps (B, C, H, W)."""
        return quarter_means(maps) if maps.is_cuda else F.adaptive_avg_pool2d(maps, 2)


class Classifier(nn.Module):
    """Three 3x3 convolutions, quarters' means, a hidden layer of 2 * width features, one linear output.

    Before them `halved` stages of a 3x3 convolution, normalised over channels and pixels (without that, small
    trials at 128 pixels stayed at chance), and the mean of 2x2 pixels.
    """

    def __init__(self, channels: int, width: int, classes: int, halved: int = 0):
        super().__init__()
        stages = []
        for _ in range(halved):
            convolution = nn.Conv2d(channels, width, 3, padding=1)
            stages += [convolution, nn.GroupNorm(1, width), nn.SiLU(), nn.AvgPool2d(2)]
            channels = width
        self.halve = nn.Sequential(*stages)
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.SiLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.SiLU(),
            QuarterMeans(),
            nn.Flatten(),
            nn.Linear(8 * width, 2 * width),
            nn.SiLU(),
        )
        self.output = nn.Linear(2 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) in [0, 1]."""
        return self.output(self._hidden(images))

    def _hidden(self, images: Tensor) -> Tensor:
        return self.body(self.halve(images * 2 - 1))

    @torch.no_grad()
    def features(self, images: np.ndarray) -> np.ndarray:
        """Features (n, 2 * width), float64, of uint8 images (n, C, H, W), which may be mapped from a file."""
        return torch.cat([self._hidden(part).cpu() for part in self._parts(images)]).double().numpy()

    @torch.no_grad()
    def predict(self, images: np.ndarray) -> np.ndarray:
        """Class numbers (n,) of uint8 images (n, C, H, W), which may be mapped from a file."""
        return torch.cat([self(part).argmax(1).cpu() for part in self._parts(images)]).numpy()

    def _parts(self, images: np.ndarray) -> Iterator[Tensor]:
        """The images as `forward` takes them, some at a time."""
        device, pixels = self.output.weight.device, images.shape[2] * images.shape[3]
        rows = min(CHUNK, -(-CHUNK * LARGEST**2 // pixels))
        for start in range(0, max(len(images), 1), rows):
            # A copy: torch warns of maps, which are read-only.
            yield as_unit(np.array(images[start : start + rows])).to(device)


def train_classifier(
    images: np.ndarray,
    labels: np.ndarray,
    classes: int,
    config: ReferenceClassifier,
    seed: int,
    device: torch.device,
    advance: Callable[[], None] = lambda: None,
) -> Classifier:
    """A classifier fitted to uint8 images (n, C, H, W) and int64 labels (n,) by Adam on cross-entropy.

    The images may be mapped: one batch at a time is in memory. `advance` is called after each epoch.
    """
    torch.manual_seed(seed)
    halved = getattr(config, "halvings", halvings(max(images.shape[2:])))
    distortion = getattr(config, "distortion", None)
    move = _shifted if distortion is None else distorted(distortion)
    model = Classifier(images.shape[1], config.width, classes, halved).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    steps = config.epochs * -(-len(images) // config.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2 * LEARNING_RATE, total_steps=steps)
    for _ in range(config.epochs):
        for batch in torch.randperm(len(images)).split(config.batch_size):
            # take, not [], which keeps odd strides: torch would choose other kernels for grey images.
            x, y = (np.take(array, batch.numpy(), axis=0) for array in (images, labels))
            x, y = as_unit(x).to(device), torch.from_numpy(y).to(device)
            loss = F.cross_entropy(model(move(x)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        advance()
    return model.eval()


def _shifted(images: Tensor) -> Tensor:
    """A batch moved by up to an eighth of its side in each direction, edge pixels repeated."""
    height, width = images.shape[2:]
    reach = width // 8
    top, left = torch.randint(2 * reach + 1, (2,)).tolist()
    padded = F.pad(images, [reach] * 4, mode="replicate")
    return padded[:, :, top : top + height, left : left + width]


def distorted(config: Section) -> Callable[[Tensor], Tensor]:
    """Maps each image of a batch by an affine map of its own, `config` (a Distortion) its limits; edge pixels
    repeated. Random numbers are those of torch's own generator."""
    from kornia.augmentation import RandomAffine

    return RandomAffine(
        config.degrees,
        translate=(config.shift, config.shift),
        scale=(1 - config.scale, 1 + config.scale),
        shear=config.shear,
        padding_mode="border",
        p=1.0,
    )
