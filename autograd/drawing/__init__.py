"""Seeing backpropagation: what a graph computes, and how its gradients come about.

`explaining` tells one gradient as the chain rule does, path by path: `explain_paths` finds the
paths; `formulas` has what stands at each step, made of `expressions` and put into characters by
`formula_writing`; `explain_names` names the nodes, `explain_page` chooses what is shown, and
`explain_text` and `explain_latex` write it.
"""

from autograd.drawing.explaining import Explanation, explain

__all__ = ["Explanation", "explain"]
