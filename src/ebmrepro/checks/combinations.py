"""Entries that a run names and that cannot work together, as their kinds say it."""

from collections.abc import Iterator

from ebmrepro.params.root import Params
from ebmrepro.params.words import Problem


def of_run(params: Params, name: str) -> Iterator[Problem]:
    """What in run `name` cannot work; its names must exist and its overrides be valid."""
    energy, objective, sampler, schedule = params.train_settings(name)
    dataset = params.datasets[params.runs[name].dataset]
    generation, evaluation = params.resolve(name, "generation"), params.resolve(name, "evaluation")
    unfit = list(energy.problems(dataset))
    places = [("train", "energy", unfit)]
    if not unfit:
        places += [
            ("train", "objective", objective.problems(energy, sampler, schedule, dataset)),
            ("train", "sampler", sampler.problems(energy, objective, schedule)),
            ("sample", "generation", generation.problems(energy, objective, sampler)),
        ]
    places.append(("evaluate", "evaluation", evaluation.problems(dataset, energy, generation)))
    for stage, key, reasons in places:
        yield from ((("runs", name, stage, key), reason) for reason in reasons)
    seeds = params.runs[name].train.seeds or []
    if len(set(seeds)) != len(seeds):
        yield ("runs", name, "train", "seeds"), f"each seed must appear once, got {seeds}"


def of_protocol(params: Params, run: str, generation, evaluation) -> Iterator[tuple[str, str]]:
    """Why the models of `run` cannot be sampled by `generation` or their samples not be measured by
    `evaluation`: (key, reason)."""
    energy, objective, sampler, _ = params.train_settings(run)
    dataset = params.datasets[params.runs[run].dataset]
    yield from (("generation", reason) for reason in generation.problems(energy, objective, sampler))
    yield from (("evaluation", reason) for reason in evaluation.problems(dataset, energy, generation))
