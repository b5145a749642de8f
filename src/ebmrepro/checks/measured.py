"""What is measured on runs and shown of them that does not fit the runs it is about, and why."""

from collections.abc import Iterator

from ebmrepro.checks.combinations import of_protocol
from ebmrepro.params import stages
from ebmrepro.params.compositions import models_of
from ebmrepro.params.root import Params
from ebmrepro.params.words import Problem, nearest, no_such


def of_compositions(params: Params) -> Iterator[Problem]:
    """Compositions of runs that do not exist, or at values that their attribute does not have."""
    for name, composition in params.compositions.items():
        here = ("compositions", name)
        yield from _measured(params, here, "compose", composition.experiment)
        generation = composition.generation
        if generation not in params.generations:
            reason = no_such("generation", generation, params.generations, "generations")
            yield (*here, "generation"), reason
        elif getattr(params.generations[generation], "start", None) != "noise":
            reason = "a composition runs Langevin chains and has no replay buffer: it needs start: noise"
            yield (*here, "generation"), reason
        members = params.runs_of(composition.experiment)
        for word, expression in composition.expressions.items():
            for model in models_of(expression):
                reason = _no_model(params, composition, members, model)
                if reason:
                    yield (*here, "expressions", word), reason
        if members and any(params.runs[run].dataset != composition.dataset for run in members):
            yield (
                (*here, "dataset"),
                f"the runs of '{composition.experiment}' are not trained on '{composition.dataset}'",
            )
        else:
            yield from _no_judge(params, here, composition, members)
        others = [run for run in members if params.seeds_of(run) != params.seeds_of(members[0])]
        if others:
            yield (
                (*here, "experiment"),
                f"models of one seed are composed with each other, and run '{others[0]}' has seeds"
                f" {params.seeds_of(others[0])}, run '{members[0]}' {params.seeds_of(members[0])}",
            )


def _no_model(params: Params, composition, members: list[str], model) -> str | None:
    if model.run not in members:
        return (
            f"no run '{model.run}' belongs to experiment '{composition.experiment}'"
            f"{nearest(model.run, members)}"
        )
    attribute = params.resolve(model.run, "energy").attribute
    if attribute is None:
        return f"run '{model.run}' has no condition: its energy knows no '{model.value}'"
    values = params.datasets[params.runs[model.run].dataset].attributes[attribute]
    if values is None:
        return f"the values of attribute '{attribute}' have no names that params.yaml knows"
    if model.value not in values:
        return f"attribute '{attribute}' has no value '{model.value}'{nearest(model.value, values)}"
    return None


def _no_judge(params: Params, here: tuple, composition, members: list[str]) -> Iterator[Problem]:
    """Attributes that a composition combines and that no classifier of the data set learns."""
    dataset = params.datasets.get(composition.dataset)
    if dataset is None:
        return
    models = [model for expression in composition.expressions.values() for model in models_of(expression)]
    combined = {params.resolve(model.run, "energy").attribute for model in models if model.run in members}
    missing = sorted(combined - {None, *dataset.judged})
    if missing:
        where = f"datasets.{composition.dataset}.classifier"
        what = f"for {', '.join(dataset.judged)} alone" if dataset.judged else "null"
        yield (
            (*here, "dataset"),
            f"samples are judged by {where}, which is {what}: add {', '.join(missing)} to its attributes",
        )


def _measured(params: Params, here: tuple, stage: str, experiment: str) -> Iterator[Problem]:
    """What everything measured on an experiment's models needs: runs, and a table."""
    yield from known_experiment(params, (*here, "experiment"), experiment)
    # The report judges these results and is told of their changes by the tables.
    if not any(shown.stage == stage and shown.experiment == experiment for shown in params.tables.values()):
        yield here, f"no table of stage {stage} shows experiment '{experiment}': add one to tables"


def of_outliers(params: Params) -> Iterator[Problem]:
    """Out-of-distribution tests whose experiment or data sets do not fit."""
    for name, test in params.outliers.items():
        here = ("outliers", name)
        yield from _measured(params, here, "detect", test.experiment)
        for key in ("dataset", "against"):
            chosen = getattr(test, key)
            if chosen not in params.datasets:
                yield (*here, key), no_such("dataset", chosen, params.datasets)
            elif params.datasets[chosen].form != "images":
                yield (*here, key), f"out-of-distribution tests need images, not '{chosen}'"
        if test.against == test.dataset:
            yield (*here, "against"), "a data set is not out of its own distribution"
        others = [other for other in params.outliers.values() if other.experiment == test.experiment]
        measured = [name for other in others for name in other.outside]
        twice = sorted({name for name in measured if measured.count(name) > 1})
        if twice:
            yield (
                (*here, "sets"),
                f"experiment '{test.experiment}' is measured against {', '.join(twice)} more than once, and"
                " no verdict could tell which is meant",
            )
        yield from _scored(params, here, test)


def of_denoisings(params: Params) -> Iterator[Problem]:
    """Denoisings whose experiment or data set does not fit."""
    for name, test in params.denoisings.items():
        here = ("denoisings", name)
        yield from _measured(params, here, "denoise", test.experiment)
        if test.dataset not in params.datasets:
            yield (*here, "dataset"), no_such("dataset", test.dataset, params.datasets)
        elif params.datasets[test.dataset].form != "images":
            yield (*here, "dataset"), f"denoising needs images, not '{test.dataset}'"
        if sum(other.experiment == test.experiment for other in params.denoisings.values()) > 1:
            yield (*here, "experiment"), f"experiment '{test.experiment}' is denoised more than once"
        if len(set(test.noise)) != len(test.noise):
            yield (*here, "noise"), f"each noise level must appear once, got {test.noise}"
        yield from _scored(params, here, test)


def of_comparisons(params: Params) -> Iterator[Problem]:
    """Comparisons of experiments that do not exist, or under a name that is one."""
    compared: list[str] = []
    for name, comparison in params.comparisons.items():
        here = ("comparisons", name)
        if name in params.experiments:
            yield here, f"'{name}' is an experiment: a comparison needs a name of its own"
        for number, experiment in enumerate(comparison.experiments):
            place = (*here, "experiments", number)
            yield from known_experiment(params, place, experiment)
            if experiment in compared:
                yield place, f"experiment '{experiment}' is compared more than once"
            compared.append(experiment)
        if not any(shown.stage == "compare" and shown.experiment == name for shown in params.tables.values()):
            yield here, f"no table of stage compare shows comparison '{name}': add one to tables"


def of_protocols(params: Params) -> Iterator[Problem]:
    """Protocols of runs that do not exist, or that their models cannot be sampled or measured by."""
    for name, protocol in params.protocols.items():
        here = ("protocols", name)
        named = (("run", "runs"), ("generation", "generations"), ("evaluation", "evaluations"))
        unknown = [
            ((*here, key), no_such(key, chosen, getattr(params, section), section))
            for key, section in named
            if (chosen := getattr(protocol, key)) not in getattr(params, section)
        ]
        yield from unknown
        if not unknown:
            run = params.runs[protocol.run]
            for key in ("experiment", "dataset"):
                if getattr(protocol, key) != getattr(run, key):
                    yield (*here, key), f"run '{protocol.run}' has {key} '{getattr(run, key)}'"
            yield from _measured(params, here, "resample", protocol.experiment)
            generation = params.generations[protocol.generation]
            evaluation = params.evaluations[protocol.evaluation]
            for key, reason in of_protocol(params, protocol.run, generation, evaluation):
                yield (*here, key), reason


def _scored(params: Params, here: tuple, test) -> Iterator[Problem]:
    """What keeps the energies of an experiment from being asked about images of a data set."""
    for run in params.runs_of(test.experiment):
        if params.runs[run].dataset != test.dataset:
            yield (
                (*here, "dataset"),
                f"run '{run}' of experiment '{test.experiment}' is trained on"
                f" '{params.runs[run].dataset}', not on '{test.dataset}'",
            )
        elif params.resolve(run, "energy").attribute is not None:
            yield (*here, "experiment"), f"the energy of run '{run}' needs a condition to give a score"


def known_experiment(params: Params, location: tuple, experiment: str) -> Iterator[Problem]:
    """That no run belongs to `experiment`, if none does."""
    if experiment not in params.experiments:
        yield (
            location,
            f"no run belongs to experiment '{experiment}'{nearest(experiment, params.experiments)}",
        )


def of_shown(params: Params) -> Iterator[Problem]:
    """Figures and tables whose experiment or comparison does not exist, or does not have what they show."""
    for section in ("figures", "tables"):
        for name, shown in getattr(params, section).items():
            here, chosen = (section, name), shown.experiment
            if not stages.stage(shown.stage).by_experiment and chosen not in params.comparisons:
                reason = no_such("comparison", chosen, params.comparisons, "comparisons")
                yield (*here, "experiment"), reason
            elif stages.stage(shown.stage).by_experiment and chosen not in params.experiments:
                yield from known_experiment(params, (*here, "experiment"), chosen)
            else:
                yield from (((*here, "kind"), reason) for reason in shown.problems(params))


ALL = (of_compositions, of_outliers, of_denoisings, of_comparisons, of_protocols, of_shown)
