"""`schedules`: how long and with which optimiser a model is trained."""

from typing import Annotated

from pydantic import Field

from ebmrepro.params.base import Count, Positive, Section

Decay = Annotated[float, Field(ge=0, lt=1, strict=True)]


class Schedule(Section):
    """Adam with constant learning rate, global-norm clipping, EMA, logging and the divergence guard.

    `energy_limit`: a run whose |mean E| on data or samples exceeds it is recorded as diverged.
    `checkpoint_seconds`: wall-clock time between checkpoints; it does not change the result.
    """

    iterations: Count
    batch_size: Count
    learning_rate: Positive
    betas: Annotated[list[Decay], Field(min_length=2, max_length=2)]
    clip_norm: Positive | None
    ema_decay: Decay
    log_every: Count
    checkpoint_seconds: Positive
    energy_limit: Positive
