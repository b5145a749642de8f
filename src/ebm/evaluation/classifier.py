"""The ruler for small images: a classifier trained on the data set's own labels.

Its features stand where Inception's stand in the FID. Numbers measured with it compare models on one data
set with each other; they are not Inception FIDs and are never put beside one.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ebm.params.datasets import ClassifierRuler

LEARNING_RATE = 2e-3


def as_unit(images: np.ndarray | Tensor) -> Tensor:
    """uint8 levels v as (v + 1/2) / 256, the middle of what training sees; float32, same shape."""
    return (torch.as_tensor(images).float() + 0.5) / 256


class Classifier(nn.Module):
    """Three 3x3 convolutions, global mean, one hidden layer of 2 * width features, one linear output."""

    def __init__(self, channels: int, width: int, classes: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.SiLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.SiLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(8 * width, 2 * width),
            nn.SiLU(),
        )
        self.output = nn.Linear(2 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, C, H, W) in [0, 1]."""
        return self.output(self.body(images * 2 - 1))

    @torch.no_grad()
    def features(self, images: np.ndarray) -> np.ndarray:
        """Features (n, 2 * width), float64, of uint8 images (n, C, H, W)."""
        device = self.output.weight.device
        parts = as_unit(images).split(512)
        return torch.cat([self.body(part.to(device) * 2 - 1).cpu() for part in parts]).double().numpy()

    @torch.no_grad()
    def predict(self, images: np.ndarray) -> np.ndarray:
        """Class numbers (n,) of uint8 images (n, C, H, W)."""
        device = self.output.weight.device
        parts = as_unit(images).split(512)
        return torch.cat([self(part.to(device)).argmax(1).cpu() for part in parts]).numpy()


def train_classifier(
    images: np.ndarray, labels: np.ndarray, config: ClassifierRuler, seed: int, device: torch.device
) -> Classifier:
    """A classifier fitted to uint8 images (n, C, H, W) and int64 labels (n,) by Adam on cross-entropy."""
    torch.manual_seed(seed)
    model = Classifier(images.shape[1], config.width, int(labels.max()) + 1).to(device)
    x, y = as_unit(images).to(device), torch.from_numpy(labels).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    steps = -(-len(x) // config.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=2 * LEARNING_RATE, total_steps=config.epochs * steps
    )
    for _ in range(config.epochs):
        for index in torch.randperm(len(x)).to(device).split(config.batch_size):
            loss = F.cross_entropy(model(_shifted(x[index])), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model.eval()


def _shifted(images: Tensor) -> Tensor:
    """A batch moved by up to an eighth of its side in each direction, edge pixels repeated."""
    height, width = images.shape[2:]
    reach = width // 8
    top, left = torch.randint(2 * reach + 1, (2,)).tolist()
    padded = F.pad(images, [reach] * 4, mode="replicate")
    return padded[:, :, top : top + height, left : left + width]
