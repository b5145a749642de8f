"""What is switched on in a run, read from its resolved settings."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ebmrepro.checks.load import load_params
from ebmrepro.params.methods import switches

DEMO = Path(__file__).parents[2] / "params.yaml"
RUN = "digits_icd"


@pytest.fixture
def changed(tmp_path):
    """The demo's parameters after `change(data)`, the file as a mapping."""

    def load(change):
        data = YAML(typ="safe", pure=True).load(DEMO.read_text(encoding="utf-8"))
        change(data)
        path = tmp_path / "params.yaml"
        with open(path, "w", encoding="utf-8") as file:
            YAML().dump(data, file)
        return load_params(path)

    return load


@pytest.mark.parametrize(
    ("weights", "word"),
    [
        ({"kl_weight": 1.0, "entropy_weight": 0.3}, "both"),
        ({"kl_weight": 1.0, "entropy_weight": 0.0}, "opt"),
        ({"kl_weight": 0.0, "entropy_weight": 0.3}, "ent"),
    ],
)
def test_parts_of_the_kl_term(changed, weights, word):
    def change(data):
        data["runs"][RUN]["train"].setdefault("override", {})["objective"] = weights | {"kl_steps": "all"}

    found = switches(changed(change), RUN)
    assert (found["kl"], found["kl_steps"]) == (word, "all")


def test_cd_has_no_kl_term(changed):
    def change(data):
        train = data["runs"][RUN]["train"]
        train["objective"] = data["runs"]["digits_cd"]["train"]["objective"]
        train.get("override", {}).pop("objective", None)

    found = switches(changed(change), RUN)
    assert (found["kl"], found["kl_steps"]) == ("off", None)


@pytest.mark.parametrize("augmented", [True, False])
def test_augmentation_is_that_of_training(changed, augmented):
    def change(data):
        train = data["runs"][RUN]["train"]
        sampler = data["samplers"][train["sampler"]]
        transitions = next(
            entry["augmentation"] for entry in data["samplers"].values() if entry.get("augmentation")
        )
        train["override"] = {"sampler": {"augmentation": transitions if augmented else None}}
        assert sampler["start"] == "replay"

    assert switches(changed(change), RUN)["augmentation"] is augmented


@pytest.mark.parametrize("key", ["attention", "normalise", "spectral_norm"])
def test_components_of_a_residual_energy(changed, key):
    def change(data):
        energy = {
            "kind": "residual",
            "layout": "small",
            "width": 8,
            "scales": 2,
            "attention": False,
            "normalise": False,
            "spectral_norm": False,
            "condition": None,
            "output": "linear",
            "members": 1,
        }
        data["energies"]["switched"] = energy | {key: True}
        data["runs"][RUN]["train"]["energy"] = "switched"
        data["runs"][RUN]["train"].pop("override", None)

    found = switches(changed(change), RUN)
    on = {name: found[name] for name in ("attention", "normalise", "spectral_norm")}
    assert on == dict.fromkeys(on, False) | {key: True}
    assert found["scales"] == 2


def test_an_energy_without_components_has_none(changed):
    def change(data):
        data["energies"]["plain"] = {"kind": "conv", "width": 4, "condition": None}
        data["runs"][RUN]["train"]["energy"] = "plain"
        data["runs"][RUN]["train"].pop("override", None)

    found = switches(changed(change), RUN)
    assert found["scales"] == 1
    assert not (found["attention"] or found["normalise"] or found["spectral_norm"])
