"""Compositions: how many samples satisfy what was asked for, and how many images do by chance."""

from ebmrepro.shown.loaders.compose import Composed
from ebmrepro.shown.runs import as_title, some
from ebmrepro.tables.rows import NOTE, Column, numbers_of, seeds_text
from ebmrepro.tables.table import Made, Table

COLUMNS = ["Composition", "Expression", "Composition accuracy ↑", "Chance", "Rarest part ↑", "Seeds"]
HOW = (
    f"{NOTE}; a seed has diverged if one of the models of the composition has. Share of samples whose"
    " attributes satisfy the expression, as classifiers trained on real images see them. Chance: the share of"
    " training images that do by their labels, which images that ignore the expression reach. Rarest part: of"
    " an OR the share of samples that satisfy the part that fewest do"
)


def make(items: list[Composed]) -> Made:
    """A row for each expression; raises NothingToShow if there is no composition."""
    table = Table(COLUMNS)
    for item in some(items, "the experiment has no composition"):
        for key, words in item.words.items():
            names = ("accuracy", "rarest_part")
            (accuracy, rarest), numbers = numbers_of(
                item, [Column(f"{name}_{key}", "", record=name) for name in names]
            )
            chance = item.chance[key]
            row = [as_title(item.name), words, accuracy, f"{chance:.3f}", rarest, seeds_text(item)]
            about = {"composition": item.name, "expression": key, "words": words}
            table.add(row, about | numbers | {"chance": chance})
    return table, HOW
