"""Micrograd on the moons: it has no exponential, so no other workload can be written in it."""

from collections.abc import Callable

from contestants import Micrograd
from workloads import MOONS, Workload


def moons(workload: Workload) -> Callable[[], tuple[float, list[float]]]:
    program = Micrograd()
    for parameter, number in zip(program.parameters, workload.theta.tolist(), strict=True):
        parameter.data = number

    def step() -> tuple[float, list[float]]:
        loss = program.forward()
        program.backward(loss)
        return loss.data, [parameter.grad for parameter in program.parameters]

    return step


STEPS = {MOONS: moons}
