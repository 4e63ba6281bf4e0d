"""What every backend does with the arrays of a user."""

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


def all_finite(array: Array) -> bool:
    """Return whether no number of an array of floats is infinite or nan.

    The sum of the squares shows that in a tenth of the time, unless a square is too large.
    """
    return math.isfinite(np.vdot(array, array)) or bool(np.isfinite(array).all())
