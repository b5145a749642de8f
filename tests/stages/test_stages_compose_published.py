"""Compositions of models of faces, from the published archive to the judged samples, at 128 pixels."""

from pathlib import Path

import numpy as np
import pytest
from catalogue_archives import make
from inception_stand_in import make_weights
from stages_commands import run_all
from stages_published import FOLDER, publish_in

from ebmrepro.evaluation.classifiers.by_attribute import classifiers_from_tensors
from ebmrepro.files import workspace

RESULTS = Path("results/micro")
RUN = """
  faces_{name}:
    experiment: faces
    dataset: own
    train:
      energy: colour_given
      objective: cd
      sampler: hmc
      schedule: short
      override:
        energy: {{condition: {name}, layout: celeba128}}
        schedule: {{iterations: 2, batch_size: 2}}
    sample: {{generation: shapes, override: {{generation: {{samples: 2}}}}}}
    evaluate: {{evaluation: inception, override: {{evaluation: {{likelihood: null}}}}}}"""
COMPOSITION = """
  faces:
    experiment: faces
    dataset: own
    generation: faces
    calibration: null
    expressions:
      young_female:
        and: [{run: faces_young, is: "yes"}, {run: faces_male, is: "no"}]
        weights: [1.0, 1.0]
      not_male:
        and: [{run: faces_young, is: "yes"}, {not: {run: faces_male, is: "yes"}, weight: 0.1}]
        weights: [1.0, 1.0]
      male:
        and: [{run: faces_male, is: "yes"}]
        weights: [1.0]
"""
# Two chains of three steps.
GENERATION = """
  faces: {kind: langevin, weights: ema, start: noise, start_box: [0.0, 1.0], samples: 2, rounds: 1, steps: 3,
    final_steps: 0, step_size: 10.0, noise: 0.01, anneal: false, clamp: [0.0, 1.0], augmentation: null,
    strip_chains: 1, strip_frames: 2, long_chains: null}
"""
CLASSIFIER = {
    "attributes": ["young", "male"],
    "epochs": 2,
    "batch_size": 2,
    "width": 3,
    "minimum_accuracy": 0.0,
}


@pytest.fixture
def composed(workspace_folder, edit, ebm):
    """The metrics file and the tensors of `compose faces`, from CelebA-HQ's archive and two models of it."""
    (workspace_folder / "weights").mkdir()
    weights, _ = make_weights(workspace_folder / "weights")
    inception = {"weights": "weights", "sha256": {"legacy_tensorflow": weights.sha256},
                 "modes": ["legacy_tensorflow"], "references": {"few": {"split": "train", "count": 2}},
                 "kept": 2, "batch_size": 2}  # fmt: skip
    settings = {"train": "all", "test": "all", "size": 128, "classifier": CLASSIFIER, "inception": inception}
    publish_in(workspace_folder, edit)("celeba_hq", make("celeba_hq"), **settings)
    edit("\nruns:", "\nruns:" + RUN.format(name="young") + RUN.format(name="male"))
    edit("\ngenerations:\n", "\ngenerations:" + GENERATION)
    edit("\ncompositions:\n", "\ncompositions:" + COMPOSITION)
    table = "{kind: composition, experiment: faces, caption: Faces.}"
    edit("\ntables:\n", f"\ntables:\n  faces: {table}\n")
    run_all(ebm, "prepare own", "train faces_young", "train faces_male", "sample faces_male", "compose faces")
    path = RESULTS / "compose/faces/faces"
    return workspace.load_json(path.with_suffix(".json")), workspace.load_tensors(
        path.with_suffix(".safetensors")
    )[0]


def test_samples_are_judged_by_the_sets_classifiers(composed, ebm):
    result, tensors = composed
    judge = classifiers_from_tensors(workspace.load_tensors(FOLDER / "reference.safetensors")[0])
    for seed in ("0", "1"):
        for key, truth in {
            "young_female": lambda found: (found["young"] == 1) & (found["male"] == 0),
            "not_male": lambda found: (found["young"] == 1) & (found["male"] == 0),
            "male": lambda found: found["male"] == 1,
        }.items():
            samples = tensors[f"{seed}/{key}"]
            assert samples.shape == (2, 3, 128, 128) and samples.dtype == np.uint8
            expected = truth(judge.predict(samples))
            assert (tensors[f"{seed}/{key}/correct"] == expected).all()
            assert result["seeds"][seed]["metrics"][f"accuracy_{key}"] == expected.mean()
    assert (tensors["0/young_female"] != tensors["0/not_male"]).any()
    assert (tensors["0/young_female"] != tensors["1/young_female"]).any()

    # The shares and words are those of the annotation.
    labels = make("celeba_hq").expected["all"][1]
    young, male = (np.array(labels[name]) == 1 for name in ("young", "male"))
    assert result["chance"] == {
        "young_female": (young & ~male).mean(),
        "not_male": (young & ~male).mean(),
        "male": male.mean(),
    }
    assert len({share for share in result["chance"].values()}) == 2
    assert result["words"] == {
        "young_female": "young AND not male",
        "not_male": "young AND NOT male",
        "male": "male",
    }
    # A table of it is made, which says the same.
    run_all(ebm, "table faces")
    assert "young AND not male" in Path("paper_figures/micro/faces.md").read_text(encoding="utf-8")
