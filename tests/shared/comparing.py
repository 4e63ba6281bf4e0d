"""What tests compare: numbers that rounding may change, and the parameters of a model."""

from typing import Any

import numpy as np
import pytest

from nn import Module


def close(expected: Any, absolute: float = 1e-12) -> Any:
    """Equal a number, or each in a list, up to 1e-12 of it or to `absolute`."""
    return pytest.approx(expected, rel=1e-12, abs=absolute)


def assert_close(actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    """Compare arrays, or nested lists, by each number: relatively, and close to zero absolutely."""
    np.testing.assert_allclose(np.array(actual, float), expected, rtol=tolerance, atol=tolerance)


def numbers(model: Module) -> list[float]:
    """Return the numbers that the parameters of a model hold."""
    return [parameter.data for parameter in model.parameters()]
