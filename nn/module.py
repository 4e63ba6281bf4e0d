"""`Module`: something with parameters, which can be listed, saved and loaded.

Layers and networks derive from it, and so can your own model: assign Values, nested lists or NumPy
arrays of Values and other modules to attributes, also in lists and dicts, and they are found.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograd import Value
from autograd.diagnosis import data_of
from autograd.errors import GraphError, ShapeError, StateError
from autograd.nested_numbers import map_numbers, numbers_in
from autograd.operation import DETACH
from autograd.wording import counted, shown_short
from nn.archive import checked_array, is_checkpoint, read_archive, write_archive
from nn.arguments import require
from nn.interrupts import interrupts_deferred

Tensor: TypeAlias = Any
"""A Value, or nested lists of Values of equal length at each depth: the shape of an array."""


class Module:
    """Base class of everything with parameters.

    >>> import nn
    >>> from autograd import Value
    >>> class Line(nn.Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = Value(2.0), Value(1.0)
    ...
    ...     def __call__(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).data
    7.0
    >>> [name for name, parameter in line.named_parameters()]
    ['slope', 'offset']

    Pictures and explanations show labels, which parameters can get from these names:

    >>> for name, parameter in line.named_parameters():
    ...     parameter.label = name

    `copy.deepcopy` and pickle make a module with parameters of its own. An output that a module
    keeps is copied with its graph, and a graph of some hundred steps is too deep for Python to
    copy: keep its number.
    """

    def __call__(self, *inputs: Any) -> Any:
        """Compute the outputs for one sample: a subclass says how.

        Raises
        ------
        GraphError
            If it does not.
        """
        raise GraphError(
            f"{self!r} does not say what it computes: give its class a method __call__(self, x) "
            "for one sample, which is what PyTorch calls forward"
        )

    def members(self) -> Iterator[tuple[str, Any]]:
        """Yield what may hold parameters, by name: all attributes.

        A subclass overrides this to group or name some of them differently, or to leave some out:

        >>> import nn
        >>> class Scaled(nn.Module):
        ...     def __init__(self):
        ...         self.layer, self.scale = nn.Layer(2, 1), Value(1.0)
        ...
        ...     def members(self):
        ...         yield "linear", self.layer
        >>> list(Scaled().state_dict())
        ['linear.weight', 'linear.bias']
        """
        yield from vars(self).items()

    def named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Yield the parameters in the groups that they are saved in, by name.

        >>> import nn
        >>> dict(nn.Layer(2, 1, rng=0).named_tensors())["bias"]
        [Value(0.0, grad=0.0, label='bias[0]')]

        The names are PyTorch's: those of the attributes, joined by dots, with an index for each
        module in a list. Only variables are parameters: a Value that was computed, such as the last
        output kept in an attribute, is not.

        Raises
        ------
        StateError
            If two groups have the same name, or a module contains itself.
        """
        found: dict[str, Tensor] = {}
        for name, tensor in _named_values(self, "", (self,)):
            if not _is_tensor(tensor):
                continue
            if name in found:
                raise StateError(
                    f"{type(self).__name__} has two parameters named {name!r}: "
                    f"{shown_short(found[name])} and {shown_short(tensor)}. Rename one"
                )
            found[name] = tensor
            yield name, tensor

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Yield each parameter once, with its tensor's name and its place in it.

        >>> import nn
        >>> [name for name, parameter in nn.Layer(2, 1).named_parameters()]
        ['weight[0][0]', 'weight[0][1]', 'bias[0]']
        """
        seen = set()
        for name, tensor in self.named_tensors():
            for place, parameter in _elements(tensor):
                if parameter not in seen:
                    seen.add(parameter)
                    yield name + place, parameter

    def parameters(self) -> list[Value]:
        """Return every parameter once, in the order of `named_parameters`.

        >>> import nn
        >>> len(nn.Layer(2, 3).parameters())
        9
        """
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero.

        >>> import nn
        >>> neuron = nn.Neuron(1, "linear", rng=0)
        >>> neuron([2.0]).backward()
        >>> neuron.zero_grad()
        >>> neuron.weight[0].grad, neuron.bias.grad
        (0.0, 0.0)
        """
        for parameter in self.parameters():
            parameter.zero_grad()

    def state_dict(self) -> dict[str, NDArray[np.float64]]:
        """Return the numbers of all parameters as arrays, with PyTorch's names and shapes.

        >>> import nn
        >>> {name: array.shape for name, array in nn.MLP(2, [16, 1]).state_dict().items()}
        {'0.weight': (16, 2), '0.bias': (16,), '2.weight': (1, 16), '2.bias': (1,)}

        Raises
        ------
        ShapeError
            If a tensor has rows of different lengths.
        NotANumberError, NonFiniteError
            If a parameter holds something that does not compute as a float does.
        """
        return {
            name: data_of(list(numbers_in(tensor))).reshape(self._shape(name, tensor))
            for name, tensor in self.named_tensors()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set all parameters from arrays, named and shaped as in `state_dict`.

        >>> import nn
        >>> model, twin = nn.MLP(2, [3, 1], rng=0), nn.MLP(2, [3, 1], rng=1)
        >>> twin.load_state_dict(model.state_dict())
        >>> twin([1.0, -1.0]).data == model([1.0, -1.0]).data
        True

        Raises
        ------
        StateError
            If an entry is missing, unknown, of another shape, or not of finite real numbers. Then
            no parameter is changed.
        ArgumentError
            If it is not a dict.
        ShapeError
            If a tensor has rows of different lengths.
        """
        takes = "a dict of arrays, as state_dict() returns. load(path) reads a file"
        require(isinstance(state, Mapping), state, "state", takes)
        tensors = dict(self.named_tensors())
        if set(state) != set(tensors):
            missing = ", ".join(sorted(set(tensors) - set(state))) or "none"
            unknown = ", ".join(sorted(map(str, set(state) - set(tensors)))) or "none"
            raise StateError(
                f"this state does not fit {self!r}: missing entries: {missing}; "
                f"unknown entries: {unknown}"
            )
        arrays = {
            name: checked_array(name, state[name], self._shape(name, tensor))
            for name, tensor in tensors.items()
        }
        with interrupts_deferred():
            for name, tensor in tensors.items():
                numbers = arrays[name].ravel().tolist()
                for parameter, number in zip(numbers_in(tensor), numbers, strict=True):
                    parameter.data = number

    def save(self, path: str | Path) -> None:
        """Write `state_dict` to a NumPy ``.npz`` file.

        >>> import nn
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> model, twin = nn.MLP(2, [3, 1], rng=0), nn.MLP(2, [3, 1], rng=1)
        >>> model.save(f"{folder.name}/model.npz")
        >>> twin.load(f"{folder.name}/model.npz")
        >>> twin([1.0, -1.0]).data == model([1.0, -1.0]).data
        True
        >>> folder.cleanup()

        Raises
        ------
        ArgumentError
            If `path` is not a path.
        StateError
            If a parameter is infinite or nan, which `load` would refuse.
        FileError
            If the file cannot be written. A file that was there before is then intact.
        """
        state = self.state_dict()
        write_archive(path, {name: checked_array(name, a, a.shape) for name, a in state.items()})

    def load(self, path: str | Path) -> None:
        """Set all parameters from a file written by `save`: see there.

        Raises
        ------
        ArgumentError
            If `path` is not a path.
        FileError
            If the file cannot be read.
        StateError
            If it is not such a file, is damaged, or does not fit. Then no parameter is changed.
        """
        state = read_archive(path)
        try:
            self.load_state_dict(state)
        except StateError as error:
            if not is_checkpoint(state):
                raise
            raise StateError(
                f"{path} is a checkpoint of fit, which resumes from it with "
                f"checkpoint={str(path)!r}, resume=True: load() reads what save() wrote"
            ) from error

    def _shape(self, name: str, tensor: Tensor) -> tuple[int, ...]:
        try:
            return np.shape(map_numbers(lambda parameter: 0.0, tensor))
        except ValueError:
            raise ShapeError(
                f"{name!r} of {self!r} is not an array: its rows have different lengths. "
                "Keep them in a dict, or each in its own attribute"
            ) from None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({counted(len(self.parameters()), 'parameter')})"


def computed_values(module: Module) -> Iterator[tuple[str, Value]]:
    """Yield the Values that a module keeps and that are computed, so that they are no parameters.

    >>> import nn
    >>> model = Module()
    >>> model.weight = [Value(2.0) * 0.1, Value(3.0)]
    >>> list(model.state_dict()), list(computed_values(model))
    (['weight.1'], [('weight.0', Value(0.2))])

    What was detached stays as it is on purpose, and is left out.
    """
    for name, thing in _named_values(module, "", (module,)):
        if isinstance(thing, Value) and thing.parents and thing.operation is not DETACH:
            yield name, thing


def _named_values(
    holder: Any, prefix: str, holders: tuple[Any, ...]
) -> Iterator[tuple[str, Tensor]]:
    """Find tensors and other Values in a module, a list or a dict, and in such that it holds.

    The `holders` are the way to it, from the outermost to itself.
    """
    for key, thing in _members(holder):
        if not isinstance(thing, _SEARCHED):  # such as each number of a long list
            continue
        name = f"{prefix}{key}"
        if isinstance(thing, np.ndarray):
            thing = thing.tolist() if thing.dtype == object else ()
        if isinstance(thing, Value) or _is_tensor(thing):
            yield name, thing
        elif any(thing is outer for outer in holders):
            raise StateError(
                f"{name!r} contains itself, so its parameters would have endless names: keep the "
                "reference back as weakref.ref(...), which is not searched"
            )
        else:
            yield from _named_values(thing, f"{name}.", (*holders, thing))


def _members(holder: Any) -> Iterable[tuple[object, Any]]:
    if isinstance(holder, Module):
        return holder.members()
    if isinstance(holder, dict):
        return holder.items()
    return enumerate(holder) if isinstance(holder, list | tuple) else ()


def _is_tensor(thing: Any) -> bool:
    if isinstance(thing, Value):
        return thing.operation is None
    return isinstance(thing, (list, tuple)) and len(thing) > 0 and all(map(_is_tensor, thing))


_SEARCHED = (Value, Module, list, tuple, dict, np.ndarray)
"""What may be parameters, or hold some."""


def _elements(tensor: Tensor, place: str = "") -> Iterator[tuple[str, Value]]:
    """Yield the Values of a tensor in row-major order, each with its index as text."""
    if isinstance(tensor, Value):
        yield place, tensor
    else:
        for index, row in enumerate(tensor):
            yield from _elements(row, f"{place}[{index}]")
