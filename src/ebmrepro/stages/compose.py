"""compose: sample the compositions of an experiment's models and judge what the samples show."""

import torch
from torch import nn
from torch.nn.functional import one_hot

from ebmrepro.data.batches import quantise
from ebmrepro.energies.composition import And, Not, Or
from ebmrepro.energies.conditional import Given
from ebmrepro.evaluation.classifiers.by_attribute import classifiers_from_tensors
from ebmrepro.evaluation.classifiers.composition_accuracy import fits, words
from ebmrepro.files import workspace
from ebmrepro.files.workspace import map_tensors
from ebmrepro.machine.device import set_up
from ebmrepro.machine.progress import progress
from ebmrepro.mcmc.chunks import CHUNK, Target
from ebmrepro.params import measured
from ebmrepro.params.measured import Expression, Model, models_of
from ebmrepro.params.root import Params
from ebmrepro.training.model_file import ModelFile, trained_models


def run(params: Params, item: str) -> None:
    """Write composition `item`: its samples and accuracies, each seed's models with each other."""
    device = set_up(params.compute)
    config = params.compositions[item]
    generation = params.generations[config.generation]
    folder = workspace.prepared(params.preset, config.dataset)
    # Mapped: of the data only the labels are read here, of the reference only the classifiers.
    real = map_tensors(folder / "test.safetensors")[0]
    judge = classifiers_from_tensors(map_tensors(folder / "reference.safetensors")[0])
    known = params.datasets[config.dataset].attributes

    files, outcomes = {}, {}
    for name, file, ended in trained_models(params, config.experiment, device):
        files[name], outcomes[name] = file, ended

    def meaning(model: Model) -> tuple[str, int]:
        attribute = files[model.run].config.condition
        return attribute, known[attribute].index(model.value)

    all_seeds = next(iter(files.values())).seeds
    tensors, seeds = {}, {}
    chunks = -(-generation.samples // CHUNK)
    work = chunks * generation.chain_steps() * len(config.expressions)
    with progress(f"compose {item}", len(all_seeds) * work) as bar:
        for seed in all_seeds:
            metrics = {}
            for number, (key, expression) in enumerate(config.expressions.items()):
                models = models_of(expression)
                energy = _energy(expression, files, seed, generation.weights, meaning)
                # As the authors do: every model adds its gradient, so the step is shared among them.
                step_size = generation.step_size / len(models)
                shared = generation.model_copy(update={"step_size": step_size, "long_chains": None})
                # A stream for each expression: chunks of one never meet those of another.
                streams = {"purpose": "composition", "first_stream": 1000 * number}
                target = Target(energy, files[models[0].run].shape, seed, bar, **streams)
                made = generation.load()(shared, target)
                samples = quantise(made.samples).cpu().numpy()
                truth = fits(expression, judge.predict(samples), meaning)
                tensors |= {f"{seed}/{key}": samples, f"{seed}/{key}/correct": truth}
                metrics[f"accuracy_{key}"] = float(truth.mean())
            ends = [outcomes[name][str(seed)] for name in sorted({model.run for model in config.models})]
            diverged = [end for end in ends if end["outcome"] == "diverged"]
            seeds[str(seed)] = {"metrics": metrics, **(diverged or ends)[0]}
    result = {
        "composition": item,
        "experiment": config.experiment,
        "dataset": config.dataset,
        "words": {key: words(expression, meaning) for key, expression in config.expressions.items()},
        "shares": {
            key: float(fits(expression, real, meaning).mean())
            for key, expression in config.expressions.items()
        },
        "seeds": seeds,
    }
    where = params.preset, "compose", config.experiment, item
    workspace.save_result(*where, result, tensors, {"seeds": all_seeds})


def _energy(
    expression: Expression, files: dict[str, ModelFile], seed: int, weights: str, meaning
) -> nn.Module:
    """The energy that `expression` stands for, of one seed's models."""
    if isinstance(expression, Model):
        file = files[expression.run]
        _, value = meaning(expression)
        condition = one_hot(torch.tensor([value], device=file.device), file.classes).float()
        return Given(file.energy(seed, weights), condition)
    if isinstance(expression, measured.Not):
        return Not(_energy(expression.part, files, seed, weights, meaning), expression.weight)
    parts = [_energy(part, files, seed, weights, meaning) for part in expression.parts]
    if isinstance(expression, measured.And):
        return And(parts, expression.weights)
    return Or(parts, expression.weights, expression.sharpness)
