"""Inception's features in the reference file of `ebm prepare`, against some computed by hand in float64."""

import json

import numpy as np
import pytest
from catalogue_archives import make
from inception_stand_in import expected as by_hand
from inception_stand_in import make_weights
from PIL import Image
from stages_published import FOLDER, done, half_a_picture, publish_in, refused

from ebmrepro.evaluation.inception.prepare import references_from
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors

# A reference of 3 of the 10 training images, and of all 2 test images.
REFERENCES = {"few": {"split": "train", "count": 3}, "test": {"split": "test", "count": None}}


def _features(digest: str, **changes) -> dict:
    return {"weights": "weights", "sha256": {"legacy_tensorflow": digest}, "modes": ["legacy_tensorflow"],
            "references": REFERENCES, "kept": 2, "batch_size": 2} | changes  # fmt: skip


@pytest.fixture
def publish(workspace_folder, edit):
    """Put a set's files and its entry in place."""
    return publish_in(workspace_folder, edit)


def test_the_reference_file_holds_inceptions_references(publish, workspace_folder, ebm):
    (workspace_folder / "weights").mkdir()
    weights, stand_in = make_weights(workspace_folder / "weights")
    made = make("cifar10")
    publish("cifar10", made, inception=_features(weights.sha256))
    manifest = done(ebm)
    facts = {"sha256": weights.sha256, "published": False}
    assert manifest["reference"] == {"inception": {"legacy_tensorflow": facts}}
    tensors, metadata = map_tensors(FOLDER / "reference.safetensors")
    found = references_from(tensors, metadata, "legacy_tensorflow")
    assert found.keys() == {"few", "test"}
    origins = {name: (reference.origin.count, reference.origin.kept, reference.origin.seed)
               for name, reference in found.items()}  # fmt: skip
    assert origins == {"few": (3, 2, 3), "test": (2, 2, 3)}

    features, _ = by_hand(stand_in, np.concatenate([made.expected[part][0] for part in ("train", "test")]))
    train, test = features[:10], features[10:]
    assert found["test"].moments.mean == pytest.approx(test.mean(0), abs=1e-4)
    assert found["test"].moments.covariance == pytest.approx(np.cov(test.T), abs=1e-4)
    # Which three only the seed knows: those whose mean it is.
    trios = [(i, j, k) for i in range(10) for j in range(i) for k in range(j)]
    fitting = [
        trio for trio in trios if np.abs(train[list(trio)].mean(0) - found["few"].moments.mean).max() < 1e-4
    ]
    assert len(fitting) == 1
    (trio,) = fitting
    assert found["few"].moments.covariance == pytest.approx(np.cov(train[list(trio)].T), abs=1e-4)
    for kept in found["few"].features:
        assert min(np.abs(kept - train[place]).max() for place in trio) < 1e-4
    # The file itself says what it was computed from, and is the same the next time.
    assert metadata["inception/legacy_tensorflow/few"]["network"] == f"legacy_tensorflow {weights.sha256}"
    first = (FOLDER / "reference.safetensors").read_bytes()
    done(ebm)
    assert (FOLDER / "reference.safetensors").read_bytes() == first
    with pytest.raises(workspace.WorkspaceError, match="without references of mode clean"):
        references_from(tensors, metadata, "clean")


def test_an_image_folder_has_inceptions_references_beside_its_classifier(workspace_folder, edit, ebm):
    (workspace_folder / "weights").mkdir()
    weights, stand_in = make_weights(workspace_folder / "weights")
    rng = np.random.default_rng(0)
    for name in ("left", "right"):
        (workspace_folder / "pictures" / name).mkdir(parents=True)
        for number in range(6):
            picture = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(picture).save(workspace_folder / "pictures" / name / f"{number}.png")
    edit("minimum_accuracy: 0.1}\n    inception: null", "minimum_accuracy: 0}\n    inception: "
         + json.dumps(_features(weights.sha256)))  # fmt: skip
    ended = ebm("prepare", "pictures")
    assert ended.code == 0, ended.err
    folder = workspace.prepared("micro", "pictures")
    tensors, metadata = workspace.load_tensors(folder / "reference.safetensors")
    test = map_tensors(folder / "test.safetensors")[0]["x"]
    found = references_from(tensors, metadata, "legacy_tensorflow")
    features, _ = by_hand(stand_in, test)
    assert found["test"].moments.mean == pytest.approx(features.mean(0), abs=1e-4)
    assert found["test"].origin.count == len(test) and "features/train" in tensors
    reference = workspace.load_json(folder / "manifest.json")["reference"]
    assert (
        "classifier_test_accuracy" in reference
        and reference["inception"]["legacy_tensorflow"]["published"] is False
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": "nowhere"}, ("nowhere", "is missing", "get inception-2015-12-05.pt")),
        ({"sha256": {}}, ("has", "bytes and should have 95607719")),
        ({"sha256": {"legacy_tensorflow": "0" * 64}}, ("is another file", "0" * 64)),
        (
            {"references": {"many": {"split": "test", "count": 3}}},
            ("many asks for 3 test images, the data set has 2",),
        ),
    ],
    ids=["no weights", "not the published", "wrong hash", "too few images"],
)
def test_a_reference_that_cannot_be_made_is_refused_before_any_work(
    changes, words, publish, workspace_folder, ebm
):
    (workspace_folder / "weights").mkdir()
    weights, _ = make_weights(workspace_folder / "weights")
    publish("cifar10", make("cifar10"), inception=_features(weights.sha256) | changes)
    refused(ebm, *words)
    assert not FOLDER.exists()


def test_left_out_pictures_may_leave_too_few_for_a_reference(publish, workspace_folder, ebm):
    (workspace_folder / "weights").mkdir()
    weights, _ = make_weights(workspace_folder / "weights")
    two = {"both": {"split": "train", "count": 2}}
    publish("dtd", half_a_picture(), corrupt="skip", inception=_features(weights.sha256, references=two))
    refused(ebm, "a reference of 2 images cannot be drawn from 1")
