"""The classifiers of a data set's own labels; their features of both parts are the Frechet references."""

from ebmrepro.data.learnt import Images, Learnt
from ebmrepro.evaluation.classifiers.by_attribute import train_classifiers
from ebmrepro.evaluation.samples.frechet import frechet_distance
from ebmrepro.files.workspace import WorkspaceError
from ebmrepro.params.datasets import ReferenceClassifier


def learn(config: ReferenceClassifier, images: Images) -> Learnt:
    """A classifier for each attribute, features of both parts, and how well each knows the test images.

    Raises WorkspaceError if one is below the minimum accuracy.
    """
    train, test = images.parts["train"], images.parts["test"]
    classes = {name: int(labels.max()) + 1 for name, labels in train.items() if name != "x"}
    model = train_classifiers(config, images, classes)
    measures = {}
    for attribute, predicted in model.predict(test["x"]).items():
        accuracy = float((predicted == test[attribute]).mean())
        if accuracy < config.minimum_accuracy:
            raise WorkspaceError(
                f"{images.name}: the classifier of {attribute} reaches {accuracy:.4f} on test images, below"
                f" minimum_accuracy {config.minimum_accuracy}: samples cannot be measured with it;"
                " train it longer or wider"
            )
        suffix = "" if attribute == "label" else f"_{attribute}"
        measures[f"classifier_test_accuracy{suffix}"] = accuracy
    features = {part: model.features(arrays["x"]) for part, arrays in images.parts.items()}
    distance = frechet_distance(features["train"], features["test"])
    measures["classifier_frechet_train_to_test"] = distance
    tensors = {f"features/{part}": array for part, array in features.items()}
    return Learnt(tensors | model.tensors(), measures=measures)
