"""What is measured on runs and shown of them that does not fit the runs it is about.

For each section a function of an entry's name and of the entry: where in it a problem is, and why.
"""

from collections.abc import Iterator
from itertools import takewhile

from ebmrepro.params import stages
from ebmrepro.params.base import Problem, nearest, no_such
from ebmrepro.params.measured import models_of
from ebmrepro.params.root import Params


def problems(params: Params) -> Iterator[Problem]:
    """Every problem of what is measured and shown; names in the runs must exist."""
    for section, problems_of in SECTIONS.items():
        for name, entry in getattr(params, section).items():
            yield from (
                ((section, name, *place), reason) for place, reason in problems_of(params, name, entry)
            )


def _of_composition(params: Params, _: str, composition) -> Iterator[Problem]:
    """Runs that do not exist, or values that their attribute does not have."""
    experiment, generation = composition.experiment, composition.generation
    yield from _measured(params, "compose", experiment)
    if generation not in params.generations:
        yield ("generation",), no_such("generation", generation, params.generations, "generations")
    elif getattr(params.generations[generation], "start", None) != "noise":
        reason = "a composition runs Langevin chains and has no replay buffer: it needs start: noise"
        yield ("generation",), reason
    for word, expression in composition.expressions.items():
        for model in models_of(expression):
            yield from ((("expressions", word), reason) for reason in _unfit(params, experiment, model))
    members = params.runs_of(experiment)
    if any(params.runs[run].dataset != composition.dataset for run in members):
        yield ("dataset",), f"the runs of '{experiment}' are not trained on '{composition.dataset}'"
    elif composition.dataset in params.datasets:
        yield from _unjudged(params, composition, members)
    for run in members:
        own, first = params.seeds_of(run), params.seeds_of(members[0])
        if own != first:
            others = f"and run '{run}' has seeds {own}, run '{members[0]}' {first}"
            yield ("experiment",), f"models of one seed are composed with each other, {others}"


def _unfit(params: Params, experiment: str, model) -> Iterator[str]:
    """Why a model cannot be part of a composition."""
    members = params.runs_of(experiment)
    if model.run not in members:
        yield f"no run '{model.run}' belongs to experiment '{experiment}'{nearest(model.run, members)}"
        return
    attribute = params.resolve(model.run, "energy").attribute
    if attribute is None:
        yield f"run '{model.run}' has no condition: its energy knows no '{model.value}'"
        return
    values = params.datasets[params.runs[model.run].dataset].attributes[attribute]
    if values is None:
        yield f"the values of attribute '{attribute}' have no names that params.yaml knows"
    elif model.value not in values:
        yield f"attribute '{attribute}' has no value '{model.value}'{nearest(model.value, values)}"


def _unjudged(params: Params, composition, members: list[str]) -> Iterator[Problem]:
    """Attributes that a composition combines and that no classifier of the data set learns."""
    judged = params.datasets[composition.dataset].judged
    runs = {model.run for model in composition.models if model.run in members}
    if missing := sorted({params.resolve(run, "energy").attribute for run in runs} - {None, *judged}):
        what = f"for {', '.join(judged)} alone" if judged else "null"
        classifier = f"datasets.{composition.dataset}.classifier, which is {what}"
        yield ("dataset",), f"samples are judged by {classifier}: add {', '.join(missing)} to its attributes"


def _of_ood(params: Params, _: str, test) -> Iterator[Problem]:
    yield from _measured(params, "detect", test.experiment)
    for key in ("dataset", "against"):
        yield from _no_images(params, key, getattr(test, key), "out-of-distribution tests need images")
    if test.against == test.dataset:
        yield ("against",), "a data set is not out of its own distribution"
    others = [other for other in params.ood.values() if other.experiment == test.experiment]
    measured = [name for other in others for name in other.outside]
    if twice := ", ".join(sorted({name for name in measured if measured.count(name) > 1})):
        reason = f"is measured against {twice} more than once, and no verdict could tell which is meant"
        yield ("sets",), f"experiment '{test.experiment}' {reason}"
    yield from _scored(params, test)


def _of_denoising(params: Params, _: str, test) -> Iterator[Problem]:
    yield from _measured(params, "denoise", test.experiment)
    yield from _no_images(params, "dataset", test.dataset, "denoising needs images")
    if sum(other.experiment == test.experiment for other in params.denoisings.values()) > 1:
        yield ("experiment",), f"experiment '{test.experiment}' is denoised more than once"
    yield from _scored(params, test)


def _of_comparison(params: Params, name: str, comparison) -> Iterator[Problem]:
    """Experiments that do not exist, or a name that is one."""
    if name in params.experiments:
        yield (), f"'{name}' is an experiment: a comparison needs a name of its own"
    earlier = takewhile(lambda other: other != name, params.comparisons)
    compared = [experiment for other in earlier for experiment in params.comparisons[other].experiments]
    for number, experiment in enumerate(comparison.experiments):
        yield from _unknown_experiment(params, ("experiments", number), experiment)
        if experiment in compared + comparison.experiments[:number]:
            yield ("experiments", number), f"experiment '{experiment}' is compared more than once"
    yield from _no_table(params, "compare", "comparison", name)


def _of_protocol(params: Params, _: str, protocol) -> Iterator[Problem]:
    """Runs that do not exist, or whose models cannot be sampled or measured so."""
    unknown = [
        ((key,), no_such(key, chosen, getattr(params, f"{key}s"), f"{key}s"))
        for key in ("run", "generation", "evaluation")
        if (chosen := getattr(protocol, key)) not in getattr(params, f"{key}s")
    ]
    if unknown:
        yield from unknown
        return
    run = params.runs[protocol.run]
    for key in ("experiment", "dataset"):
        if getattr(protocol, key) != getattr(run, key):
            yield (key,), f"run '{protocol.run}' has {key} '{getattr(run, key)}'"
    yield from _measured(params, "resample", protocol.experiment)
    energy, objective, sampler, _ = params.train_settings(protocol.run)
    generation, evaluation = params.generations[protocol.generation], params.evaluations[protocol.evaluation]
    dataset = params.datasets[run.dataset]
    yield from ((("generation",), reason) for reason in generation.problems(energy, objective, sampler))
    yield from ((("evaluation",), reason) for reason in evaluation.problems(dataset, energy, generation))


def _of_shown(params: Params, _: str, shown) -> Iterator[Problem]:
    """Experiments or comparisons that do not exist, or do not have what is shown."""
    known, chosen = params.comparisons, shown.experiment
    by_experiment = stages.stage(shown.stage).by_experiment
    if by_experiment and chosen not in params.experiments:
        yield from _unknown_experiment(params, ("experiment",), chosen)
    elif not by_experiment and chosen not in known:
        yield ("experiment",), no_such("comparison", chosen, known, "comparisons")
    else:
        yield from ((("kind",), reason) for reason in shown.problems(params))


def _measured(params: Params, stage: str, experiment: str) -> Iterator[Problem]:
    """What everything measured on an experiment's models needs: runs, and a table."""
    yield from _unknown_experiment(params, ("experiment",), experiment)
    yield from _no_table(params, stage, "experiment", experiment)


def _no_table(params: Params, stage: str, what: str, chosen: str) -> Iterator[Problem]:
    # The report judges these results and is told of their changes by the tables.
    if not any(shown.stage == stage and shown.experiment == chosen for shown in params.tables.values()):
        yield (), f"no table of stage {stage} shows {what} '{chosen}': add one to tables"


def _unknown_experiment(params: Params, place: tuple, experiment: str) -> Iterator[Problem]:
    known = params.experiments
    if experiment not in known:
        yield place, f"no run belongs to experiment '{experiment}'{nearest(experiment, known)}"


def _no_images(params: Params, key: str, dataset: str, need: str) -> Iterator[Problem]:
    if dataset not in params.datasets:
        yield (key,), no_such("dataset", dataset, params.datasets)
    elif params.datasets[dataset].form != "images":
        yield (key,), f"{need}, not '{dataset}'"


def _scored(params: Params, test) -> Iterator[Problem]:
    """What keeps the energies of an experiment from being asked about images of a data set."""
    for run in params.runs_of(test.experiment):
        dataset = params.runs[run].dataset
        if dataset != test.dataset:
            who = f"run '{run}' of experiment '{test.experiment}'"
            yield ("dataset",), f"{who} is trained on '{dataset}', not on '{test.dataset}'"
        elif params.resolve(run, "energy").attribute is not None:
            yield ("experiment",), f"the energy of run '{run}' needs a condition to give a score"


SECTIONS = {
    "compositions": _of_composition,
    "ood": _of_ood,
    "denoisings": _of_denoising,
    "comparisons": _of_comparison,
    "protocols": _of_protocol,
    "figures": _of_shown,
    "tables": _of_shown,
}
