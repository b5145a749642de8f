"""denoise at micro size: what it writes is what the models make of the noisy images."""

from pathlib import Path

import numpy as np
import pytest
import torch
from stages_commands import run_all

from ebmrepro.checks.load import load_params
from ebmrepro.data.streams import stream_seed
from ebmrepro.evaluation import denoising
from ebmrepro.evaluation.denoising import peak_signal_to_noise, structural_similarity
from ebmrepro.files import workspace
from ebmrepro.training.model_file import ModelFile

RESULTS = Path("results/micro")
RESULT = RESULTS / "denoise/digits/digits"
CPU = torch.device("cpu")


@pytest.fixture
def denoised(workspace_folder, ebm):
    """Parameters, JSON and tensors after `denoise digits`."""
    params = load_params()
    runs = params.runs_of("digits")
    run_all(ebm, "prepare digits", *(f"train {run}" for run in runs), "denoise digits")
    result = workspace.load_json(RESULT.with_suffix(".json"))
    assert list(result["runs"]) == sorted(runs)
    return params, result, workspace.load_tensors(RESULT.with_suffix(".safetensors"))[0]


def _pairs(params, level: int) -> tuple[denoising.Pair, denoising.Pair]:
    """The training and test images at one noise."""
    config = params.denoisings["digits"]
    folder = RESULTS / "prepare/digits"
    return tuple(
        denoising.add_noise(
            workspace.load_tensors(folder / f"{part}.safetensors")[0]["x"][: config.images],
            config.noise[level], stream_seed(0, "denoising", 2 * level + half), CPU,
        )
        for half, part in enumerate(("train", "test"))
    )  # fmt: skip


def test_every_number_is_that_of_the_model(denoised):
    params, result, tensors = denoised
    config = params.denoisings["digits"]
    assert result["noise"] == [0.1, 0.3] and result["dataset"] == "digits"
    for run, seed in (("digits_cd", 0), ("digits_cd", 1), ("digits_dcd", 0)):
        model = ModelFile(RESULTS / f"train/digits/{run}.safetensors", CPU)
        entry = result["runs"][run]["seeds"][str(seed)]
        assert entry["outcome"] == "finished" and result["runs"][run]["objective"] == model.objective
        for level, (sigma, word) in enumerate(((0.1, "0_1"), (0.3, "0_3"))):
            train, test = _pairs(params, level)
            energy, metrics = model.energy(seed, config.weights), entry["metrics"]
            strength = metrics[f"denoise_strength_{word}"]
            b = metrics[f"denoise_inverse_temperature_{word}"]
            assert b == strength * denoising.choose_strength(energy, train, sigma, [1.0], 1)[1]
            quality = {}
            for candidate in config.strengths:
                unit = denoising.choose_strength(energy, train, sigma, [1.0], 1)[1]
                modes = denoising.posterior_mode(energy, train.noisy, sigma, candidate * unit, config.steps)
                quality[candidate] = peak_signal_to_noise(modes, train.clean)
            assert strength == max(quality, key=quality.get)
            assert entry["strength_at_end"][word] == ("lowest" if strength == 0.5 else "highest")
            modes = denoising.posterior_mode(energy, test.noisy, sigma, b, config.steps)
            assert metrics[f"denoise_psnr_{word}"] == peak_signal_to_noise(modes, test.clean)
            assert metrics[f"denoise_ssim_{word}"] == structural_similarity(modes, test.clean)
            stored = tensors[f"{run}/{seed}/denoised_{word}"]
            assert stored.dtype == np.uint8
            assert np.array_equal(stored, (modes[: config.shown] * 256).floor().clamp(0, 255).numpy())


def test_references_are_the_noisy_images_and_the_filters(denoised, ebm, monkeypatch):
    """On a grid of widths so fine that training and test images differ in the best one."""
    params, _, tensors = denoised
    monkeypatch.setattr(denoising, "WIDTHS", np.arange(300) / 300)
    run_all(ebm, "denoise digits")
    result = workspace.load_json(RESULT.with_suffix(".json"))
    shown = params.denoisings["digits"].shown
    own = workspace.load_tensors(RESULTS / "prepare/digits/test.safetensors")[0]["x"][:shown]
    assert np.array_equal(tensors["clean"], own) and tensors["clean"].dtype == np.uint8
    for level, word in enumerate(("0_1", "0_3")):
        train, test = _pairs(params, level)
        noisy, smooth = result["reference"]["noisy"], result["reference"]["gaussian_filter"]
        errors = (test.noisy - test.clean).double().square().mean((1, 2, 3))
        assert noisy[f"denoise_psnr_{word}"] == pytest.approx(-10 * errors.log10().mean().item(), abs=1e-9)
        width = denoising.choose_width(train)
        assert width != denoising.choose_width(test)
        filtered = denoising.filtered(test.noisy, width)
        assert smooth[f"denoise_width_{word}"] == width
        assert smooth[f"denoise_psnr_{word}"] == peak_signal_to_noise(filtered, test.clean)
        assert smooth[f"denoise_psnr_{word}"] > noisy[f"denoise_psnr_{word}"]
        training = workspace.load_tensors(RESULTS / "prepare/digits/train.safetensors")[0]["x"]
        linear = denoising.wiener_filter(training)(test.noisy, params.denoisings["digits"].noise[level])
        found = result["reference"]["wiener_filter"][f"denoise_psnr_{word}"]
        assert found == peak_signal_to_noise(linear, test.clean)
        assert found > smooth[f"denoise_psnr_{word}"]
        levels = (test.noisy[:shown] * 256).floor().clamp(0, 255)
        assert np.array_equal(tensors[f"noisy_{word}"], levels.numpy())


def test_denoise_repeats_byte_for_byte(denoised, ebm):
    files = sorted(RESULT.parent.iterdir())
    first = [path.read_bytes() for path in files]
    assert len(first) == 2
    for path in files:
        path.unlink()
    torch.manual_seed(77)
    run_all(ebm, "denoise digits")
    assert [path.read_bytes() for path in files] == first


def test_a_diverged_model_is_named_in_its_result(workspace_folder, edit, ebm):
    edit("energy_limit: 10000.0", "energy_limit: 0.00001")
    runs = load_params().runs_of("digits")
    run_all(ebm, "prepare digits", *(f"train {run}" for run in runs), "denoise digits")
    seeds = workspace.load_json(RESULT.with_suffix(".json"))["runs"]["digits_cd"]["seeds"]
    assert {entry["outcome"] for entry in seeds.values()} == {"diverged"}
    assert all(entry["cause"] == "energy above the limit" for entry in seeds.values())


def test_missing_inputs_are_named(workspace_folder, ebm):
    ended = ebm("denoise", "digits")
    assert ended.code == 1 and ended.err.count("\n") == 1
    assert "prepare/digits" in ended.err and "is missing" in ended.err
