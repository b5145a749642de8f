"""Compositions: how many samples satisfy what was asked for, and how many images do by chance."""

from ebmrepro.shown.data import as_title, some
from ebmrepro.shown.loaders.compose import Composed
from ebmrepro.tables.rows import NOTE, diverged_at, seeds_text
from ebmrepro.tables.table import Table, format_mean_sd, mean_sd

COLUMNS = ["Composition", "Expression", "Samples that satisfy it ↑", "Real images that do", "Seeds"]


def make(items: list[Composed]) -> Table:
    """A row for each expression; raises NothingToShow if there is no composition."""
    some(items, "the experiment has no composition")
    rows, records = [], []
    for item in items:
        diverged = diverged_at(item)
        finished = [metrics for seed, metrics in item.metrics.items() if seed not in diverged]
        for key, words in item.words.items():
            mean, sd = mean_sd(metrics.get(f"accuracy_{key}") for metrics in finished)
            cell = format_mean_sd(mean, sd) if finished else "diverged"
            share = item.shares[key]
            rows.append([as_title(item.name), words, cell, f"{share:.3f}", seeds_text(item)])
            records.append(
                {
                    "composition": item.name,
                    "expression": key,
                    "words": words,
                    "seeds": len(item.outcomes),
                    "diverged": " ".join(f"{seed}@{at}" for seed, at in diverged.items()),
                    "accuracy_mean": mean,
                    "accuracy_sd": sd,
                    "share_of_real_images": share,
                }
            )
    return Table(COLUMNS, rows, records)


def note(items: list[Composed]) -> str:
    """How to read the table."""
    return (
        f"{NOTE}; a seed has diverged if one of the models of the composition has. Share of samples whose"
        " attributes satisfy the expression, as classifiers trained on real images see them. Beside it the"
        " share of real test images that do by their labels: what images that ignore the expression reach"
    )
