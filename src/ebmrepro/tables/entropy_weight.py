"""How good a model is by the weight of the entropy term that it was trained with."""

from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.shown.quality import FITS, SAMPLES, of_data
from ebmrepro.shown.runs import as_title, by_dataset
from ebmrepro.tables.rows import NOTE, SEEDS, Column, add_reference, add_run, metric_names, switched
from ebmrepro.tables.table import MISSING, Made, Table

CONSISTENT = (
    "Consistent: the weight d T / S, with which the KL term is a multiple of the KL divergence, for d"
    " coordinates of a sample, the chain's temperature T = noise² / (2 step size) and an energy that sums S"
    " scales"
)


def make(runs: list[Measured]) -> Made:
    """A row for each run, by its weight, last for each data set what the data themselves reach."""
    measures = [one for one in (*FITS, *SAMPLES) if one.metric in metric_names(runs)]
    columns = [Column(one.metric, one.words) for one in measures]
    headings = [column.heading for column in columns]
    table = Table(["Data", "Method", "Entropy weight", *headings, SEEDS.heading])
    for dataset, members in by_dataset(runs).items():
        weights = {member.run.name: switched(member, "entropy_weight") for member in members}
        for member in sorted(members, key=lambda member: weights[member.run.name] or 0.0):
            weight = weights[member.run.name]
            words = [member.run.label, MISSING if weight is None else f"{weight:.3g}"]
            add_run(table, member, columns, words, {"entropy_weight": weight})
        numbers = {one.metric: of_data(one, members) for one in measures}
        label = "the data themselves"
        about = {"dataset": dataset, "run": label}
        add_reference(table, columns, [as_title(dataset), label, MISSING], numbers, about)
    return table, f"{NOTE}. A method without a weight has no entropy term. {CONSISTENT}"
