"""Settings of `kind: protocols`."""

from typing import Literal

from ebmrepro.params.tables import Table


class Protocols(Table):
    """The same models sampled and measured by different protocols: does the number depend on who samples?"""

    stage = "resample"
    implementation = "ebmrepro.tables.protocols"

    kind: Literal["protocols"]
