"""This project, eager: a graph for each batch, as the loop in the README."""

from collections.abc import Callable

from workloads import WORKLOADS, Workload

import autograd as ag


def step_of(workload: Workload) -> Callable[[], tuple[float, list[float]]]:
    values = workload.values()
    loss_of_sample = workload.loss_of(values)
    batch_size = len(workload.batch[0])

    def step() -> tuple[float, list[float]]:
        for value in values:
            value.zero_grad()
        loss = ag.mean([loss_of_sample(*workload.sample(index)) for index in range(batch_size)])
        loss = loss + workload.penalty(values)
        loss.backward()
        return loss.data, [value.grad for value in values]

    return step


STEPS = dict.fromkeys(WORKLOADS, step_of)
