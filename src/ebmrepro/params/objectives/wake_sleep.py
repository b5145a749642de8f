from ebmrepro.params.objectives import Method, Objective


class WakeSleep(Objective, directed=True, columns=("loss_wake", "loss_sleep")):
    """The wake-sleep algorithm (Hinton, Dayan, Frey and Neal, 1995), for Helmholtz machines."""

    methods = (Method("wake_sleep", "wake-sleep", "#56B4E9", ":", ">", 110),)
