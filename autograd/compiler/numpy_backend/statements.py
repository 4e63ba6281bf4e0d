"""Statements of the generated source, and the arrays that their names stand for.

Names stand for views of the memory and for functions of NumPy; when the source runs, they are its
global variables. Here a row gets the square of a root, which stands in the formula twice and is
computed once, and a second term:

>>> from autograd.compiler.program import Program
>>> program = Program(
...     n_shared=0, n_batch=3, n_parameters=0, n_inputs=2, constants={}, forward=[], outputs=[]
... )
>>> memory = Memory(program, batch_size=4, dtype=np.float64)
>>> statements = Statements(memory)
>>> x, y, out = (memory.view(Region("batch", np.array([row]))) for row in range(3))
>>> root = Formula("sqrt", (statements.formula(x),))
>>> statements.assign(out, root * root + statements.formula(y))
>>> for line in statements.lines:
...     print(line)
t3 = sqrt(x1)
add(multiply(t3, t3), x2, out=y4)  # 1x4
>>> list(statements.names)
['copyto', 'np', 'x1', 'x2', 'sqrt', 'multiply', 'add', 'y4']
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.compiler.arrays import Array
from autograd.compiler.numpy_backend.memory import Memory
from autograd.compiler.program import Lookup, Region, Space, common_number
from autograd.formulas.formula import Formula, is_ufunc
from autograd.formulas.rewriting import rewritten

_WORDS = {"0.0": "zero", "0.5": "half", "1.0": "one", "2.0": "two"}
_IN_A_NAME = str.maketrans(".-+", "_mp")


class Statements:
    """Collects statements, and gives names to the arrays that they refer to.

    Attributes
    ----------
    memory : Memory
    lines : list of str
        The statements so far.
    names : dict of str to array or function
        What the names in them stand for.
    places_looked_up : dict of Lookup to str
        The index of what each lookup found, for its adjoint.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"copyto": np.copyto, "np": np}
        self.places_looked_up: dict[Lookup, str] = {}
        self._name_of: dict[Any, str] = {}
        self._arguments: set[str] = set()
        self._views: dict[tuple[Region, bool], Array] = {}
        self._gathered: dict[tuple[Space, bool, bytes], Array] = {}
        self._numbering = itertools.count(1)

    # --- statements ------------------------------------------------------------------------------

    def assign(self, destination: Array, formula: Formula) -> None:
        """Emit the computation of a formula into an array."""
        (formula,) = self.shared_once([formula])
        if formula.function == "dot" and not destination.flags.c_contiguous:
            formula = Formula("matmul", formula.arguments)  # slower to call, but writes anywhere
            self._import_function("matmul")
        shape = "x".join(map(str, destination.shape))
        self.emit(f"{formula.assigned_to(self.name(destination, 'y'))}  # {shape}")

    def text(self, formula: Formula) -> str:
        """Return a formula as an expression, its repeated parts computed beforehand."""
        return self.shared_once([formula])[0].text

    def shared_once(self, formulas: Sequence[Formula]) -> list[Formula]:
        """Emit what formulas contain more than once as temporaries, and import their functions."""
        return rewritten(formulas, self._once)

    def _once(self, call: Formula, uses: int, depth: int) -> Formula:
        """Return a call with names for its function and its numbers, or the name of its result."""
        self._import_function(call.function)
        if is_ufunc(call.function):
            call.arguments = tuple(
                [
                    self.number(argument) if isinstance(argument, float) else argument
                    for argument in call.arguments
                ]
            )
        if uses == 1:
            return call
        name = self.temporary("t")
        self.emit(f"{name} = {call.text}")
        return Formula(name)

    def _import_function(self, function: str) -> None:
        name = function.split(".")[0]
        if name not in self.names:
            self.names[name] = getattr(np, name)

    def emit(self, statement: str) -> None:
        """Append a statement."""
        self.lines.append(statement)

    def emit_take(self, source: str, places: str, out: str, axis: int | None) -> None:
        """Emit the reading of entries of an array, at places that are all in its range.

        The function ``np.take`` would call the method, 0.6 us later; without 'clip' that would
        compute into a copy of `out`.
        """
        self.emit(f"{source}.take({places}, {axis}, {out}, 'clip')")

    def temporary(self, prefix: str) -> str:
        """Return a name that is not in use."""
        return f"{prefix}{next(self._numbering)}"

    def name(self, thing: Any, prefix: str) -> str:
        """Return the name of an array or a function in the source; of equal views the same one."""
        key: Any = id(thing)
        if isinstance(thing, np.ndarray):
            place = thing.__array_interface__
            key = (place["data"], thing.shape, thing.strides, place["typestr"])
        if key not in self._name_of:
            name = self.temporary(prefix)
            self._name_of[key] = name
            self.names[name] = thing  # which also keeps its memory from being used again
        return self._name_of[key]

    def number(self, number: float) -> Formula:
        """Return the name of a number, as an array of no axes: a call with it is 0.2 us faster."""
        text = repr(float(number))
        name = _WORDS.get(text) or "n" + text.translate(_IN_A_NAME)
        if name not in self.names:
            self.names[name] = np.array(number, self.memory.shared.dtype)
        return Formula(name)

    def formula(self, array: Array, prefix: str = "x") -> Formula:
        """Return the formula that is the name of an array."""
        return Formula(self.name(array, prefix))

    def argument(self, array: Array) -> str:
        """Return the name of an array that each call replaces by another one."""
        name = self.name(array, "x")
        self._arguments.add(name)
        return name

    def transposed(self, matrix: Array) -> Formula:
        """Return the formula of a transposed matrix: a view made once, where there is one."""
        name = self.name(matrix, "x")
        return Formula(f"{name}.T") if name in self._arguments else self.formula(matrix.T)

    def shape_of(self, argument: Any) -> tuple[int, ...]:
        """Return the shape of the array that a formula is the name of, and otherwise ()."""
        array = self.names.get(argument.function) if isinstance(argument, Formula) else None
        return np.shape(array) if isinstance(array, np.ndarray) else ()

    def coefficients(self, numbers: Array) -> Any:
        """Return coefficients as one number if they are equal, or else as an array."""
        number = common_number(numbers)
        if number is not None:
            return number
        return self.formula(np.ascontiguousarray(numbers[..., None], self.memory.shared.dtype), "c")

    def operand(self, region: Region) -> Any:
        """Return the formula of an operand, or its number if it is one constant throughout."""
        number = self.memory.program.constant(region)
        return self.formula(self.view(region)) if number is None else number

    # --- views -----------------------------------------------------------------------------------

    def view(self, region: Region, gradient: bool = False) -> Array:
        """Return the rows of a region, of shape (..., samples)."""
        key = (region, gradient)
        if key not in self._views:
            view = self.memory.view(region, gradient)
            self._views[key] = self._gather(region, gradient) if view is None else view
        return self._views[key]

    def _gather(self, region: Region, gradient: bool) -> Array:
        """Emit the copying of scattered rows into a buffer, once: gradients when complete."""
        key = (region.space, gradient, region.rows.tobytes())
        if key not in self._gathered:
            space = self.memory.space(region, gradient)
            buffer = np.empty((region.rows.size, space.shape[1]), space.dtype)
            rows, source = self.name(region.rows.ravel(), "rows"), self.name(space, "space")
            self.emit_take(source, rows, self.name(buffer, "x"), axis=0)
            self._gathered[key] = buffer
        buffer = self._gathered[key]
        return buffer.reshape(*region.rows.shape, buffer.shape[1])

    def matrix(self, region: Region) -> Array:
        """Return shared rows of shape (r, k) as a matrix."""
        matrix: Array = self.view(region)[..., 0]
        return matrix

    def columns(self, region: Region, gradient: bool = False) -> Array:
        """Return batch rows of shape (k, p) as a matrix with a column per place and sample."""
        array = self.view(region, gradient)
        matrix = array.reshape(len(array), -1)
        if np.shares_memory(matrix, array):
            return matrix
        return self._gather(region, gradient).reshape(len(array), -1)
