"""The ruler for a labelled image set: one classifier for each of its attributes.

Trained on real images alone; its features stand where Inception's stand in the FID, its predictions judge
which attributes a sample shows.
"""

from collections.abc import Mapping

import numpy as np
import torch

from ebmrepro.evaluation.classifiers.network import Classifier, classifier_from


class Ruler:
    """Classifiers by attribute, in the order of their names."""

    def __init__(self, classifiers: dict[str, Classifier]):
        self.classifiers = dict(sorted(classifiers.items()))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Features (n, d), float64, of uint8 images (n, C, H, W): those of every classifier side by side."""
        return np.concatenate([model.features(images) for model in self.classifiers.values()], 1)

    def predict(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Value numbers (n,) by attribute of uint8 images (n, C, H, W)."""
        return {name: model.predict(images) for name, model in self.classifiers.items()}

    def joint_class(self, images: np.ndarray) -> tuple[np.ndarray, int]:
        """Which combination of predicted values each image shows, (n,), and how many there are."""
        joint, count = np.zeros(len(images), dtype=np.int64), 1
        for name, values in self.predict(images).items():
            classes = self.classifiers[name].output.out_features
            joint, count = joint * classes + values, count * classes
        return joint, count

    def tensors(self) -> dict[str, np.ndarray]:
        """All weights by name, for `from_tensors`."""
        return {
            f"classifier/{attribute}/{name}": value.cpu().numpy()
            for attribute, model in self.classifiers.items()
            for name, value in model.state_dict().items()
        }


def ruler_from_tensors(tensors: Mapping[str, np.ndarray]) -> Ruler:
    """The ruler whose `tensors` are among `tensors`, on the CPU."""
    weights: dict[str, dict[str, torch.Tensor]] = {}
    for key, array in tensors.items():
        if key.startswith("classifier/"):
            _, attribute, name = key.split("/")
            # A copy: arrays may be maps of a file, which are read-only, and torch warns of them.
            weights.setdefault(attribute, {})[name] = torch.from_numpy(np.array(array))
    return Ruler({attribute: classifier_from(state) for attribute, state in weights.items()})
