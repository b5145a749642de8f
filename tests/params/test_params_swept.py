"""Runs stand where their resolved settings put them, whatever they are called."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ebmrepro.checks.load import load_params
from ebmrepro.params.swept import places

EXTENDED = Path(__file__).parents[2] / "workflow" / "presets" / "extended.yaml"


@pytest.fixture
def found(tmp_path):
    """The places of runs that differ from a run of the architecture as `overrides` of each say."""

    def of(**overrides: dict) -> dict:
        yaml = YAML(typ="safe", pure=True)
        data = yaml.load(EXTENDED.read_text())
        base = data["runs"]["arch_attn_norm_free_icd"]
        data["runs"] = {
            name: base | {"train": base["train"] | own | {"override": own.get("override", {})}}
            for name, own in overrides.items()
        }
        data["figures"], data["tables"] = {}, {}
        path = tmp_path / "params.yaml"
        with path.open("w") as file:
            YAML(pure=True).dump(data, file)
        params = load_params(path)
        return places(params, [*params.runs])

    return of


def rate(value: float, **energy: bool) -> dict:
    changes = {"schedule": {"learning_rate": value}} | ({"energy": energy} if energy else {})
    return {"override": changes}


def test_what_two_settings_are_swept(found):
    places = found(a=rate(0.01), b=rate(0.02, attention=True), c=rate(0.01, attention=True))
    assert {place.method for place in places.values()} == {"ICD"}
    assert [place.swept for place in places.values()] == [
        {"network": "residual", "learning rate": 0.01},
        {"network": "residual, attention", "learning rate": 0.02},
        {"network": "residual, attention", "learning rate": 0.01},
    ]
    assert places["b"].words == "ICD, residual, attention, learning rate 0.02"
    assert places["a"].iterations == 200


def test_methods_are_told_apart_by_their_objectives(found):
    places = found(a={"objective": "icd"}, b={"objective": "icd_free"}, c={"objective": "cd"})
    assert [place.words for place in places.values()] == ["ICD, energy l2 0.1", "ICD, energy l2 0.0", "CD"]
    assert not any(place.swept for place in places.values())


def test_what_goes_with_the_network_is_no_other_setting(found):
    size = {"sampler": {"step_size": 2.0}}
    alone = found(a={"override": {"energy": {"attention": True}} | size}, b={})
    assert [[*place.swept] for place in alone.values()] == [["network"], ["network"]]
    both = found(a={"override": {"energy": {"attention": True}} | size}, b={}, c={"override": size})
    assert [[*place.swept] for place in both.values()] == [["network", "step size"]] * 3


def test_how_often_is_logged_is_no_setting_and_a_switch_is_on_or_off(found):
    logged = {"override": {"schedule": {"log_every": 7}}}
    assert found(a=logged, b={})["a"].words == "ICD"
    bare = {"override": {"sampler": {"augmentation": None}}}
    assert [place.words for place in found(a=bare, b={}).values()] == [
        "ICD, augmentation off",
        "ICD, augmentation on",
    ]
