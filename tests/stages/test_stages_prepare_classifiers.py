"""Classifiers of a published set's attributes: learnt from its training images, judged on its test images."""

import numpy as np
import pytest
from catalogue_archives import make
from inception_stand_in import make_weights
from sklearn.metrics import accuracy_score, balanced_accuracy_score
from stages_faces import bright_faces
from stages_published import FOLDER, done, publish_in, refused

from ebmrepro.evaluation.classifiers.by_attribute import classifiers_from_tensors
from ebmrepro.evaluation.inception.prepare import references_from
from ebmrepro.files import workspace

FACES = {"train": 60, "test": 30}
FEW = {"epochs": 6, "batch_size": 10, "width": 4, "minimum_accuracy": 0.0}


@pytest.fixture
def publish(workspace_folder, edit):
    """Put a set's files and its entry in place."""
    place = publish_in(workspace_folder, edit)
    # Validation has no images: a count is one at least, and nothing reads it.
    return lambda made, **settings: place("celeba_hq", made, size=64, **settings)


def _faces(**how):
    made = bright_faces(FACES, **how)
    return made._replace(expected=made.expected | {"validation": (np.empty((1, 0)), {})})


def test_accuracies_are_those_of_the_stored_classifiers_on_test_images(publish, ebm):
    publish(_faces(), classifier=FEW | {"attributes": ["young", "male"]})
    measures = done(ebm)["reference"]
    tensors, _ = workspace.load_tensors(FOLDER / "reference.safetensors")
    model = classifiers_from_tensors(tensors)
    assert model.classifiers.keys() == {"male", "young"}
    test = workspace.load_tensors(FOLDER / "test.safetensors")[0]
    predicted = model.predict(test["x"])
    expected = {}
    for name in ("young", "male"):
        both = test[name], predicted[name]
        expected |= {f"classifier_test_accuracy_{name}": accuracy_score(*both),
                     f"classifier_balanced_accuracy_{name}": balanced_accuracy_score(*both),
                     f"classifier_commonest_share_{name}": np.bincount(test[name]).max() / 30}  # fmt: skip
    assert measures == pytest.approx(expected, abs=1e-12)
    assert measures["classifier_commonest_share_young"] == 0.8
    # What is to be seen was learnt.
    assert measures["classifier_balanced_accuracy_male"] > 0.9
    first = (FOLDER / "reference.safetensors").read_bytes()
    done(ebm)
    assert (FOLDER / "reference.safetensors").read_bytes() == first


def test_the_test_images_teach_nothing(publish, ebm):
    """Where they say the opposite of the training images, the classifier is wrong on them."""
    publish(_faces(brightness={"test": -1}), classifier=FEW | {"attributes": ["male"]})
    assert done(ebm)["reference"]["classifier_balanced_accuracy_male"] < 0.1


def test_one_that_only_knows_what_is_common_is_refused(publish, ebm):
    """Four in five are young and nothing shows it: 0.8 are right and nothing is known."""
    publish(_faces(), classifier=FEW | {"attributes": ["male", "young"], "minimum_accuracy": 0.75})
    refused(
        ebm,
        "own: the classifier of young reaches a balanced accuracy of 0.5",
        "below minimum_accuracy 0.75",
        "always saying the commonest value would be on 0.8000",
        "train it longer or wider",
    )


def test_a_value_that_no_test_image_shows_cannot_be_judged(publish, ebm):
    publish(_faces(), classifier=FEW | {"attributes": ["smiling"], "minimum_accuracy": 0.1})
    refused(ebm, "own: no test image shows yes of smiling", "take more test images")


def test_it_stands_beside_inceptions_references(publish, workspace_folder, ebm):
    (workspace_folder / "weights").mkdir()
    weights, _ = make_weights(workspace_folder / "weights")
    inception = {"weights": "weights", "sha256": {"legacy_tensorflow": weights.sha256},
                 "modes": ["legacy_tensorflow"], "references": {"few": {"split": "train", "count": 3}},
                 "kept": 2, "batch_size": 3}  # fmt: skip
    few = FEW | {"attributes": ["male"], "epochs": 1}
    publish(_faces(), classifier=few, inception=inception)
    measures = done(ebm)["reference"]
    assert measures.keys() == {
        "inception",
        *(f"classifier_{what}_male" for what in ("test_accuracy", "balanced_accuracy", "commonest_share")),
    }
    tensors, metadata = workspace.load_tensors(FOLDER / "reference.safetensors")
    assert references_from(tensors, metadata, "legacy_tensorflow").keys() == {"few"}
    assert classifiers_from_tensors(tensors).classifiers.keys() == {"male"}


def test_values_that_no_training_image_shows_are_values(workspace_folder, edit, ebm):
    """Of four images of SVHN, which show the digits 0, 1, 5 and 9, one."""
    publish = publish_in(workspace_folder, edit)
    publish("svhn", make("svhn"), classifier=FEW | {"attributes": ["label"]}, train_limit=1)
    done(ebm)
    assert workspace.load_tensors(FOLDER / "train.safetensors")[0]["label"].max() < 9
    model = classifiers_from_tensors(workspace.load_tensors(FOLDER / "reference.safetensors")[0])
    test = workspace.load_tensors(FOLDER / "test.safetensors")[0]["x"]
    assert model.joint_class(test)[1] == 10
