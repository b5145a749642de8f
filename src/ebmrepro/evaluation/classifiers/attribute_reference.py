"""A classifier for each attribute that a data set asks for, learnt from its training images."""

from ebmrepro.data.learnt import Images, Learnt
from ebmrepro.evaluation.classifiers.network import train_classifier
from ebmrepro.evaluation.classifiers.ruler import Ruler, accuracy
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.machine.progress import progress
from ebmrepro.params.datasets import AttributeClassifiers


def learn(config: AttributeClassifiers, images: Images) -> Learnt:
    """The classifiers, and how well each knows the test images. Neither part is ever whole in memory.

    Raises WorkspaceError if one is below the minimum accuracy, or if the test images cannot tell.
    """
    least, values = config.minimum_accuracy, images.values
    train, test = images.parts["train"], images.parts["test"]
    for name in config.attributes if least else ():
        unseen = [value for number, value in enumerate(values[name]) if number not in test[name]]
        if unseen:
            some = ", ".join(unseen[:12]) + (f" and {len(unseen) - 12} more" if len(unseen) > 12 else "")
            raise WorkspaceError(
                f"{images.name}: no test image shows {some} of {name}, so that minimum_accuracy cannot be"
                f" judged: take more test images or take {name} out of the classifier's attributes"
            )
    seed, device = images.seed, images.device
    with progress(f"prepare {images.name}, classifiers", len(config.attributes) * config.epochs) as bar:
        classifiers = {
            name: train_classifier(
                train["x"], train[name], config, seed, device, len(values[name]), bar.advance
            )
            for name in config.attributes
        }
    model = Ruler(classifiers)
    measures = {}
    for name, predicted in model.predict(test["x"]).items():
        found = accuracy(predicted, test[name])
        if found.balanced < least:
            raise WorkspaceError(
                f"{images.name}: the classifier of {name} reaches a balanced accuracy of {found.balanced:.4f}"
                f" on test images, below minimum_accuracy {least} (it is right on {found.overall:.4f} of"
                f" them, and always saying the commonest value would be on {found.commonest:.4f}): it is no"
                " ruler; train it longer or wider"
            )
        measures[f"classifier_test_accuracy_{name}"] = found.overall
        measures[f"classifier_balanced_accuracy_{name}"] = found.balanced
        measures[f"classifier_commonest_share_{name}"] = found.commonest
    return Learnt(model.tensors(), measures=measures)
