"""A composition on a published set needs classifiers of the attributes that it combines."""

import re
from pathlib import Path

import pytest

from ebmrepro.checks.load import load_params
from ebmrepro.params.base import ParamsError

RUNS = """
  faces:
    experiment: faces
    dataset: published
    train: {energy: colour_given, objective: cd, sampler: hmc, schedule: short,
      override: {energy: {condition: male}}}
    sample: {generation: shapes}
    evaluate: {evaluation: inception, override: {evaluation: {likelihood: null}}}
"""
COMPOSITIONS = """
  faces:
    experiment: faces
    dataset: published
    generation: shapes
    calibration: null
    expressions:
      men: {and: [{run: faces, is: "yes"}], weights: [1.0]}
"""
TABLES = """
  faces: {kind: composition, experiment: faces, caption: of faces}
"""


@pytest.fixture
def faces(workspace_folder, edit):
    """The micro params.yaml with a composition of faces."""
    for section, text in (("runs", RUNS), ("compositions", COMPOSITIONS), ("tables", TABLES)):
        edit(f"\n{section}:\n", f"\n{section}:{text}")


def test_one_whose_attributes_are_learnt_is_fine(faces):
    assert load_params().datasets["published"].classifier.attributes == ["young", "male"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (r"classifier: {attributes: [young, male], .*}", "classifier: null", "null"),
        ("attributes: [young, male]", "attributes: [young, smiling]", "for young, smiling alone"),
    ],
)
def test_one_without_a_judge_is_refused(faces, old, new, what):
    path = Path("params.yaml")
    pattern = re.escape(old).replace(re.escape(".*"), ".*")
    text, count = re.subn(pattern, new, path.read_text(encoding="utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError) as refused:
        load_params()
    assert str(refused.value).endswith(
        f"compositions.faces.dataset: samples are judged by datasets.published.classifier, which is {what}:"
        " add male to its attributes"
    )
