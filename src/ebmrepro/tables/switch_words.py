"""A run's switches as the words of table cells."""

from ebmrepro.shown.data import NothingToShow
from ebmrepro.shown.loaders.evaluate import Measured
from ebmrepro.tables.rows import Words

KL = {"off": "no", "opt": "L_opt only", "ent": "L_ent only", "both": "yes"}


def switch(member: Measured, key: str) -> str:
    """'yes', 'no' or, of the KL term, its only part; raises NothingToShow if the run's files do not say."""
    if key not in member.switches:
        raise NothingToShow(f"the metrics of run {member.run.name} do not say what was switched on")
    value = member.switches[key]
    if key == "kl":
        return KL[value]
    on = value > 1 if key == "scales" else value
    return "yes" if on else "no"


def column(heading: str, key: str) -> Words:
    """The column of one switch."""
    return Words(heading, lambda member: switch(member, key))
