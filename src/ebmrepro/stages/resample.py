"""resample: the models of a run, sampled and measured by another protocol than the run's own."""

from ebmrepro.files import workspace
from ebmrepro.params.root import Params
from ebmrepro.stages.evaluate import measured
from ebmrepro.stages.sample import draw


def run(params: Params, item: str) -> None:
    """Draw samples as protocol `item` says and measure them as it says."""
    protocol = params.protocols[item]
    generation = params.generations[protocol.generation]
    evaluation = params.evaluations[protocol.evaluation]
    samples, about = draw(params, protocol.run, generation)
    result, arrays = measured(params, protocol.run, evaluation, generation.weights, samples)
    result |= {
        "protocol": item,
        "source": protocol.source,
        "generation": generation.model_dump(mode="json"),
    }
    where = params.preset, "resample", protocol.experiment, item
    workspace.save_result(*where, result, samples | arrays, about)
