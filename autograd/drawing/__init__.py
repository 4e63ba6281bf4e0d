"""Seeing backpropagation: what a graph computes, and how its gradients come about.

`draw` makes pictures. Read its modules in this order: `local` (the numbers on the edges), `calls`
(which nodes are one neuron), `roles`, `order` and `folding` (which nodes share a box),
`connections`, `picture` (boxes and edges), `unfolding` (a weighted sum as products), `appearance`
(colours and text), `rendering` (the programs that lay a picture out), `drawing`.

`explain` tells one gradient as the chain rule does, path by path: `explain_paths` finds the paths;
`formulas` has what stands at each step, made of `expressions` and put into characters by
`formula_writing`; `explain_names` names the nodes, `explain_page` chooses what is shown, and
`explain_text` and `explain_latex` write it.

Nothing is imported here: Graphviz is needed for pictures alone.
"""
