"""What the methods are called, that no two look alike, and which seeds a caption names."""

import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from figures_loaded import loaded
from figures_params import params_data, write_params
from matplotlib.colors import to_rgb

from ebmrepro.params.methods import method, methods
from ebmrepro.plots import style
from ebmrepro.shown.caption import caption, where
from ebmrepro.shown.runs import label_runs

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
COLOUR_BLIND = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# Linear sRGB to XYZ, divided by the white point D65.
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
XYZ /= np.array([[0.9505], [1.0], [1.089]])


def lab(colour: str, seen_by: str) -> np.ndarray:
    """CIE L*a*b* of a colour as somebody with that colour vision sees it."""
    part = np.array(to_rgb(colour))
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    x, y, z = XYZ @ np.clip(np.array(COLOUR_BLIND[seen_by]) @ linear, 0, 1)
    fx, fy, fz = (np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


@pytest.mark.parametrize("seen_by", COLOUR_BLIND)
def test_no_two_methods_look_alike_to_anybody(seen_by):
    looks = {key: style.line_style(key, 0) for key in methods()}
    close = {
        pair
        for pair in combinations(methods(), 2)
        if np.linalg.norm(np.subtract(*(lab(looks[key]["color"], seen_by) for key in pair))) < 20
    }
    assert not [pair for pair in close if looks[pair[0]]["linestyle"] == looks[pair[1]]["linestyle"]]
    assert seen_by == "none" or close, "a test that never meets two colours that look alike"


def test_every_method_has_a_name_a_colour_and_a_marker_of_its_own():
    for aspect in ("label", "colour", "marker", "order"):
        assert len({getattr(one, aspect) for one in methods().values()}) == len(methods())
    assert all(one.dash in style.DASHES for one in methods().values())
    # A second run of a method differs from its first.
    assert all(style.line_style(key, 0) != style.line_style(key, 1) for key in methods())


def labels_of(params, experiment: str, stage: str = "evaluate") -> dict[str, str]:
    return {run.name: run.label for run in label_runs(params, params.shown_runs(stage, experiment))}


def test_ten_methods_on_one_data_set_are_called_by_their_names(params):
    labels = label_runs(params, params.runs_of("density"))
    on_eight = [run for run in labels if run.dataset == "eight_gaussians"]
    assert [run.label for run in on_eight] == [
        "ML",
        "CD",
        "CD-5",
        "PCD-5",
        "ICD",
        "DSM",
        "SSM",
        "DCD-VE",
        "DCD-VP",
        "DCD, time-dependent",
    ]
    assert all(run.method == method(params, run.name) for run in labels)
    assert [run.method for run in on_eight] == sorted(
        (run.method for run in on_eight), key=list(methods()).index
    )


def test_k_is_the_runs_own(params):
    data = params_data()
    data["runs"]["rings_cdk"]["train"]["override"] = {"sampler": {"steps": 7}}
    assert labels_of(write_params(data), "density")["rings_cdk"] == "CD-7"


def test_runs_that_differ_in_their_kind_of_energy_say_so(params):
    assert labels_of(params, "rbm") == {
        "bas_rbm_ml": "ML, RBM",
        "bas_rbm_cd": "CD-1, RBM",
        "bas_rbm_pcd": "PCD-1, RBM",
        "bas_wake_sleep": "wake-sleep, Helmholtz machine",
        "digits_rbm_cd": "CD-1, RBM",
        "digits_rbm_pcd": "PCD-1, RBM",
        "digits_wake_sleep": "wake-sleep, Helmholtz machine",
    }
    # Alone the networks need no such word, beside the quadratic energies they do.
    assert labels_of(params, "term_report") == {"report_cd": "CD", "report_icd": "ICD"}
    compared = label_runs(params, params.shown_runs("compare", "all_methods"))
    on_gaussian = {run.label: run.variant for run in compared if run.dataset == "gaussian"}
    assert on_gaussian == {
        "ML, quadratic": "quadratic",
        "CD, quadratic": "quadratic",
        "CD, MLP": "MLP",
        "ICD, MLP": "MLP",
    }


def test_captions_name_the_seeds_that_the_runs_have(params):
    assert "; seeds 0, 1, 2, 3, 4)" in caption(params, "figures", "losses")
    assert "; seeds 0, 1, 2)" in caption(params, "figures", "gap")
    text = caption(params, "figures", "cost")
    assert "; seeds 0, 1, 2; seeds 0, 1, 2, 3, 4 of report_cd, report_icd)" in text
    # One word for one data set, however many runs have it.
    assert text.count("N(0, I) in 10 dimensions") == 1
    data = params_data()
    data["runs"]["digits_icd"]["train"]["seeds"] = [7]
    changed = write_params(data)
    assert "; seeds 0, 1, 2; seed 7 of digits_icd)" in caption(changed, "figures", "gap")
    assert where(changed, ["digits_icd"]) == "scikit-learn's handwritten digits, 8×8; seed 7"


def test_binary_data_in_words(params):
    words = {name: entry.describe(name) for name, entry in params.datasets.items()}
    assert words["bars_and_stripes"] == "bars and stripes, 3×3 binary pixels"
    assert words["binary_digits"] == "scikit-learn's handwritten digits, 8×8 binary pixels"


def test_the_first_of_a_runs_own_seeds_is_shown(params):
    data = params_data()
    data["runs"]["digits_icd"]["train"]["seeds"] = [2, 1]
    changed = write_params(data)
    samples = {run.run.name: run.samples for run in loaded(changed, "sample_grid", "digits")}
    every = {run.run.name: run.seeds for run in loaded(changed, "chain_separation", "digits")}
    assert list(every["digits_icd"]) == [2, 1] and list(every["digits_cd"]) == [0, 1, 2]
    assert np.array_equal(samples["digits_icd"], every["digits_icd"][2].samples)
    assert np.array_equal(samples["digits_cd"], every["digits_cd"][0].samples)
    detected = loaded(changed, "energy_histograms", "digits")[0]
    denoised = loaded(changed, "denoised", "digits")[0]
    assert detected.shown == denoised.shown == {"digits_cd": 0, "digits_icd": 2, "digits_dcd": 0}


def test_labels_need_neither_arrays_nor_a_library_of_plots():
    """Snakemake computes them for every figure whenever it starts."""
    heavy = "{'numpy', 'torch', 'matplotlib', 'pandas'}"
    code = f"import sys, ebmrepro.shown.runs; print({heavy} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "set()\n"
