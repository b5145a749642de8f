"""A classifier for each attribute that a data set asks for, learnt from its training images."""

import numpy as np
from sklearn.metrics import recall_score

from ebmrepro.data.learnt import Images, Learnt
from ebmrepro.evaluation.classifiers.by_attribute import train_classifiers
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.datasets import AttributeClassifiers


def learn(config: AttributeClassifiers, images: Images) -> Learnt:
    """The classifiers, and how well each knows the test images. Neither part is ever whole in memory.

    Raises WorkspaceError if one is below the minimum accuracy, or if the test images cannot tell.
    """
    least, values = config.minimum_accuracy, images.values
    test = images.parts["test"]
    for name in config.attributes if least else ():
        unseen = [value for number, value in enumerate(values[name]) if number not in test[name]]
        if unseen:
            some = ", ".join(unseen[:12]) + (f" and {len(unseen) - 12} more" if len(unseen) > 12 else "")
            raise WorkspaceError(
                f"{images.name}: no test image shows {some} of {name}, so that minimum_accuracy cannot be"
                f" judged: take more test images or take {name} out of the classifier's attributes"
            )
    model = train_classifiers(config, images, {name: len(values[name]) for name in config.attributes})
    measures = {}
    for name, predicted in model.predict(test["x"]).items():
        truth = test[name]
        accuracy = float((predicted == truth).mean())
        # The mean over the values that occur: labels says so, and keeps scikit-learn from warning of others.
        balanced = float(recall_score(truth, predicted, labels=np.unique(truth), average="macro"))
        commonest = float(np.bincount(truth).max() / len(truth))
        if balanced < least:
            raise WorkspaceError(
                f"{images.name}: the classifier of {name} reaches a balanced accuracy of {balanced:.4f} on"
                f" test images, below minimum_accuracy {least} (it is right on {accuracy:.4f} of them, and"
                f" always saying the commonest value would be on {commonest:.4f}): samples cannot be"
                " measured with it; train it longer or wider"
            )
        measures[f"classifier_test_accuracy_{name}"] = accuracy
        measures[f"classifier_balanced_accuracy_{name}"] = balanced
        measures[f"classifier_commonest_share_{name}"] = commonest
    return Learnt(model.tensors(), measures=measures)
