"""This project, compiled, with the native backend."""

import functools

from workloads import WORKLOADS

from autograd.compiler import native
from peers.ours_compiled import step_of

STEPS = dict.fromkeys(WORKLOADS, functools.partial(step_of, backend=native))
