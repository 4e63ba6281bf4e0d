"""Pictures of graphs.

Read the modules in this order: `local` (the numbers on the edges), `calls` (which nodes are one
neuron), `order` and `folding` (which nodes share a box), `picture` (boxes and edges), `unfolding`
(a weighted sum as products), `appearance` (colours and text), `rendering` (the programs that lay a
picture out), `files`, `drawing` (`draw`, which uses them all). `explore` says how to read on about
the explorer page.
"""

from autograd.drawing.drawing import Drawing, draw
from autograd.drawing.explore import explore
from autograd.drawing.explore_training import DecisionPlane, TrainingHistory

__all__ = ["DecisionPlane", "Drawing", "TrainingHistory", "draw", "explore"]
