"""Seeing backpropagation: what a graph computes, and how its gradients come about.

The modules here make pictures, for `draw`. Read them in this order: `local` (the numbers on the
edges), `calls` (which nodes are one neuron), `roles`, `order` and `folding` (which nodes share a
box), `connections`, `picture` (boxes and edges), `unfolding` (a weighted sum as products),
`depicting` (how all these make a picture), `appearance` (colours and text), `rendering` (the
programs that lay a picture out), `drawing`.

`explanation` explains one gradient by the chain rule, path by path, in one `notation` for the
terminal and another for notebooks. `explorer` writes a page to watch both passes in.

Nothing is imported here: Graphviz is needed for pictures alone.
"""
