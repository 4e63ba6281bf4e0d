"""Where the numbers of a program live in NumPy, and the loops in which views read them."""

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import Value, operations
from autograd.compiler import numpy_backend
from autograd.compiler.nests import cuts
from autograd.compiler.numpy_backend.legend import legend
from autograd.compiler.numpy_backend.memory import Memory
from autograd.compiler.numpy_backend.nesting import nest, nest_adjoint, nest_together
from autograd.compiler.program import Adjoint, Apply, Program, Region, Space, SumProducts, Target

# --- memory --------------------------------------------------------------------------------------


def memory(n_shared: int = 4, n_batch: int = 12, batch_size: int = 3) -> Memory:
    program = Program(n_shared, n_batch, 0, 0, {1: 0.5}, [], [])
    made = Memory(program, batch_size, np.float64)
    made.batch[:] = np.arange(n_batch * batch_size).reshape(n_batch, batch_size)
    return made


def region(rows: Any, space: Space = "batch") -> Region:
    return Region(space, np.array(rows, dtype=np.int64))


@pytest.mark.parametrize(
    "rows",
    [
        [3],
        [2, 3, 4],
        [8, 6, 4],
        [5, 5, 5],
        [[0, 1, 2], [1, 2, 3]],
        [[0, 4], [1, 5], [2, 6]],
        [[7, 7], [3, 3]],
    ],
)
def test_rows_at_regular_distances_are_viewed(rows: Any) -> None:
    made = memory()
    view = made.view(region(rows))
    assert view is not None
    np.testing.assert_array_equal(view, made.batch[np.array(rows)])
    made.batch[rows[0]] = -1.0
    np.testing.assert_array_equal(view, made.batch[np.array(rows)])  # it is no copy


@pytest.mark.parametrize("rows", [[0, 1, 3], [[0, 1], [2, 4]], [[0, 1], [0, 2]]])
def test_rows_at_other_distances_are_not(rows: Any) -> None:
    assert memory().view(region(rows)) is None
    assert memory().destination(region(rows)) is None


@st.composite
def regions(draw: st.DrawFn) -> Region:
    """Regions of up to three axes: rows at regular distances, of which some are then moved."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    steps = draw(st.lists(st.integers(0, 5), min_size=len(shape), max_size=len(shape)))
    rows = 9 + sum(
        (step * places for step, places in zip(steps, np.indices(shape), strict=True)),
        start=np.zeros(shape, np.int64),
    )
    for place in draw(st.lists(st.integers(0, rows.size - 1), max_size=2)):
        rows.flat[place] += draw(st.integers(-2, 2))
    return Region("batch", rows)


@given(regions())
def test_a_region_knows_its_steps_and_whether_rows_repeat(region: Region) -> None:
    distances = [np.unique(np.diff(region.rows, axis=axis)) for axis in range(region.rows.ndim)]
    expected = tuple(int(found[0]) if len(found) else 0 for found in distances)
    is_regular = all(len(found) <= 1 for found in distances)
    assert region.steps == (expected if is_regular else None)
    assert region.repeats == (len(set(region.rows.ravel().tolist())) < region.rows.size)


def test_a_destination_holds_no_row_twice() -> None:
    made = memory()
    for repeated in ([5, 5], [[0, 1], [1, 2]]):
        assert made.view(region(repeated)) is not None
        assert made.destination(region(repeated)) is None
    destination = made.destination(region([[0, 2], [4, 6]]))
    assert destination is not None
    destination[...] = 7.0
    np.testing.assert_array_equal(np.flatnonzero((made.d_batch == 7.0).all(axis=1)), [0, 2, 4, 6])


def test_spaces_and_their_gradients() -> None:
    made = memory()
    assert made.shared.shape == made.d_shared.shape == (4, 1)
    assert made.batch.shape == made.d_batch.shape == (12, 3)
    assert made.shared[:, 0].tolist() == [0.0, 0.5, 0.0, 0.0]
    assert made.space(region([0])) is made.batch
    assert made.space(region([0]), gradient=True) is made.d_batch
    assert made.space(region([0], "shared")) is made.shared
    assert made.space(region([0], "shared"), gradient=True) is made.d_shared


# --- nests of loops ------------------------------------------------------------------------------


@st.composite
def nests_of_loops(draw: st.DrawFn) -> tuple[Any, tuple[int, ...]]:
    """Addresses that a few loops inside each other run through, and the lengths of the loops."""
    shape = tuple(draw(st.lists(st.integers(2, 4), min_size=1, max_size=3)))
    addresses = np.zeros((1, *shape), dtype=np.int64)
    for axis, length in enumerate(shape, 1):
        step = draw(st.integers(0, 30))
        loop = step * np.arange(length)
        addresses = addresses + loop.reshape(
            [-1 if i == axis else 1 for i in range(len(shape) + 1)]
        )
    return addresses.reshape(1, -1), shape


@given(nests_of_loops())
def test_loops_are_found_in_the_addresses(case: tuple[Any, tuple[int, ...]]) -> None:
    rows, shape = case
    found = cuts(rows)
    assert found is not None
    assert len(found) <= len(shape)
    assert found[-1] == rows.size
    loops = nest([Region("batch", rows)], rows.size)
    assert math.prod(loops) == rows.size
    assert memory(n_batch=400).view(Region("batch", rows.reshape(loops))) is not None


@pytest.mark.parametrize(
    ("some", "others", "shape"),
    [
        ([0, 0, 0, 1, 1, 1], [0, 1, 2, 3, 4, 5], (2, 3)),
        ([0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2], (2, 3)),
        ([0, 0, 0, 1, 1, 1], [5, 3, 4, 0, 2, 1], (2, 3)),  # these have to be gathered anyway
        ([0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 0, 1], (6,)),  # loops of 3 and of 2
        ([0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11], (6,)),
    ],
)
def test_a_nest_suits_all_operands(
    some: list[int], others: list[int], shape: tuple[int, ...]
) -> None:
    assert nest([region([some]), region([others])], 6) == shape


def test_instructions_are_nested_without_a_change_of_rows() -> None:
    step = SumProducts(
        out=region([20, 21, 22, 23]),
        left=region([[0, 0, 1, 1], [2, 2, 3, 3]]),
        right=region([[4, 5, 4, 5], [6, 7, 6, 7]]),
        coefficients=np.arange(8.0).reshape(2, 4),
        add=False,
    )
    (nested,) = nest_together([step])
    assert isinstance(nested, SumProducts)
    assert nested.coefficients is not None
    assert nested.right is not None
    assert nested.out.rows.tolist() == [[20, 21], [22, 23]]
    assert nested.left.rows.tolist() == [[[0, 0], [1, 1]], [[2, 2], [3, 3]]]
    assert nested.right.rows[0].tolist() == [[4, 5], [4, 5]]
    assert nested.coefficients[1].tolist() == [[4.0, 5.0], [6.0, 7.0]]
    adjoint = nest_adjoint(Adjoint(step, step.out, (Target(step.left, add=True), None)))
    assert adjoint.gradient.rows.tolist() == nested.out.rows.tolist()
    assert adjoint.targets[0] is not None
    assert adjoint.targets[0].region.rows.shape == (2, 2, 2)
    assert adjoint.targets[1] is None


def test_a_gradient_that_stands_elsewhere_is_read_as_a_nest() -> None:
    step = Apply(operations.exp, region([20, 21, 22, 23]), (region([0, 1, 2, 3]),))
    target = Target(step.operands[0], add=False)
    nested = nest_adjoint(Adjoint(step, region([5, 6, 15, 16]), (target,)))
    assert nested.gradient.rows.tolist() == [[5, 6], [15, 16]]
    assert nested.forward.out.rows.tolist() == [[20, 21], [22, 23]]


# --- the legend ----------------------------------------------------------------------------------


@pytest.mark.parametrize("space", ["shared", "batch"])
@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize(
    "rows", [[3], [2, 3, 4], [8, 6, 4], [[0, 1, 2], [4, 5, 6]], [[9, 7], [8, 6], [7, 5]]]
)
def test_the_legend_says_where_each_element_stands(
    rows: Any, space: Space, batch_size: int
) -> None:
    made = Memory(Program(10, 10, 10, 10, {}, [], []), batch_size, np.float64)
    numbers = made.space(region(rows, space))
    numbers[:] = np.arange(numbers.size).reshape(numbers.shape)
    view = made.view(region(rows, space))
    assert view is not None
    views = {"x1": view, "x2": view.reshape(len(view), -1), "x3": view.T}
    views = {name: array for name, array in views.items() if np.shares_memory(array, numbers)}
    comments = list(legend(views, made))
    assert len(comments) == len(views)
    for comment, (name, array) in zip(comments, views.items(), strict=True):
        told = re.fullmatch(r"# (\w+)\[(.*)\] = \w+\[(.*)\]  # .*", comment)
        assert told is not None
        assert told[1] == name
        row = re.sub(r"(\d) ([i-n])", r"\1 * \2", told[3])
        for place in np.ndindex(array.shape):
            where = dict(zip(told[2].split(", "), place, strict=True))
            column = where.get("s", 0) % batch_size
            assert array[place] == numbers[eval(row, {}, where), column]


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_outputs_side_by_side_are_not_copied(n_outputs: int) -> None:
    weights = [Value(1.0) for _ in range(n_outputs)]
    program = ag.compile(lambda x: [ag.tanh(w * x) for w in weights], backend=numpy_backend)
    program.map(np.ones(4))
    bound: Any = program._cache.latest_bound().program
    assert np.shares_memory(bound._outputs(), bound.memory.batch)


def test_a_constant_has_its_name_in_the_source() -> None:
    program = ag.compile(lambda x: ag.max(ag.exp(x), 0.5), backend=numpy_backend)
    program.map([1.0])
    assert "half" in program.source
