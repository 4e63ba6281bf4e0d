"""The contestants of `compiled_step`, one module each.

A module has a dictionary ``STEPS``: for each workload that it takes part in, a function that is
given the `Workload` and returns a step. A step takes the batch forward and backward, and returns
the loss and the flat gradient. What stays from step to step in a training, the parameters and the
data, a contestant holds in whatever form it likes best. What depends on the numbers of a batch is
done in the step.
"""
