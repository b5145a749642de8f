"""Exact likelihood is refused where it would sum over too many states, and where log Z is not known."""

from pathlib import Path

import pytest
import yaml

from ebmrepro.checks.load import load_params
from ebmrepro.params.base import ParamsError

MICRO = Path(__file__).parents[1] / "micro_params.yaml"


def _load(tmp_path, **changes):
    """The micro parameters with run bars_rbm trained by exact likelihood, and `changes` to its parts."""
    data = yaml.safe_load(MICRO.read_text(encoding="utf-8"))
    data["datasets"]["bits"] = {
        "kind": "binary_digits", "seed": 0, "test_fraction": 0.2,
        "threshold": 0.5,
    }  # fmt: skip
    run = data["runs"]["bars_rbm"]
    run["dataset"] = changes.get("dataset", "bits")
    run["train"] |= {"objective": "exact", "sampler": "no_chain"}
    data["energies"]["rbm"] |= changes.get("energy", {})
    run["train"]["energy"] = changes.get("name", "rbm")
    run["sample"] = {"generation": changes.get("generation", "gibbs")}
    run["evaluate"] = {"evaluation": changes.get("evaluation", "binary")}
    data["objectives"]["exact"] = {"kind": "mle", "grid": changes.get("grid")}
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return load_params(path)


def _refusal(tmp_path, **changes) -> str:
    with pytest.raises(ParamsError) as failure:
        _load(tmp_path, **changes)
    return str(failure.value)


def test_25_units_of_the_smaller_side_are_summed_over_and_26_are_not(tmp_path):
    _load(tmp_path, energy={"hidden": 25})
    assert (
        "runs.bars_rbm.train.objective: mle sums over all states of an RBM's smaller side, and 64 visible and"
        " 26 hidden units are more than 25: take cd, or fewer units"
    ) in _refusal(tmp_path, energy={"hidden": 26})
    # 4 visible units are few enough however many hidden ones there are.
    _load(tmp_path, dataset="bars", energy={"hidden": 500})


def test_real_visible_units_leave_the_hidden_side_alone(tmp_path):
    gaussian = {"dataset": "gaussian", "generation": "points", "evaluation": "gaussian"}
    _load(tmp_path, energy={"hidden": 25, "visible": "gaussian"}, **gaussian)
    found = _refusal(tmp_path, energy={"hidden": 26, "visible": "gaussian"}, **gaussian)
    assert "and 26 hidden units are more than 25" in found


def test_log_z_must_be_known(tmp_path):
    mlp = {"dataset": "rings", "name": "mlp", "generation": "points", "evaluation": "density"}
    assert "mle needs an energy whose log Z is known (gaussian, rbm) or a grid, not mlp" in _refusal(
        tmp_path, **mlp
    )
    _load(tmp_path, grid={"box": [-4.0, 4.0], "cells": 16}, **mlp)
    found = _refusal(tmp_path, grid={"box": [-4.0, 4.0], "cells": 16}, energy={"hidden": 3})
    assert "mle by a grid needs two real dimensions, not binary_digits data" in found
