"""Pictures of graphs.

Read the modules in this order: `local` (the numbers on the edges), `calls` (which nodes are one
neuron), `folding` (which nodes share a box), `picture` (boxes and edges), `rendering` (the programs
that lay a picture out).
"""
