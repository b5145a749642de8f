"""compose: sample the compositions of an experiment's models and judge what the samples show."""

from functools import cache, partial

import numpy as np
import torch
from torch.nn.functional import one_hot

from ebmrepro.data.batches import quantise
from ebmrepro.energies.calibration import Calibrated
from ebmrepro.energies.conditional import Given
from ebmrepro.energies.expression import composed
from ebmrepro.evaluation.classifiers.by_attribute import classifiers_from_tensors
from ebmrepro.evaluation.classifiers.composition_accuracy import fits, measure, words
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors
from ebmrepro.machine.device import set_up
from ebmrepro.machine.progress import progress
from ebmrepro.mcmc.chunks import CHUNK, Target
from ebmrepro.params.measured import Model
from ebmrepro.params.root import Params
from ebmrepro.training.model_file import trained_models


def run(params: Params, item: str) -> None:
    """Write composition `item`: its samples and accuracies, each seed's models with each other."""
    device = set_up(params.compute)
    config = params.compositions[item]
    calibration = config.calibration
    generation = params.generations[config.generation]
    short = generation.model_copy(update={"long_chains": None})
    folder = workspace.prepared(params.preset, config.dataset)
    # Mapped: of the data only the labels and few images are read here, of the reference only the classifiers.
    real = map_tensors(folder / "train.safetensors")[0]
    judge = classifiers_from_tensors(map_tensors(folder / "reference.safetensors")[0])
    known = params.datasets[config.dataset].attributes

    files, outcomes = {}, {}
    for name, file, ended in trained_models(params, config.experiment, device):
        files[name], outcomes[name] = file, ended

    def meaning(model: Model) -> tuple[str, int]:
        attribute = files[model.run].config.condition
        return attribute, known[attribute].index(model.value)

    def energy_of(model: Model, seed: int) -> Given:
        file, (_, value) = files[model.run], meaning(model)
        condition = one_hot(torch.tensor([value], device=device), file.classes).float()
        return Given(file.energy(seed, generation.weights), condition)

    def calibrated(model: Model, seed: int) -> Calibrated:
        attribute, value = meaning(model)
        images = real["x"][np.flatnonzero(real[attribute] == value)[: calibration.images]]
        # The middle of each level.
        return Calibrated.on(energy_of(model, seed), (torch.from_numpy(images).to(device) + 0.5) / 256)

    def others(model: Model) -> list[Model]:
        attribute, _ = meaning(model)
        return [Model(run=model.run, **{"is": value}) for value in known[attribute] if value != model.value]

    settings = {"others": others, "guidance": calibration.guidance} if calibration else {"others": None}
    put_together = partial(composed, **settings)
    first = next(iter(files.values()))
    all_seeds, shape = first.seeds, first.shape
    tensors, seeds = {}, {}
    chunks = -(-generation.samples // CHUNK)
    work = chunks * generation.chain_steps() * len(config.expressions)
    with progress(f"compose {item}", len(all_seeds) * work) as bar:
        for seed in all_seeds:
            metrics = {}
            own = cache(partial(calibrated if calibration else energy_of, seed=seed))
            for number, (key, expression) in enumerate(config.expressions.items()):
                energy = put_together(expression, own)
                # A stream for each expression: chunks of one never meet those of another.
                streams = {"purpose": "composition", "first_stream": 1000 * number}
                target = Target(energy, shape, seed, bar, **streams)
                made = generation.load()(short, target)
                samples = quantise(made.samples).cpu().numpy()
                seen = judge.predict(samples)
                tensors |= {f"{seed}/{key}": samples}
                tensors |= {f"{seed}/{key}/correct": fits(expression, seen, meaning)}
                found = measure(expression, seen, meaning)
                metrics |= {f"{name}_{key}": value for name, value in found.items()}
            ends = [outcomes[name][str(seed)] for name in sorted({model.run for model in config.models})]
            diverged = [end for end in ends if end["outcome"] == "diverged"]
            seeds[str(seed)] = {"metrics": metrics, **(diverged or ends)[0]}
    result = {
        "composition": item,
        "experiment": config.experiment,
        "dataset": config.dataset,
        "words": {key: words(expression, meaning) for key, expression in config.expressions.items()},
        "chance": {
            key: float(fits(expression, real, meaning).mean())
            for key, expression in config.expressions.items()
        },
        "seeds": seeds,
    }
    where = params.preset, "compose", config.experiment, item
    workspace.save_result(*where, result, tensors, {"seeds": all_seeds})
