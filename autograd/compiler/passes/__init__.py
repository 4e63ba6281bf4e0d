"""The passes: from a function to a program, one module each.

1. `trace`: run the function on the Values of one `sample`, then of another, and refuse what depends
   on their numbers, which a `guard` keeps from it;
2. `tape`: the graph as a flat list;
3. `canonical`: all arithmetic as sums of products, one kind of the `rows` that are computed;
4. `recurrences`: what recurring sums need not wait for, as rows of their own;
5. `blocks`: rows of the same form that can be computed together;
6. `planning`: addresses for the rows (their `layout`), and one instruction per block; with
   `products`, which finds matrix products among the sums;
7. `adjoint`: the backward instructions, in their `backward_order`;
8. `copy_propagation`: gradients that are copies of others, read there.

`pipeline` runs them, from the third on, and shows a small graph on its way through them.
"""

from autograd.compiler.passes.pipeline import Passes, apply_passes

__all__ = ["Passes", "apply_passes"]
