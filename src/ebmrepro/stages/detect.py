"""detect: tell a data set's test images from others by the energy of an experiment's models."""

import numpy as np

from ebmrepro.data.streams import stream_seed
from ebmrepro.evaluation import ood, ood_sets
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors
from ebmrepro.machine.device import set_up
from ebmrepro.params.root import Params
from ebmrepro.training.model_file import trained_models


def run(params: Params, item: str) -> None:
    """Score every run of the experiment on every set; the sets are the same for all of them."""
    device = set_up(params.compute)
    config = params.ood[item]
    inside, outside = (
        map_tensors(workspace.prepared(params.preset, dataset) / "test.safetensors")[0]["x"]
        for dataset in (config.dataset, config.against)
    )
    rng = np.random.default_rng(stream_seed(0, "ood"))
    sets = {name: getattr(ood_sets, name)(inside, config.samples, rng) for name in config.sets}
    other = np.array(outside[: config.samples])
    if config.first_image:
        other = np.repeat(other[:1], len(other), 0)
    sets[config.outside[-1]] = ood_sets.like(other, inside.shape[1:])
    inside = np.array(inside[: config.samples])

    runs, tensors = {}, {}
    for name, model, outcomes in trained_models(params, config.experiment, device):
        seeds = {}
        for seed in model.seeds:
            energy = model.energy(seed, config.weights)
            own = ood.energies(energy, inside)
            found = {key: ood.energies(energy, images) for key, images in sets.items()}
            metrics = {
                f"ood_{metric}_{key}": value
                for key, values in found.items()
                for metric, value in ood.detection(own, values).items()
            }
            seeds[str(seed)] = {"metrics": workspace.finite_or_null(metrics), **outcomes[str(seed)]}
            edges = ood.histogram_edges([own, *found.values()], config.bins)
            tensors[f"{name}/{seed}/edges"] = edges
            for key, values in {"in": own, **found}.items():
                tensors[f"{name}/{seed}/scores/{key}"] = -values
                tensors[f"{name}/{seed}/histogram/{key}"] = ood.histogram(values, edges)
        runs[name] = {"objective": model.objective, "seeds": seeds}
    result = {
        "ood": item,
        "experiment": config.experiment,
        "dataset": config.dataset,
        "against": config.against,
        "sets": list(sets),
        "runs": runs,
    }
    where = params.preset, "detect", config.experiment, item
    workspace.save_result(*where, result, tensors, {"sets": list(sets)})
