"""evaluate: the numbers of a run, seed by seed, and the arrays its figures draw."""

import io
from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from ebmrepro.data.streams import stream_seed
from ebmrepro.evaluation.training_summary import summarise
from ebmrepro.files import workspace
from ebmrepro.files.mapped import map_tensors
from ebmrepro.machine.device import set_up
from ebmrepro.machine.progress import progress
from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.evaluations.inception import InceptionEvaluation
from ebmrepro.params.generations import Weights
from ebmrepro.params.root import Params
from ebmrepro.params.switches import switches
from ebmrepro.training.model_file import ModelFile


def run(params: Params, item: str) -> None:
    """Measure run `item` with the evaluation it names."""
    entry, config = params.runs[item], params.resolve(item, "evaluation")
    path = workspace.run_file(params.preset, "sample", entry.experiment, item, ".safetensors")
    samples, _ = reader(config)(path)
    result, arrays = measured(params, item, config, params.resolve(item, "generation").weights, samples)

    def place(suffix: str):
        return workspace.run_file(params.preset, "evaluate", entry.experiment, item, suffix)

    workspace.save_json(place(".json"), result)
    workspace.save_tensors(place(".safetensors"), arrays, {"seeds": [int(s) for s in result["seeds"]]})


def reader(config: Evaluation):
    """What reads samples and data for `config`: sets of images that may not fit into memory are mapped."""
    return map_tensors if config.kind == "inception" else workspace.load_tensors


def measured(
    params: Params, run: str, config: Evaluation, weights: Weights, samples: Mapping[str, np.ndarray]
) -> tuple[dict, dict[str, np.ndarray]]:
    """The numbers of `samples` (`<seed>/samples` and more, as `sample` names them) and of the models of `run`
    with `weights`, by `config`: what stands in the metrics file, and the arrays its figures draw."""
    device = set_up(params.compute)
    entry = params.runs[run]

    def trained(suffix: str):
        return workspace.run_file(params.preset, "train", entry.experiment, run, suffix)

    model = ModelFile(trained(".safetensors"), device)
    status = workspace.load_json(trained(".json"))
    log = pd.read_csv(io.StringIO(workspace.read_text(trained(".csv"), status.get("log_sha256", ""))))
    folder = workspace.prepared(params.preset, entry.dataset)
    manifest = workspace.load_json(folder / "manifest.json")
    ruler, about = reader(config)(folder / "ruler.safetensors")
    data = {p: reader(config)(folder / f"{p}.safetensors")[0] for p in ("train", "test")}

    if config.kind == "inception":
        images = {seed: samples[f"{seed}/samples"] for seed in model.seeds}
        found = _inception(params, run, config, model, weights, images, data, (ruler, about))
    else:
        measures = {"gaussian": _gaussian, "density": _density, "images": _images, "binary": _binary}
        measure = measures[config.kind]
        found = {
            seed: measure(config, model.energy(seed, weights), samples[f"{seed}/samples"], data, ruler, seed)
            for seed in model.seeds
        }
    seeds, arrays = {}, {}
    for seed, (metrics, drawn) in found.items():
        metrics |= summarise(log[log.seed == seed]) | _separation(samples, seed)
        ended = status["seeds"][str(seed)]
        survived = ended["iterations"] if ended["outcome"] == "finished" else ended["iteration"]
        metrics["iterations_survived"] = float(survived)
        seeds[str(seed)] = {"metrics": workspace.finite_or_null(metrics), **ended}
        arrays |= {f"{seed}/{name}": array for name, array in drawn.items()}
    result = {
        "run": run,
        "experiment": entry.experiment,
        "dataset": entry.dataset,
        "kind": config.kind,
        "objective": params.resolve(run, "objective").kind,
        "energy": model.config.kind,
        "switches": switches(params, run),
        "reference": manifest["ruler"],
        "seeds": seeds,
    }
    if config.kind == "binary":
        from ebmrepro.evaluation.binary import how

        result["likelihood"] = how(model.energy(model.seeds[0], weights))
    return result, arrays


def _separation(samples: dict, seed: int) -> dict[str, float]:
    """Mean pairwise distance of the ends of chains from one start, with and without augmentation."""
    from ebmrepro.evaluation.diversity import mean_pairwise_distance

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
    from ebmrepro.evaluation.gaussian import fisher_divergence, gaussian_kl

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
    from ebmrepro.evaluation.grid import log_likelihood, normalise_on_grid
    from ebmrepro.evaluation.mmd import median_bandwidth, mmd_squared
    from ebmrepro.evaluation.wasserstein import wasserstein_2

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
    from ebmrepro.evaluation import diversity
    from ebmrepro.evaluation.frechet import frechet_distance
    from ebmrepro.evaluation.ruler import ruler_from_tensors

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


def _inception(
    params: Params,
    run: str,
    config: InceptionEvaluation,
    model: ModelFile,
    weights: Weights,
    samples: dict[int, np.ndarray],
    data: dict,
    references: tuple[dict, dict],
) -> dict[int, tuple[dict, dict]]:
    """Metrics and arrays of all seeds: each network, and each image of the training set, is read once."""
    from ebmrepro.evaluation import inception
    from ebmrepro.evaluation.cube_likelihood import cube_likelihood

    ruler = params.datasets[params.runs[run].dataset].inception
    train, test = data["train"]["x"], data["test"]["x"]
    count = sum(inception.measured_count(config, ruler, len(images)) for images in samples.values())
    with progress(f"features of {run}", count * len(ruler.modes)) as bar:
        numbers = inception.inception_numbers(
            config, ruler, references, samples, model.device, params.compute.threads, bar.advance
        )
    ratios = inception.pairwise_distance_ratios(samples, test, config.seed)
    shown = {seed: np.array(images[: config.shown_neighbours]) for seed, images in samples.items()}
    _, index = inception.nearest_images(np.concatenate(list(shown.values())), train)
    parts = np.split(index, np.cumsum([len(images) for images in shown.values()])[:-1])
    found = {}
    for (seed, images), nearest in zip(shown.items(), parts, strict=True):
        metrics = numbers[seed] | {"pairwise_distance_ratio": ratios[seed]}
        found[seed] = metrics, {"shown": images, "nearest_train": np.array(train[nearest])}
    if config.likelihood:
        path = config.likelihood
        with progress(f"log Z of {run}", len(samples) * path.chains * (path.temperatures - 1)) as bar:
            for seed in samples:
                generator = torch.Generator(model.device).manual_seed(stream_seed(seed, "evaluation"))
                energy = model.energy(seed, weights)
                found[seed][0].update(
                    cube_likelihood(energy, test, path, config.seed, generator, bar.advance)
                )
    return found


def _binary(config, energy, samples, data, ruler, seed):
    from ebmrepro.energies.rbm import RBM
    from ebmrepro.evaluation import binary
    from ebmrepro.evaluation.mmd import median_bandwidth, mmd_squared
    from ebmrepro.evaluation.pseudo_likelihood import log_pseudo_likelihood

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
