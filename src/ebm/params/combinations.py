"""Combinations of entries of params.yaml that cannot work together, and why.

Each problem is (location, reason), the location a tuple of keys into params.yaml.
"""

import difflib
from collections.abc import Iterable, Iterator

from ebm.params.compositions import models_of
from ebm.params.datasets import ATTRIBUTES
from ebm.params.layouts import LAYOUTS, LEAST_ATTENTION_SIDE, SCALES, halved, map_sides
from ebm.params.root import Params

Problem = tuple[tuple[str | int, ...], str]

# Which evaluation can measure a run on a data set of each kind.
MEASURED_BY = {
    "gaussian": "gaussian",
    "density": "density",
    "digits": "images",
    "shapes": "images",
    "image_folder": "images",
}
# Side in pixels of the embedded images.
SIDES = {"digits": 8, "shapes": 16}

IMAGES = {"digits", "shapes", "image_folder"}
IMAGE_ENERGIES = {"conv", "residual"}
# Kinds of data that a figure or table can show; those not named here show any.
SHOWS = {
    "sample_grid": IMAGES,
    "chain_strip": IMAGES,
    "chain_separation": IMAGES,
    "long_chains": IMAGES,
    "nearest_neighbours": IMAGES,
    "generation": IMAGES,
    "ablation": IMAGES,
    "density_panels": {"density"},
    "density": {"density"},
    "gaussian": {"gaussian"},
}


def nearest(word: object, known: Iterable[str]) -> str:
    """'; did you mean ...?' or the list of what is possible."""
    known = sorted(map(str, known))
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; possible: {', '.join(known)}" if known else ""


def no_such(key: str, chosen: str, entries: Iterable[str], section: str = "") -> str:
    """That `chosen` is not among `entries` (of `section`), and which of them is nearest."""
    where = f" in {section}" if section else ""
    return f"there is no {key} '{chosen}'{where}{nearest(chosen, entries)}"


def of_run(params: Params, name: str) -> Iterator[Problem]:
    """What in run `name` cannot work; its names must exist and its overrides be valid."""
    run, settings = params.runs[name], params.train_settings(name)
    dataset = params.datasets[run.dataset]
    evaluation, generation = params.resolve(name, "evaluation"), params.resolve(name, "generation")
    is_image = dataset.kind in IMAGES
    yield from _energy(params, name)
    yield from _objective(params, name)
    if evaluation.kind != MEASURED_BY[dataset.kind]:
        yield (
            ("runs", name, "evaluate", "evaluation"),
            f"{dataset.kind} data are measured by an evaluation of kind"
            f" {MEASURED_BY[dataset.kind]}, not {evaluation.kind}",
        )
    chains = (("train", "sampler", settings.sampler), ("sample", "generation", generation))
    for stage, key, chain in chains:
        if getattr(chain, "augmentation", None) is not None and not is_image:
            yield ("runs", name, stage, key), f"augmentation needs images, not {dataset.kind} data"
    if generation.start == "replay" and getattr(settings.sampler, "buffer", None) is None:
        yield (
            ("runs", name, "sample", "generation"),
            "start: replay needs a run trained with a replay buffer; this one has none",
        )


def _energy(params: Params, name: str) -> Iterator[Problem]:
    run, settings = params.runs[name], params.train_settings(name)
    here, energy = ("runs", name, "train", "energy"), settings.energy
    dataset = params.datasets[run.dataset]
    is_image = dataset.kind in IMAGES
    if settings.objective.kind == "mle" and energy.kind != "gaussian":
        yield (
            ("runs", name, "train", "objective"),
            f"mle needs an energy whose log Z is known (gaussian), not {energy.kind}",
        )
    if (energy.kind in IMAGE_ENERGIES) != is_image:
        needed = "vectors" if is_image else "images"
        yield here, f"a {energy.kind} energy needs {needed}, not {dataset.kind} data"
        return
    side = getattr(dataset, "size", SIDES.get(dataset.kind))
    if energy.kind == "conv" and side < 8:
        yield here, f"a conv energy needs images of at least 8x8 pixels, not {side}"
    if energy.kind == "residual":
        yield from ((here, reason) for reason in _maps(energy, side))
        known = ATTRIBUTES[dataset.kind]
        if energy.condition is not None and energy.condition not in known:
            yield (
                here,
                f"condition: {dataset.kind} data have no attribute '{energy.condition}'"
                f"{nearest(energy.condition, known)}",
            )


def _maps(energy, side: int) -> Iterator[str]:
    """What of a residual energy is left without room on images of `side` pixels."""
    for scale, network in zip(SCALES, LAYOUTS[energy.layout][: energy.scales], strict=False):
        for block, seen in zip(network.blocks, map_sides(network, side), strict=True):
            if block == "attention" and energy.attention and seen < LEAST_ATTENTION_SIDE:
                yield (
                    f"layout {energy.layout} gives {side}-pixel images a {seen}x{seen} map to attend to:"
                    f" {seen * seen} pixel{'s' * (seen > 1)} is too few; write attention: false or take a"
                    " layout with fewer halvings"
                )
            if block != "attention" and energy.normalise and seen < 2:
                yield (
                    f"layout {energy.layout} gives {side}-pixel images a 1x1 map in the network of {scale}"
                    " resolution, whose norm would erase it: fewer scales, or normalise: false"
                )
                break
        side = halved(side)


def _objective(params: Params, name: str) -> Iterator[Problem]:
    settings = params.train_settings(name)
    objective, sampler = settings.objective, settings.sampler
    train = ("runs", name, "train")
    if objective.kind == "mle":
        return
    if sampler.kind == "none":
        yield (*train, "sampler"), f"{objective.kind} needs a chain (langevin, hmc), not none"
        return
    if objective.kind != "icd":
        return
    if objective.entropy_weight and sampler.buffer is None:
        yield (
            (*train, "sampler"),
            "the entropy term looks for nearest neighbours in the replay buffer, and buffer is null:"
            " give the sampler a buffer or the objective entropy_weight: 0.0",
        )
    elif objective.entropy_weight and objective.entropy_after >= sampler.buffer.size:
        yield (
            (*train, "objective"),
            f"the entropy term waits for more than entropy_after = {objective.entropy_after} samples, and the"
            f" replay buffer holds {sampler.buffer.size}: it would never begin",
        )
    if objective.kl_steps != "all" and objective.kl_steps > sampler.steps:
        yield (
            (*train, "objective"),
            f"kl_steps is {objective.kl_steps}, and the chain has {sampler.steps} steps: write kl_steps: all",
        )


def of_compositions(params: Params) -> Iterator[Problem]:
    """Compositions of runs that do not exist, or at values that their attribute does not have."""
    for name, composition in params.compositions.items():
        here = ("compositions", name)
        yield from _measured(params, here, "compose", composition.experiment)
        generation = composition.generation
        if generation not in params.generations:
            reason = no_such("generation", generation, params.generations, "generations")
            yield (*here, "generation"), reason
        elif params.generations[generation].start != "noise":
            yield (*here, "generation"), "a composition has no replay buffer: it needs start: noise"
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


def _no_model(params: Params, composition, members: list[str], model) -> str | None:
    if model.run not in members:
        return (
            f"no run '{model.run}' belongs to experiment '{composition.experiment}'"
            f"{nearest(model.run, members)}"
        )
    attribute = getattr(params.resolve(model.run, "energy"), "condition", None)
    if attribute is None:
        return f"run '{model.run}' has no condition: its energy knows no '{model.value}'"
    values = ATTRIBUTES[params.datasets[params.runs[model.run].dataset].kind][attribute]
    if values is None:
        return f"attribute '{attribute}' of an image folder has no names that params.yaml knows"
    if model.value not in values:
        return f"attribute '{attribute}' has no value '{model.value}'{nearest(model.value, values)}"
    return None


def _measured(params: Params, here: tuple, stage: str, experiment: str) -> Iterator[Problem]:
    """What compositions and outliers have in common: an experiment with runs, and a table."""
    yield from _known(params, (*here, "experiment"), experiment)
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
            elif params.datasets[chosen].kind not in IMAGES:
                yield (*here, key), f"out-of-distribution tests need images, not '{chosen}'"
        if test.against == test.dataset:
            yield (*here, "against"), "a data set is not out of its own distribution"
        others = [other for other in params.outliers.values() if other.experiment == test.experiment]
        measured = [name for other in others for name in (*other.sets, other.against)]
        twice = sorted({name for name in measured if measured.count(name) > 1})
        if twice:
            yield (
                (*here, "sets"),
                f"experiment '{test.experiment}' is measured against {', '.join(twice)} more than once, and"
                " no verdict could tell which is meant",
            )
        for run in params.runs_of(test.experiment):
            if params.runs[run].dataset != test.dataset:
                yield (
                    (*here, "dataset"),
                    f"run '{run}' of experiment '{test.experiment}' is trained on"
                    f" '{params.runs[run].dataset}', not on '{test.dataset}'",
                )
            elif getattr(params.resolve(run, "energy"), "condition", None) is not None:
                yield (*here, "experiment"), f"the energy of run '{run}' needs a condition to give a score"


def of_shown(params: Params) -> Iterator[Problem]:
    """Figures and tables of what their experiment does not have."""
    for section in ("figures", "tables"):
        for name, shown in getattr(params, section).items():
            here = (section, name)
            if shown.experiment not in params.experiments:
                yield from _known(params, (*here, "experiment"), shown.experiment)
                continue
            kinds = {
                params.datasets[params.runs[run].dataset].kind for run in params.runs_of(shown.experiment)
            }
            suitable = SHOWS.get(shown.kind, kinds)
            if not kinds <= suitable:
                yield (
                    (*here, "kind"),
                    f"{shown.kind} shows {' or '.join(sorted(suitable))} data, and experiment"
                    f" '{shown.experiment}' has {' and '.join(sorted(kinds - suitable))}",
                )
            yield from _has_what_it_shows(params, here, shown)


def _has_what_it_shows(params: Params, here: tuple, shown) -> Iterator[Problem]:
    experiment, runs = shown.experiment, params.runs_of(shown.experiment)
    needs = {"compose": params.compositions, "detect": params.outliers}.get(shown.stage)
    if needs is not None and all(entry.experiment != experiment for entry in needs.values()):
        section = "compositions" if shown.stage == "compose" else "outliers"
        yield (*here, "kind"), f"{shown.kind} shows {section}, and experiment '{experiment}' has none"
    if shown.kind in ("chain_separation", "long_chains") and not any(
        params.resolve(run, "generation").long_chains for run in runs
    ):
        yield (*here, "kind"), f"{shown.kind} shows long_chains, and no generation of '{experiment}' has them"
    if shown.kind == "truncation" and not any(
        getattr(params.resolve(run, "objective"), "compare_full", False) for run in runs
    ):
        yield (*here, "kind"), f"truncation needs a run with compare_full: true in experiment '{experiment}'"


def _known(params: Params, location: tuple, experiment: str) -> Iterator[Problem]:
    if experiment not in params.experiments:
        yield (
            location,
            f"no run belongs to experiment '{experiment}'{nearest(experiment, params.experiments)}",
        )
