"""Where rows and constants live, and how the terms of sums are brought into one order."""

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, detach, exp
from autograd.compiler.passes.layout import Layout, Terms, in_lexicographic_order
from autograd.compiler.passes.rows import KINDS, NONE, Sum, Term, no_terms
from autograd.compiler.passes.tape import Tape, read_tape
from autograd.compiler.program import Region

N_INPUTS, N_PARAMETERS = 3, 2
X, W = range(N_INPUTS), range(N_INPUTS, N_INPUTS + N_PARAMETERS)  # tape indices
COMPUTED = N_INPUTS + N_PARAMETERS


def a_tape() -> Tape:
    """Return inputs 0 1 2, parameters 3 4, exp(input 0) as 5, exp(parameter 3) as 6."""
    inputs, parameters = ([Value(0.5) for _ in range(n)] for n in (N_INPUTS, N_PARAMETERS))
    return read_tape([exp(inputs[0]), exp(parameters[0])], inputs, parameters)


def a_sum(kind: str, *terms: Term) -> Sum:
    kinds = no_terms()
    kinds[KINDS.index(kind)].extend(terms)
    return Sum(kinds)


def located(kind: str, *sums: Sum) -> Terms:
    return Layout(a_tape()).locate_terms(sums, KINDS.index(kind))


# --- addresses -----------------------------------------------------------------------------------


def test_parameters_and_inputs_are_the_first_rows_of_their_spaces() -> None:
    layout = Layout(a_tape())
    assert layout.locate(X).tolist() == [0, 1, 2]
    assert layout.locate(W).tolist() == [0, 1]
    assert layout.sizes == {"shared": N_PARAMETERS, "batch": N_INPUTS}


def test_rows_get_the_next_addresses_in_the_order_given() -> None:
    layout = Layout(a_tape())
    assert str(layout.allocate([COMPUTED + 1], "shared")) == "shared[2]"
    assert str(layout.allocate(np.array([COMPUTED]), "batch")) == "batch[3]"
    assert layout.locate([COMPUTED, COMPUTED + 1]).tolist() == [3, 2]
    assert layout.locate(np.array([[COMPUTED, 0], [COMPUTED, 1]])).tolist() == [[3, 0], [3, 1]]


def test_what_depends_on_a_parameter_is_known_by_address_also_of_copies_and_constants() -> None:
    layout = Layout(a_tape())
    layout.allocate([COMPUTED + 1, COMPUTED], "batch")
    layout.allocate_copy(Region("shared", np.array([1])))
    located_constant = layout.locate_terms(
        [a_sum("shared", (0.25, NONE, NONE))], KINDS.index("shared")
    )
    assert located_constant.factors.tolist() == [[[2]]]
    assert layout.trained_rows("batch").tolist() == [False, False, False, True, False, True]
    assert layout.trained_rows("shared").tolist() == [True, True, False]


def test_a_number_has_one_row_wherever_it_occurs() -> None:
    x, w = Value(1.0), Value(2.0)
    tape = read_tape([(w**3.0) * (x**3.0) + detach(Value(3.0)) + 5.0], [x], [w])
    layout = Layout(tape)
    threes = [i for i, number in enumerate(tape.numbers) if tape.constant[i] and number == 3.0]
    assert len(threes) > 1
    assert layout.locate(threes).tolist() == [1] * len(threes)
    terms = layout.locate_terms(
        [a_sum("shared", (3.0, NONE, NONE), (5.0, NONE, NONE))], KINDS.index("shared")
    )
    assert terms.factors.tolist() == [[[1], [2]]]
    assert terms.coefficients.tolist() == [[1.0], [1.0]]
    assert layout.constants == {1: 3.0, 2: 5.0}


# --- the terms of sums ---------------------------------------------------------------------------


def test_factors_that_live_in_one_space_change_places() -> None:
    terms = located("batch*batch", a_sum("batch*batch", (2.0, 2, 0)))
    assert terms.factors.tolist() == [[[0]], [[2]]]
    terms = located("shared*batch", a_sum("shared*batch", (2.0, W[1], 0)))
    assert terms.factors.tolist() == [[[1]], [[0]]]  # w * x stays w * x, whatever the addresses


products = st.tuples(st.sampled_from([1.0, -1.0, 0.5]), st.sampled_from(X), st.sampled_from(X))


@given(st.lists(products, min_size=1, max_size=3, unique_by=lambda term: frozenset(term[1:])))
def test_the_order_in_which_a_sum_was_written_does_not_matter(terms: list[Term]) -> None:
    written = [a_sum("batch*batch", *order) for order in permutations(terms)]
    written += [a_sum("batch*batch", *[(c, y, x) for c, x, y in terms])]
    table = located("batch*batch", *written)
    assert (table.factors == table.factors[..., :1]).all()
    assert (table.coefficients == table.coefficients[:, :1]).all()
    coefficient_of = {frozenset((x, y)): c for c, x, y in terms}
    for (x, y), c in zip(table.factors[..., 0].T.tolist(), table.coefficients[:, 0], strict=True):
        assert coefficient_of.pop(frozenset((x, y))) == c
    assert not coefficient_of


def test_terms_of_some_of_the_sums() -> None:
    table = located("batch", *[a_sum("batch", (c, x, NONE)) for c, x in [(1.0, 2), (2.0, 0)]])
    some = table.of(np.array([1, 0, 1]))
    assert some.factors.tolist() == [[[0, 2, 0]]]
    assert some.coefficients.tolist() == [[2.0, 1.0, 2.0]]


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1))
def test_rows_of_a_table_in_lexicographic_order(rows: list[tuple[int, ...]]) -> None:
    order = in_lexicographic_order(np.array(rows).T)
    assert [rows[i] for i in order] == sorted(rows)
