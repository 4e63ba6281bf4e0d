"""A program as C: one statement for each instruction and each gradient that it sends.

A statement is a loop over rows and, inside it, for batch rows, one over the samples::

    ALL(i, 16) SAMPLES V[19 + i][s] = maximum(V[3 + i][s], 0.0);
    ALL(i, 16) SAMPLES dV[3 + i][s] = dV[19 + i][s] * (V[19 + i][s] > 0.0);

These names are defined in ``kernels.c``, with which the source begins. Then come the rows and the
statements, in functions of a few statements each:

>>> from autograd import Value, tanh
>>> from autograd.compiler.passes import apply_passes
>>> from autograd.compiler.passes.tape import read_tape
>>> x, w = Value(1.0), Value(2.0)
>>> program = apply_passes(read_tape([tanh(w * x)], inputs=[x], parameters=[w])).program
>>> text = c_source(program, batch_size=4, dtype=np.float64).text
>>> print(text[text.index("static void forward_1") : text.index("void set_memory")])
static void forward_1(void)
{
    SAMPLES V[1][s] = U[0] * V[0][s];
    SAMPLES V[2][s] = tanh(V[1][s]);
}
<BLANKLINE>
static void forward(void)
{
    forward_1();
}
<BLANKLINE>
static void backward_1(void)
{
    SAMPLES dV[1][s] = dV[2][s] * (1.0 - V[2][s] * V[2][s]);
    { number total1 = 0; SUMMING(total1) total1 += dV[1][s] * V[0][s]; dU[0] = total1; }
}
<BLANKLINE>
static void backward(void)
{
    backward_1();
}
<BLANKLINE>
<BLANKLINE>
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import DTypeLike

from autograd.compiler.arrays import Array
from autograd.compiler.native.addresses import CACHE_LINE_BYTES
from autograd.compiler.native.backward import emit_adjoint, emit_zeroing
from autograd.compiler.native.forward import emit_forward
from autograd.compiler.native.statements import Statements
from autograd.compiler.program import Program

STATEMENTS_A_FUNCTION = 20
"""C compilers take more than twice the time for a function twice as long."""

POINTERS = ("U", "dU", "V", "dV", "samples", "outputs", "rows", "coefficients")
"""What ``set_memory`` of a native program is given."""


@dataclass(frozen=True)
class Source:
    """A native program.

    Attributes
    ----------
    text : str
        It defines ``set_memory``, which is given the addresses of all arrays, in the order of
        `POINTERS`, and ``run``.
    stride : int
        How many numbers it is from one batch row to the next.
    rows, coefficients : array
        The tables that the text refers to.
    """

    text: str
    stride: int
    rows: Array
    coefficients: Array


def c_source(program: Program, batch_size: int, dtype: DTypeLike) -> Source:
    """Write a program for batches of one size."""
    statements = Statements(program, batch_size, np.dtype(dtype))
    for instructions in program.by_region():
        emit_forward(statements, instructions)
    forward = statements.taken()
    for region in program.zeroed:
        emit_zeroing(statements, region)
    for adjoint in program.adjoint:
        emit_adjoint(statements, adjoint)
    backward = statements.taken()
    kernels = resources.files(__package__).joinpath("kernels.c").read_text(encoding="utf-8")
    lines = [
        f"typedef {'float' if statements.dtype == np.float32 else 'double'} number;",
        f"enum {{ B = {batch_size}, STRIDE = {statements.stride} }};",
        "",
        kernels,
        *_memory(statements),
        *_functions("forward", forward),
        *_functions("backward", backward),
        *_run(statements),
    ]
    elements = statements.elements
    return Source(
        text="\n".join(lines),
        stride=statements.stride,
        rows=np.array(elements.rows.numbers, np.intc),
        coefficients=np.array(elements.coefficients.numbers, dtype),
    )


def _memory(statements: Statements) -> Iterator[str]:
    yield "/* --- shared rows U, batch rows V, their gradients, and tables --- */"
    yield ""
    yield "static number *U, *dU, (*V)[STRIDE], (*dV)[STRIDE];"
    yield "static number *samples, *outputs;"
    yield "static const int *rows;"
    yield "static const number *coefficients;"
    if statements.scratch:
        aligned = f"__attribute__((aligned({CACHE_LINE_BYTES})))"
        yield f"static number scratch[{statements.scratch}] {aligned};"
    yield ""


def _functions(name: str, lines: Sequence[str]) -> Iterator[str]:
    """Define a function of these lines, in parts if there are many."""
    calls: list[str] = []
    for start in range(0, len(lines), STATEMENTS_A_FUNCTION):
        calls.append(f"{name}_{len(calls) + 1}();")
        part = lines[start : start + STATEMENTS_A_FUNCTION]
        yield from _function(f"static void {calls[-1][:-3]}(void)", part)
    yield from _function(f"static void {name}(void)", calls)


def _function(head: str, lines: Iterable[str]) -> Iterator[str]:
    yield from (head, "{", *(f"    {line}" for line in lines), "}", "")


def _run(statements: Statements) -> Iterator[str]:
    arguments = ", ".join(f"void *{name}_" for name in POINTERS)
    yield from _function(
        f"void set_memory({arguments})", (f"{name} = {name}_;" for name in POINTERS)
    )
    yield "/* Returns whether a number left the range of floats, or an index its table. */"
    yield from _function(
        "int run(int differentiate)",
        [
            "feclearexcept(FE_ALL_EXCEPT);",
            "failed = 0;",
            f"transpose(V[0], samples, {statements.program.n_inputs});",
            "forward();",
            *(
                f"SAMPLES outputs[{place} * B + s] = {statements.elements.element(region)};"
                for place, region in enumerate(statements.program.outputs)
            ),
            "if (differentiate && !failed) backward();",
            "return failed || fetestexcept(FE_DIVBYZERO | FE_OVERFLOW | FE_INVALID);",
        ],
    )
