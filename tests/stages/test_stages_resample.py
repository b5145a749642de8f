"""resample at micro size: what a run whose own protocol it is would have drawn and measured."""

from pathlib import Path

import numpy as np
import pytest
from stages_commands import run_all

from ebmrepro.files import workspace

RESULTS = Path("results/micro")


@pytest.fixture
def resampled(workspace_folder, ebm, edit):
    """What protocol from_noise gave, then what its run gives with the same generation as its own."""
    run_all(ebm, "prepare digits", "train digits_cd", "resample from_noise")
    place = RESULTS / "resample/digits/from_noise"
    protocol = (
        workspace.load_json(place.with_suffix(".json")),
        workspace.load_tensors(place.with_suffix(".safetensors")),
    )
    edit("sample: {generation: images}", "sample: {generation: shapes}")
    run_all(ebm, "sample digits_cd", "evaluate digits_cd")
    own = workspace.load_json(RESULTS / "evaluate/digits/digits_cd.json")
    return protocol, own, workspace.load_tensors(RESULTS / "sample/digits/digits_cd.safetensors")


def test_it_is_what_the_run_would_give_with_that_generation(resampled):
    (result, (tensors, about)), own, (samples, described) = resampled
    assert about == described
    assert {name: tensors[name].tobytes() for name in samples} == {
        name: array.tobytes() for name, array in samples.items()
    }
    assert result["protocol"] == "from_noise" and result["source"] == "nobody"
    assert result["generation"]["samples"] == 12 and result["generation"]["start"] == "noise"
    assert {key: result[key] for key in own} == own
    assert all(np.isfinite(result["seeds"][seed]["metrics"]["classifier_frechet"]) for seed in ("0", "1"))


def test_an_unknown_protocol_is_refused_with_the_nearest_name(workspace_folder, ebm):
    ended = ebm("resample", "from_nose")
    assert ended.code == 2
    assert "protocols has no 'from_nose'; did you mean 'from_noise'?" in ended.err
