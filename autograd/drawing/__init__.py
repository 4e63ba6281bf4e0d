"""Pictures of graphs.

Read the modules in this order: `local` (the numbers on the edges), `calls` (which nodes are one
neuron), `roles`, `order` and `folding` (which nodes share a box), `connections`, `picture` (boxes
and edges), `unfolding` (a weighted sum as products), `appearance` (colours and text), `rendering`
(the programs that lay a picture out), `files`, `drawing` (`draw`, which uses them all). `explorer`
says how to read on about the page that `explore` writes.
"""

from autograd.drawing.drawing import Drawing, draw
from autograd.drawing.explorer import explore
from autograd.drawing.explorer_training import DecisionPlane, TrainingHistory

__all__ = ["DecisionPlane", "Drawing", "TrainingHistory", "draw", "explore"]
