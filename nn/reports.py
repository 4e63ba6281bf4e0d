"""`EpochReport`: what `fit` reports after each epoch."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class EpochReport:
    """The results of one epoch. What is nan is not printed.

    >>> nan = math.nan
    >>> EpochReport(1, 0.5, nan, validation_loss=0.6, validation_metric=nan, seconds=0.1)
    EpochReport(epoch=1, loss=0.5, validation_loss=0.6, seconds=0.1)

    Attributes
    ----------
    epoch : int
        Counted from 1.
    loss : float
        The mean over the samples, each just before the update by its batch.
    metric : float
        The mean of `metric` over the same predictions, nan without one.
    validation_loss, validation_metric : float
        The means over the validation data, after the epoch; nan without them.
    seconds : float
        The time of training, with the metric and without the validation.
    """

    epoch: int
    loss: float
    metric: float
    validation_loss: float
    validation_metric: float
    seconds: float

    def __repr__(self) -> str:
        there = {name: number for name, number in vars(self).items() if not math.isnan(number)}
        return f"EpochReport({', '.join(f'{name}={number!r}' for name, number in there.items())})"
