"""compare: every run of several experiments measured alike, with what a training step of each costs.

The seconds are measured in this process, so no two runs of this stage write the same bytes.
"""

from ebmrepro.files import workspace
from ebmrepro.machine.device import device_name, set_up
from ebmrepro.params.methods import baseline, method
from ebmrepro.params.root import Params
from ebmrepro.stages.training_data import training_data
from ebmrepro.training.cost import StepCost, seconds_ratio, step_costs
from ebmrepro.training.loop import Training


def run(params: Params, item: str) -> None:
    """Time the runs of comparison `item` and put their metrics beside the costs."""
    device = set_up(params.compute)
    config = params.comparisons[item]
    names = params.shown_runs("compare", item)
    measured, trainings = {}, {}
    for name in names:
        path = workspace.run_file(params.preset, "evaluate", params.runs[name].experiment, name, ".json")
        measured[name] = workspace.load_json(path)
        data, labels = training_data(params, name, device)
        for seed in params.seeds_of(name):
            trainings[name, str(seed)] = Training(params.train_settings(name), data, seed, labels)
    # Runs of one seed take their turns one after the other.
    turns = sorted(trainings, key=lambda key: int(key[1]))
    found = step_costs([trainings[key] for key in turns], config.steps, config.warm_up)
    costs = dict(zip(turns, found, strict=True))
    runs = {}
    for name in names:
        for seed, own in measured[name]["seeds"].items():
            own["metrics"] |= costs[name, seed].metrics()
        against = baseline(params, name, names)
        runs[name] = {
            "experiment": params.runs[name].experiment,
            "dataset": params.runs[name].dataset,
            "objective": measured[name]["objective"],
            "method": method(params, name),
            "seeds": measured[name]["seeds"],
            "seconds_ratio": against and {"baseline": against, **_ratio(costs, name, against)},
        }
    result = {
        "comparison": item,
        "experiments": config.experiments,
        "device": device_name(device),
        "runs": runs,
        "references": {params.runs[name].dataset: measured[name]["reference"] for name in names},
    }
    workspace.save_json(workspace.run_file(params.preset, "compare", item, item, ".json"), result)


def _ratio(costs: dict[tuple[str, str], StepCost], run: str, against: str) -> dict:
    """The seconds of a run over those of another, by turn and seed that both have."""
    seeds = [seed for name, seed in costs if name == run and (against, seed) in costs]
    return seconds_ratio(
        *([time for seed in seeds for time in costs[name, seed].seconds] for name in (run, against))
    )._asdict()
