"""Seeing backpropagation: what a graph computes, and how its gradients come about.

`explaining` tells one gradient as the chain rule does, path by path: `explain_paths` finds the
paths, `formulas` writes what stands at each step, `explain_names` names the nodes, and
`explain_text` and `explain_latex` put it on the page.
"""

from autograd.drawing.explaining import Explanation, explain

__all__ = ["Explanation", "explain"]
