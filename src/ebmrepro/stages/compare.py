"""compare: every run of several experiments under one ruler, with what a training step of each costs.

The seconds are measured in this process, so no two runs of this stage write the same bytes.
"""

import torch

from ebmrepro.files import workspace
from ebmrepro.machine.device import device_name, set_up
from ebmrepro.params.methods import method
from ebmrepro.params.root import Params
from ebmrepro.stages.training_data import training_data
from ebmrepro.training.cost import step_costs
from ebmrepro.training.loop import Training


def run(params: Params, item: str) -> None:
    """Time the runs of comparison `item` and put their metrics beside the costs."""
    device = set_up(params.compute)
    config = params.comparisons[item]
    names = [name for experiment in config.experiments for name in params.runs_of(experiment)]
    measured = {name: workspace.load_json(_file(params, "evaluate", name)) for name in names}
    trainings = {
        (name, seed): _training(params, name, seed, device)
        for name in names
        for seed in params.seeds_of(name)
    }
    costs = dict(
        zip(trainings, step_costs(list(trainings.values()), config.steps, config.warm_up), strict=True)
    )
    runs = {}
    for name in names:
        seeds = {}
        for seed, own in measured[name]["seeds"].items():
            cost = costs[name, int(seed)]
            timed = {
                "seconds_per_step": cost.seconds,
                "forward_passes": cost.forward_passes,
                "backward_passes": cost.backward_passes,
            }
            seeds[seed] = {**own, "metrics": own["metrics"] | timed}
        runs[name] = {
            "experiment": params.runs[name].experiment,
            "dataset": params.runs[name].dataset,
            "objective": measured[name]["objective"],
            "method": method(params, name),
            "seeds": seeds,
        }
    result = {
        "comparison": item,
        "experiments": config.experiments,
        "device": device_name(device),
        "runs": runs,
        "references": {params.runs[name].dataset: measured[name]["reference"] for name in names},
    }
    workspace.save_json(workspace.run_file(params.preset, "compare", item, item, ".json"), result)


def _file(params: Params, stage: str, run: str):
    return workspace.run_file(params.preset, stage, params.runs[run].experiment, run, ".json")


def _training(params: Params, run: str, seed: int, device: torch.device) -> Training:
    data, labels = training_data(params, run, device)
    return Training(params.train_settings(run), data, seed, labels)
