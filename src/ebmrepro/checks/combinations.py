"""Entries that a run names and that cannot work together, and why."""

from collections.abc import Iterator

from ebmrepro.params.datasets import BINARY, IMAGES, attributes_of
from ebmrepro.params.energies import MAX_UNITS, TIME
from ebmrepro.params.energies.layouts import LAYOUTS, LEAST_ATTENTION_SIDE, SCALES, halved, map_sides
from ebmrepro.params.inception import DIMENSIONS
from ebmrepro.params.root import Params, TrainSettings
from ebmrepro.params.words import Problem, nearest

# Which evaluation can measure a run on a data set of each kind; `inception` too where the data have such a
# ruler.
MEASURED_BY = {
    "gaussian": "gaussian",
    "density": "density",
    "digits": "images",
    "shapes": "images",
    "image_folder": "images",
    "catalogue": "inception",
    "bars_and_stripes": "binary",
    "binary_digits": "binary",
}
# Side in pixels of the embedded images.
SIDES = {"digits": 8, "shapes": 16, "binary_digits": 8}

IMAGE_ENERGIES = {"conv", "residual"}


def of_run(params: Params, name: str) -> Iterator[Problem]:
    """What in run `name` cannot work; its names must exist and its overrides be valid."""
    run, settings = params.runs[name], params.train_settings(name)
    dataset = params.datasets[run.dataset]
    evaluation, generation = params.resolve(name, "evaluation"), params.resolve(name, "generation")
    train = ("runs", name, "train")
    fits = list(_energy(settings.energy, dataset))
    yield from (((*train, "energy"), reason) for reason in fits)
    if not fits:
        yield from (((*train, "objective"), reason) for reason in _objective(settings, dataset))
        yield from (((*train, key), reason) for key, reason in _chain(settings))
        yield from ((("runs", name, "sample", "generation"), r) for r in _generation(generation, settings))
    yield from (
        (("runs", name, "evaluate", "evaluation"), r)
        for r in _evaluation(evaluation, generation, dataset, settings.energy)
    )
    chains = (("train", "sampler", settings.sampler), ("sample", "generation", generation))
    for stage, key, chain in chains:
        if getattr(chain, "augmentation", None) is not None and dataset.kind not in IMAGES:
            yield ("runs", name, stage, key), f"augmentation needs images, not {dataset.kind} data"
    seeds = run.train.seeds or []
    if len(set(seeds)) != len(seeds):
        yield (*train, "seeds"), f"each seed must appear once, got {seeds}"


def of_protocol(params: Params, run: str, generation, evaluation) -> Iterator[tuple[str, str]]:
    """Why the models of `run` cannot be sampled by `generation` or their samples not be measured by
    `evaluation`: (key, reason)."""
    dataset = params.datasets[params.runs[run].dataset]
    energy = params.resolve(run, "energy")
    yield from (("generation", reason) for reason in _generation(generation, params.train_settings(run)))
    yield from (("evaluation", reason) for reason in _evaluation(evaluation, generation, dataset, energy))
    if getattr(generation, "augmentation", None) is not None and dataset.kind not in IMAGES:
        yield "generation", f"augmentation needs images, not {dataset.kind} data"


def _evaluation(evaluation, generation, dataset, energy) -> Iterator[str]:
    """Why the samples of a run cannot be measured so."""
    if evaluation.kind != "inception" or getattr(dataset, "inception", None) is None:
        if evaluation.kind != MEASURED_BY[dataset.kind]:
            yield (
                f"{dataset.kind} data are measured by an evaluation of kind {MEASURED_BY[dataset.kind]}, not"
                f" {evaluation.kind}"
            )
        elif evaluation.kind == "inception":
            yield "this evaluation compares with inception references; those of the data set are null"
        return
    few = [count for count in evaluation.counts if count > generation.samples]
    if few:
        yield f"numbers of {few[0]:,} samples are asked for, and the generation draws {generation.samples:,}"
    references = dataset.inception.references.items()
    small = [name for name, reference in references if (reference.count or DIMENSIONS + 1) <= DIMENSIONS]
    if evaluation.counts and small:
        yield (
            f"FID needs more than {DIMENSIONS} images on both sides, and reference '{small[0]}' has"
            f" {dataset.inception.references[small[0]].count}"
        )
    if evaluation.likelihood is not None and getattr(energy, "condition", None) not in (None, TIME):
        yield "an energy that is conditioned on an attribute has no likelihood here: write likelihood: null"


def _energy(energy, dataset) -> Iterator[str]:
    """Why `energy` does not suit the data."""
    binary = energy.kind == "helmholtz" or getattr(energy, "visible", None) == "bernoulli"
    if binary and dataset.kind not in BINARY:
        what = "a Helmholtz machine" if energy.kind == "helmholtz" else "a Bernoulli RBM"
        yield (
            f"{what} needs binary data ({' or '.join(sorted(BINARY))}), and {dataset.kind} data are"
            " real-valued"
        )
        return
    needed = "binary data" if binary else "images" if energy.kind in IMAGE_ENERGIES else "vectors"
    found = "images" if dataset.kind in IMAGES else "binary data" if dataset.kind in BINARY else "vectors"
    if needed != found:
        yield f"a {energy.kind} energy needs {needed}, not {dataset.kind} data"
        return
    side = getattr(dataset, "size", SIDES.get(dataset.kind))
    if energy.kind == "conv" and side < 8:
        yield f"a conv energy needs images of at least 8x8 pixels, not {side}"
    if energy.kind == "residual":
        yield from _maps(energy, side)
        known = attributes_of(dataset)
        if energy.condition not in (None, TIME, *known):
            yield (
                f"condition: {dataset.kind} data have no attribute '{energy.condition}'"
                f"{nearest(energy.condition, known)}"
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


def _objective(settings: TrainSettings, dataset) -> Iterator[str]:
    """Why the objective cannot train the energy."""
    energy, objective, _, _ = settings
    if (objective.kind == "wake_sleep") != (energy.kind == "helmholtz"):
        yield (
            "wake_sleep trains a helmholtz machine and nothing else does, but this is"
            f" {objective.kind} of a {energy.kind} energy"
        )
        return
    binary = dataset.kind in BINARY
    if objective.kind in ("dsm", "ssm", "dcd") and binary:
        yield f"{objective.kind} needs a density of real vectors, and {dataset.kind} data are binary"
    if objective.kind == "mle":
        yield from _log_partition(energy, objective, dataset)
    timed = getattr(energy, "condition", None) == TIME
    times = getattr(objective, "times", 1)
    if timed and times == 1:
        yield (
            "an energy with condition: time needs the time-dependent form of dcd (more than two levels), not"
            f" {objective.kind}"
        )
    if not timed and times > 1:
        yield (
            f"dcd with {times + 1} levels trains E(x, t): give the energy condition: time, or take two levels"
        )
    if objective.kind == "dcd" and getattr(energy, "condition", None) not in (None, TIME):
        yield f"dcd trains no energy that is conditioned on an attribute ('{energy.condition}')"


def _log_partition(energy, objective, dataset) -> Iterator[str]:
    """Why log Z is not known."""
    if objective.grid is not None:
        if dataset.kind != "density":
            yield f"mle by a grid needs two dimensions (density data), not {dataset.kind} data"
        return
    if energy.kind == "rbm":
        visible = {"bars_and_stripes": lambda: dataset.side**2, "binary_digits": lambda: 64}
        seen = visible[dataset.kind]() if energy.visible == "bernoulli" else None
        least = min(energy.hidden, seen or energy.hidden)
        if least > MAX_UNITS:
            units = f"{seen} visible and {energy.hidden} hidden" if seen else f"{energy.hidden} hidden"
            yield (
                f"mle sums over all states of an RBM's smaller side, and {units} units are more than"
                f" {MAX_UNITS}: take cd, or fewer units"
            )
    elif energy.kind != "gaussian":
        yield f"mle needs an energy whose log Z is known (gaussian, rbm) or a grid, not {energy.kind}"


def _chain(settings: TrainSettings) -> Iterator[tuple[str, str]]:
    """What of objective and sampler does not go together: (key, reason)."""
    energy, objective, sampler, schedule = settings
    if objective.kind not in ("cd", "icd"):
        if sampler.kind != "none":
            yield (
                "sampler",
                f"{objective.kind} runs no chain: name a sampler of kind none, not {sampler.kind}",
            )
        return
    if sampler.kind == "none":
        yield "sampler", f"{objective.kind} needs a chain (langevin, hmc, gibbs), not none"
        return
    if sampler.kind == "gibbs" and energy.kind != "rbm":
        yield "sampler", f"gibbs samples an rbm, not a {energy.kind} energy"
    if sampler.kind != "gibbs" and getattr(energy, "visible", None) == "bernoulli":
        yield "sampler", f"an RBM of binary units is sampled by gibbs: {sampler.kind} needs gradients in x"
    chains = getattr(sampler.buffer, "kind", None) == "chains"
    if chains and sampler.buffer.size < schedule.batch_size:
        yield (
            "sampler",
            f"{sampler.buffer.size} persistent chains are fewer than a batch of {schedule.batch_size}",
        )
    if objective.kind != "icd":
        return
    if sampler.kind == "gibbs":
        yield "sampler", "icd differentiates through the chain, and gibbs draws binary states"
        return
    if objective.entropy_weight and (sampler.buffer is None or chains):
        yield (
            "sampler",
            "the entropy term looks for nearest neighbours in the replay buffer (fifo, reservoir), and buffer"
            f" is {'of kind chains' if chains else 'null'}: give the sampler a buffer or the objective"
            " entropy_weight: 0.0",
        )
    elif objective.entropy_weight and objective.entropy_after >= sampler.buffer.size:
        yield (
            "objective",
            f"the entropy term waits for more than entropy_after = {objective.entropy_after} samples, and the"
            f" replay buffer holds {sampler.buffer.size}: it would never begin",
        )
    if objective.kl_steps != "all" and objective.kl_steps > sampler.steps:
        yield (
            "objective",
            f"kl_steps is {objective.kl_steps}, and the chain has {sampler.steps} steps: write kl_steps: all",
        )


def _generation(generation, settings: TrainSettings) -> Iterator[str]:
    """Why the trained model cannot be sampled so."""
    energy, objective, sampler, _ = settings
    by_kind = {"helmholtz": {"ancestral"}, "rbm": {"gibbs"}}
    possible = by_kind.get(energy.kind, {"langevin"})
    if energy.kind == "rbm" and energy.visible == "gaussian":
        possible = {"gibbs", "langevin"}
    if getattr(energy, "condition", None) == TIME:
        possible = {"annealed"}
    if generation.kind not in possible:
        what = "time-dependent energies" if possible == {"annealed"} else f"energies of kind {energy.kind}"
        wanted = " or ".join(sorted(possible))
        yield f"{what} are sampled by a generation of kind {wanted}, not {generation.kind}"
        return
    if getattr(generation, "start", None) == "replay" and getattr(sampler, "buffer", None) is None:
        yield "start: replay needs a run trained with a replay buffer; this one has none"
    if generation.kind == "annealed" and generation.strip_frames > generation.steps * objective.times + 1:
        yield f"strip_frames must be at most {generation.steps * objective.times + 1}, the states of a chain"
