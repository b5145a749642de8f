"""Settings of `kind: wake_sleep`."""

from typing import Literal

from ebmrepro.params.objectives import Objective


class WakeSleep(Objective):
    """The wake-sleep algorithm (Hinton, Dayan, Frey and Neal, 1995), for Helmholtz machines."""

    directed = True

    kind: Literal["wake_sleep"]
