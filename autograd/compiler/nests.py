"""Index nests: long rows of addresses as a few short loops, so that operands need no copying.

A program names rows one by one: ``0 0 0 1 1 1`` are the addresses of two numbers, each used three
times. They lie at a regular distance only when they are read as two loops, one inside the other: a
view of shape (2, 3) with steps 1 and 0. The NumPy backend reads them that way, and the planner
keeps together what can be read together.

>>> cuts(np.array([[0, 0, 0, 1, 1, 1]]))
(3, 6)
>>> cuts(np.array([[0, 1, 2, 4, 3, 5]])) is None
True
"""

import numpy as np

from autograd.compiler.program import Addresses


def cuts(rows: Addresses) -> tuple[int, ...] | None:
    """Return the number of addresses after which each loop starts over, the innermost first.

    Parameters
    ----------
    rows : array of int, (k, n)
        Read along the second axis.

    Returns
    -------
    tuple of int or None
        The last one is n; None if the addresses are no nest of loops.
    """
    n = rows.shape[1]
    found: tuple[int, ...] = ()
    inner = 1
    while rows.shape[1] > 1:
        steps = rows[:, 1:] - rows[:, :-1]
        breaks = np.flatnonzero((steps != steps[:, :1]).any(axis=0))
        run = int(breaks[0]) + 1 if len(breaks) else rows.shape[1]
        if run == 1 or rows.shape[1] % run:
            return None
        loops = rows.reshape(len(rows), -1, run)
        if (loops[:, :, 1:] - loops[:, :, :-1] != steps[:, None, :1]).any():
            return None
        inner *= run
        found += (inner,)
        rows = loops[:, :, 0]
    return found or (n,)


def is_read_at_once(factors: Addresses) -> bool:
    """Return whether one strided view can read all terms, or none can be read as a view at all.

    >>> is_read_at_once(np.array([[[0, 1, 2], [4, 5, 6], [8, 9, 10]]]))
    True
    >>> is_read_at_once(np.array([[[0, 1, 2], [4, 5, 6], [3, 7, 7]]]))
    False

    Parameters
    ----------
    factors : array of int, (1 or 2, k, n)
        For each factor, the addresses in each of k terms of n sums. Two terms do not count as a
        loop: any two lie at a regular distance.
    """
    rows = factors.reshape(-1, factors.shape[2])
    if cuts(rows) is None:
        return all(cuts(row[None]) is None for row in rows)
    steps = factors[:, 1:] - factors[:, :-1]
    return len(factors[0]) > 2 and bool((steps == steps[:, :1, :1]).all())
