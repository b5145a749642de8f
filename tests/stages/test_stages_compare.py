"""compare at micro size: every run of its experiments, its metrics as evaluate wrote them, and its cost."""

from pathlib import Path

import pytest
from stages_commands import run_all

from ebmrepro.checks.load import load_params
from ebmrepro.files import workspace

RESULTS = Path("results/micro")
# The micro comparison without the images, whose classifiers take the longest.
RUNS = {"rings_icd": "icd", "rings_dcd": "dcd_time", "bars_rbm": "pcd", "bars_wake_sleep": "wake_sleep"}


@pytest.fixture
def compared(workspace_folder, ebm, edit):
    """The workspace after `compare methods`."""
    edit("{experiments: [rings, bars, digits], steps: 2", "{experiments: [rings, bars], steps: 2")
    commands = ["prepare rings", "prepare bars"]
    commands += [f"{stage} {run}" for run in RUNS for stage in ("train", "sample", "evaluate")]
    run_all(ebm, *commands, "compare methods")
    return workspace.load_json(RESULTS / "compare/methods/methods.json")


def test_all_runs_with_their_metrics_costs_and_seeds(compared):
    params = load_params()
    assert list(compared["runs"]) == sorted(RUNS)
    for run, found in compared["runs"].items():
        assert found["method"] == RUNS[run] and found["dataset"] == params.runs[run].dataset
        own = workspace.load_json(RESULTS / f"evaluate/{found['experiment']}/{run}.json")
        assert list(found["seeds"]) == [str(seed) for seed in params.seeds_of(run)]
        for seed, entry in found["seeds"].items():
            metrics = dict(entry["metrics"])
            assert metrics.pop("seconds_per_step") > 0
            passes = metrics.pop("forward_passes"), metrics.pop("backward_passes")
            assert metrics.pop("network_evaluations") == sum(passes)
            assert metrics == own["seeds"][seed]["metrics"]
            assert entry["outcome"] == "finished"
            # Chains of two steps and both sides of CD; three inner samples beside the data.
            expected = {"rings_dcd": (4, 4), "bars_rbm": (2, 0)}
            assert passes == expected.get(run, passes)
    assert set(compared["references"]) == {"rings", "bars"}
    assert compared["references"]["bars"]["true_test_log_likelihood"] < 0


def test_a_missing_metric_is_named_with_its_stage(compared, ebm):
    (RESULTS / "evaluate/bars/bars_rbm.json").unlink()
    ended = ebm("compare", "methods")
    assert ended.code == 1
    assert (
        "evaluate/bars/bars_rbm.json is missing: stage evaluate makes it: run `ebm evaluate bars_rbm`"
        in ended.err
    )


def test_a_run_has_its_own_seeds(compared):
    model, about = workspace.load_tensors(RESULTS / "train/bars/bars_rbm.safetensors")
    assert about["seeds"] == [3]
    assert {name.split("/")[0] for name in model} == {"3"}


def test_the_binary_metrics_say_how_they_were_found(compared):
    rbm = workspace.load_json(RESULTS / "evaluate/bars/bars_rbm.json")
    machine = workspace.load_json(RESULTS / "evaluate/bars/bars_wake_sleep.json")
    assert (rbm["likelihood"], machine["likelihood"]) == ("exact", "importance-weighted bound")
    # Test data are the distribution itself: KL is the entropy's distance from the cross-entropy.
    truth = rbm["reference"]["true_test_log_likelihood"]
    for result in (rbm, machine):
        for entry in result["seeds"].values():
            metrics = entry["metrics"]
            assert metrics["kl"] == pytest.approx(truth - metrics["test_log_likelihood"])
    assert all(entry["metrics"]["kl"] > 0 for entry in rbm["seeds"].values())
    drawn, _ = workspace.load_tensors(RESULTS / "evaluate/bars/bars_rbm.safetensors")
    assert (
        drawn["3/filters"].shape
        == drawn["3/originals"].shape
        == drawn["3/reconstructions"].shape
        == (3, 2, 2)
    )
    samples, about = workspace.load_tensors(RESULTS / "sample/bars/bars_rbm.safetensors")
    assert samples["3/samples"].shape == (16, 1, 2, 2) and set(samples["3/samples"].flat) <= {0, 255}
    assert about["chain"] == "gibbs" and samples["3/strip"].shape == (7, 3, 1, 2, 2)
