"""What the work costs: passes of single examples through a network, forward or backward.

The one count behind `ebm estimate` and what a job asks of a cluster. Chains and numbers are most of it; what
each takes, its kind says (`cost`).
"""

from ebmrepro.params.evaluations import Evaluation
from ebmrepro.params.generations import Generation
from ebmrepro.params.root import Params

# A step of a chain: forward, and the gradient in x. A training step beside its chain: loss and update.
STEP_PASSES, UPDATE_PASSES = 2, 6


def training(params: Params, run: str) -> int:
    """Passes of the training of all seeds of `run`."""
    _, _, sampler, schedule = params.train_settings(run)
    each = schedule.batch_size * (STEP_PASSES * sampler.cost() + UPDATE_PASSES)
    return schedule.iterations * each * len(params.seeds_of(run))


def chain_steps(params: Params, run: str, generation: Generation) -> int:
    """Steps of single chains that sampling one seed of `run` by `generation` takes."""
    return generation.cost(getattr(params.resolve(run, "objective"), "times", 1))


def sampling(params: Params, run: str, generation: Generation | None = None) -> int:
    """Passes of sampling all seeds of `run`, by its own generation or another."""
    generation = generation or params.resolve(run, "generation")
    return STEP_PASSES * chain_steps(params, run, generation) * len(params.seeds_of(run))


def measuring(params: Params, run: str, evaluation: Evaluation | None = None) -> int:
    """Passes of the chains in the numbers of all seeds of `run`, by its own evaluation or another."""
    evaluation = evaluation or params.resolve(run, "evaluation")
    return STEP_PASSES * evaluation.cost() * len(params.seeds_of(run))


def composing(params: Params, name: str) -> int:
    """Passes of a composition: a step of its chains is one through each of its models."""
    composition = params.compositions[name]
    generation = params.generations[composition.generation]
    return sum(sampling(params, model.run, generation) for model in composition.models)


def resampling(params: Params, name: str) -> int:
    """Passes of sampling by a protocol."""
    protocol = params.protocols[name]
    return sampling(params, protocol.run, params.generations[protocol.generation])


def remeasuring(params: Params, name: str) -> int:
    """Passes of the chains in the numbers by a protocol."""
    protocol = params.protocols[name]
    return measuring(params, protocol.run, params.evaluations[protocol.evaluation])
