"""One classifier for each attribute of a labelled image set, trained on real images alone."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import torch

from ebmrepro.data.learnt import Images
from ebmrepro.evaluation.classifiers.network import Classifier, train_classifier
from ebmrepro.machine.progress import progress
from ebmrepro.params.datasets import ReferenceClassifier


class Classifiers:
    """Classifiers by attribute, in the order of their names; they judge which values a sample shows."""

    def __init__(self, classifiers: Mapping[str, Classifier]):
        self.classifiers = dict(sorted(classifiers.items()))

    def features(self, images: np.ndarray) -> np.ndarray:
        """Features (n, d), float64, of uint8 images (n, C, H, W): those of every classifier side by side."""
        return np.concatenate([model.features(images) for model in self.classifiers.values()], 1)

    def predict(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Value numbers (n,) by attribute of uint8 images (n, C, H, W)."""
        return {name: model.predict(images) for name, model in self.classifiers.items()}

    def joint_class(self, images: np.ndarray) -> tuple[np.ndarray, int]:
        """Which combination of predicted values each image shows, (n,), and how many there are."""
        classes = [model.output.out_features for model in self.classifiers.values()]
        return np.ravel_multi_index(tuple(self.predict(images).values()), classes), int(np.prod(classes))

    def tensors(self) -> dict[str, np.ndarray]:
        """All weights by name, for `classifiers_from_tensors`."""
        return {
            f"classifier/{attribute}/{name}": value.cpu().numpy()
            for attribute, model in self.classifiers.items()
            for name, value in model.state_dict().items()
        }


def train_classifiers(config: ReferenceClassifier, images: Images, classes: Mapping[str, int]) -> Classifiers:
    """Classifiers learnt from the training images; `classes` is the number of values of each attribute."""
    train, seed, device = images.parts["train"], images.seed, images.device
    with progress(f"prepare {images.name}, classifiers", len(classes) * config.epochs) as bar:
        return Classifiers(
            {
                name: train_classifier(train["x"], train[name], count, config, seed, device, bar.advance)
                for name, count in classes.items()
            }
        )


def classifiers_from_tensors(tensors: Mapping[str, np.ndarray]) -> Classifiers:
    """The classifiers whose `tensors` are among `tensors`, on the CPU."""
    weights: dict[str, dict[str, torch.Tensor]] = defaultdict(dict)
    for key, array in tensors.items():
        if key.startswith("classifier/"):
            _, attribute, name = key.split("/")
            # A copy: arrays may be maps of a file, which are read-only, and torch warns of them.
            weights[attribute][name] = torch.from_numpy(np.array(array))
    classifiers = {}
    for attribute, state in weights.items():
        halved = sum(name.startswith("halve.") and value.ndim == 4 for name, value in state.items())
        width, channels = state["halve.0.weight" if halved else "body.0.weight"].shape[:2]
        model = Classifier(channels, width, len(state["output.bias"]), halved)
        model.load_state_dict(state)
        classifiers[attribute] = model.eval()
    return Classifiers(classifiers)
