"""evaluate: the numbers of a run, seed by seed, and the arrays its figures draw."""

import io

import numpy as np
import pandas as pd
import torch

from ebm import workspace
from ebm.data.streams import stream_seed
from ebm.device import set_up
from ebm.evaluation.training_summary import summarise
from ebm.model_file import ModelFile
from ebm.params import Params
from ebm.params.switches import switches


def run(params: Params, item: str) -> None:
    """Measure run `item` with the evaluation it names."""
    device = set_up(params.compute)
    entry, config = params.runs[item], params.resolve(item, "evaluation")

    def place(stage: str, suffix: str):
        return workspace.run_file(params.preset, stage, entry.experiment, item, suffix)

    model = ModelFile(place("train", ".safetensors"), device)
    status = workspace.load_json(place("train", ".json"))
    log = pd.read_csv(io.StringIO(workspace.read_text(place("train", ".csv"), status.get("log_sha256", ""))))
    samples, _ = workspace.load_tensors(place("sample", ".safetensors"))
    folder = workspace.prepared(params.preset, entry.dataset)
    manifest = workspace.load_json(folder / "manifest.json")
    ruler, _ = workspace.load_tensors(folder / "ruler.safetensors")
    data = {p: workspace.load_tensors(folder / f"{p}.safetensors")[0] for p in ("train", "test")}

    measure = {"gaussian": _gaussian, "density": _density, "images": _images, "binary": _binary}[config.kind]
    weights = params.resolve(item, "generation").weights
    seeds, arrays = {}, {}
    for seed in model.seeds:
        energy = model.energy(seed, weights)
        metrics, drawn = measure(config, energy, samples[f"{seed}/samples"], data, ruler, seed)
        metrics |= summarise(log[log.seed == seed]) | _separation(samples, seed)
        ended = status["seeds"][str(seed)]
        survived = ended["iterations"] if ended["outcome"] == "finished" else ended["iteration"]
        metrics["iterations_survived"] = float(survived)
        seeds[str(seed)] = {"metrics": workspace.finite_or_null(metrics), **ended}
        arrays |= {f"{seed}/{name}": array for name, array in drawn.items()}
    result = {
        "run": item,
        "experiment": entry.experiment,
        "dataset": entry.dataset,
        "kind": config.kind,
        "objective": params.resolve(item, "objective").kind,
        "energy": model.config.kind,
        "switches": switches(params, item),
        "reference": manifest["ruler"],
        "seeds": seeds,
    }
    if config.kind == "binary":
        from ebm.evaluation.binary import how

        result["likelihood"] = how(model.energy(model.seeds[0], weights))
    workspace.save_json(place("evaluate", ".json"), result)
    workspace.save_tensors(place("evaluate", ".safetensors"), arrays, {"seeds": model.seeds})


def _separation(samples: dict, seed: int) -> dict[str, float]:
    """Mean pairwise distance of the ends of chains from one start, with and without augmentation."""
    from ebm.evaluation.diversity import mean_pairwise_distance

    if f"{seed}/long_with" not in samples:
        return {}
    spread = {}
    for name in ("with", "without"):
        ends = samples[f"{seed}/long_{name}"][-1] / 255
        spread[name] = float(np.mean([mean_pairwise_distance(chains) for chains in ends]))
    # Samples are kept as 8-bit levels: no distance is known below one level of one pixel.
    ratio = spread["with"] / max(spread["without"], 1 / 255)
    return {
        "long_chain_spread_with": spread["with"],
        "long_chain_spread_without": spread["without"],
        "long_chain_spread_ratio": ratio,
    }


def _gaussian(config, energy, samples, data, ruler, seed):
    from ebm.evaluation.gaussian import fisher_divergence, gaussian_kl

    test = torch.from_numpy(data["test"]["x"]).to(next(energy.parameters()).device)
    scores = -(test.double() - torch.from_numpy(ruler["mean"]).to(test.device)) @ torch.from_numpy(
        np.linalg.inv(ruler["covariance"])
    ).to(test.device)
    metrics = {"fisher_divergence": fisher_divergence(energy, test, scores.float())}
    if hasattr(energy, "precision"):
        mean = energy.mean.double().cpu().numpy()
        precision = energy.precision().double().cpu().numpy()
        metrics["kl"] = gaussian_kl(ruler["mean"], ruler["covariance"], mean, precision)
    return metrics, {}


def _density(config, energy, samples, data, ruler, seed):
    from ebm.evaluation.grid import log_likelihood, normalise_on_grid
    from ebm.evaluation.mmd import median_bandwidth, mmd_squared
    from ebm.evaluation.wasserstein import wasserstein_2

    test = data["test"]["x"]
    grid = normalise_on_grid(energy, config.box, config.grid)
    points = torch.from_numpy(test).to(next(energy.parameters()).device)
    train = data["train"]["x"]
    shown = min(config.compared_samples, len(samples), len(test), len(train))
    bandwidth = median_bandwidth(test[:shown])
    metrics = {
        "test_log_likelihood": log_likelihood(energy, points, grid.log_partition),
        "grid_edge_mass": grid.edge_mass,
        "mmd_squared": mmd_squared(samples[:shown], test[:shown], bandwidth),
        "mmd_squared_train_to_test": mmd_squared(train[:shown], test[:shown], bandwidth),
        "wasserstein": wasserstein_2(samples[:shown], test[:shown]),
        "wasserstein_train_to_test": wasserstein_2(train[:shown], test[:shown]),
    }
    drawn = {"log_density": grid.log_density.float().cpu().numpy(), "box": np.array(config.box)}
    return metrics, drawn


def _images(config, energy, samples, data, ruler, seed):
    from ebm.evaluation import diversity
    from ebm.evaluation.frechet import frechet_distance
    from ebm.evaluation.ruler import ruler_from_tensors

    judge = ruler_from_tensors(ruler)
    train, test = data["train"]["x"] / 255, data["test"]["x"] / 255
    images = samples / 255
    distances, index = diversity.nearest(images, train)
    real_distances, _ = diversity.nearest(test, train)
    metrics = {
        "classifier_frechet": frechet_distance(judge.features(samples), ruler["features/test"]),
        "effective_classes": diversity.effective_classes(*judge.joint_class(samples)),
        "pairwise_distance_ratio": diversity.mean_pairwise_distance(images)
        / diversity.mean_pairwise_distance(test),
        "nearest_train_distance": float(distances.mean()),
        "nearest_train_distance_of_test": float(real_distances.mean()),
    }
    shown = config.shown_neighbours
    drawn = {"shown": samples[:shown], "nearest_train": data["train"]["x"][index[:shown]]}
    return metrics, drawn


def _binary(config, energy, samples, data, ruler, seed):
    from ebm.energies.rbm import RBM
    from ebm.evaluation import binary
    from ebm.evaluation.mmd import median_bandwidth, mmd_squared
    from ebm.evaluation.pseudo_likelihood import log_pseudo_likelihood

    device = next(energy.parameters()).device
    generator = torch.Generator(device).manual_seed(stream_seed(seed, "evaluation"))
    train, test = (torch.from_numpy(data[part]["x"]).to(device) for part in ("train", "test"))
    found = binary.likelihood(energy, train, test, config, generator)
    metrics = {
        "train_log_likelihood": float(found.train.mean()),
        "test_log_likelihood": float(found.test.mean()),
    }
    if found.log_partition is not None:
        metrics["log_partition"] = found.log_partition
    if found.log_partition_error is not None:
        metrics["log_partition_error"] = found.log_partition_error
    if isinstance(energy, RBM):
        metrics["pseudo_log_likelihood"] = float(log_pseudo_likelihood(energy, test).double().mean())
    reconstructions = binary.reconstruct(energy, test, generator)
    metrics["reconstruction_error"] = binary.reconstruction_error(test, reconstructions)

    made = samples.reshape(len(samples), -1) / 255
    compared, real = (data[part]["x"][: config.compared_samples] for part in ("train", "test"))
    bandwidth = median_bandwidth(real)
    metrics["mmd_squared"] = mmd_squared(made[: config.compared_samples], real, bandwidth)
    metrics["mmd_squared_train_to_test"] = mmd_squared(compared, real, bandwidth)
    if "patterns" in ruler:
        # The test images are the distribution itself: their mean log-likelihood is minus the cross-entropy.
        entropy = -(np.exp(ruler["log_probability"]) * ruler["log_probability"]).sum()
        metrics["kl"] = -metrics["test_log_likelihood"] - float(entropy)
        metrics["valid_share"] = binary.valid_share(made, ruler["patterns"])
    side = samples.shape[-1]
    drawn = {
        "filters": binary.filters(energy, config.shown),
        "originals": data["test"]["x"][: config.shown].astype(np.uint8).reshape(-1, side, side),
        "reconstructions": reconstructions[: config.shown].cpu().numpy().reshape(-1, side, side),
    }
    return metrics, drawn
