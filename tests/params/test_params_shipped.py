"""The parameter files that ship: valid, and read alike by both YAML readers in play."""

from pathlib import Path

import pytest
import yaml
from ruamel.yaml import YAML

from ebmrepro.checks.load import load_params
from ebmrepro.params.root import Params

REPOSITORY = Path(__file__).parents[2]
SHIPPED = [REPOSITORY / "params.yaml", *sorted((REPOSITORY / "workflow" / "presets").glob("*.yaml"))]
MICRO = Path(__file__).parents[1] / "micro_params.yaml"


@pytest.mark.parametrize("path", [*SHIPPED, MICRO], ids=lambda path: path.name)
def test_is_valid(path):
    params = load_params(path)
    assert params.runs and params.seeds


@pytest.mark.parametrize("path", [*SHIPPED, MICRO], ids=lambda path: path.name)
def test_both_yaml_readers_see_the_same_values(path):
    """Snakemake reads YAML 1.1 through PyYAML, DVC and this package YAML 1.2 through ruamel."""

    def typed(node):
        if isinstance(node, dict):
            return {(type(key), key): typed(value) for key, value in node.items()}
        if isinstance(node, list):
            return [typed(value) for value in node]
        return type(node), node

    text = path.read_text(encoding="utf-8")
    assert typed(yaml.safe_load(text)) == typed(YAML(typ="safe", pure=True).load(text))


def test_values_never_change_after_loading():
    params = load_params(MICRO)
    with pytest.raises(ValueError, match="frozen"):
        params.seeds = [7]
    with pytest.raises(ValueError, match="frozen"):
        params.schedules["short"].iterations = 7


def test_overrides_resolve_for_their_run_alone():
    params = load_params(MICRO)
    assert params.resolve("rings_icd", "schedule").learning_rate == 0.002
    assert params.resolve("rings_icd", "objective").kl_weight == 0.5
    assert params.resolve("rings_icd", "generation").samples == 33
    assert params.resolve("digits_cd", "schedule").learning_rate == 0.01
    plain, changed = params.schedules["short"], params.resolve("rings_icd", "schedule")
    assert changed == plain.model_copy(update={"learning_rate": 0.002})
    settings = params.train_settings("rings_icd")
    assert settings.schedule == changed and settings.objective.kl_weight == 0.5
    assert settings.energy == params.energies["mlp"] and settings.sampler == params.samplers["points"]


def test_experiments_and_their_runs_keep_the_order_of_the_file():
    params = load_params(MICRO)
    assert params.experiments == ["toy", "rings", "digits", "shapes", "bars"]
    assert params.runs_of("rings") == ["rings_icd", "rings_dcd"]


def test_loading_and_dumping_is_the_identity():
    params = load_params(MICRO)
    assert Params.model_validate(params.model_dump()) == params
