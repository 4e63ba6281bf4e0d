"""This project, compiled, where its choice of a backend is plain floats."""

from workloads import LOGISTIC_MAP

from peers.ours_compiled import step_of

STEPS = {LOGISTIC_MAP: step_of}
