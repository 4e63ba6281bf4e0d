"""What all tests share: how hypothesis searches, what is undone, and how garbage is counted.

Hypothesis has no limits on time, and does the same in every CI run.
"""

import gc
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from autograd import collector_paused
from autograd.operation import OPERATIONS

NO_LIMITS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("local", NO_LIMITS)
settings.register_profile("repeatable", NO_LIMITS, derandomize=True, print_blob=True)
settings.load_profile("repeatable" if os.environ.get("CI") == "true" else "local")


@pytest.fixture(autouse=True)
def _own_operations_are_gone_after_the_test() -> Iterator[None]:
    before = dict(OPERATIONS)
    yield
    OPERATIONS.clear()
    OPERATIONS.update(before)


@pytest.fixture
def cyclic_garbage_of() -> Callable[[Callable[[], Any]], int]:
    """Return a function that counts the objects which a call leaves to the cyclic collector."""

    def count(call: Callable[[], Any]) -> int:
        while gc.collect():  # pictures of other tests free each other in turns
            pass
        with collector_paused():
            call()
            return gc.collect()

    return count
