"""Neurons, layers of neurons, and networks of layers."""

from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

from autograd import Value
from autograd.errors import ArgumentError, NotANumberError, ShapeError
from autograd.functions import weighted_sum
from autograd.graph import Row
from autograd.nested_numbers import is_nested
from autograd.parts import Part, PartLabel, part_of
from autograd.real_numbers import is_list
from autograd.value import Number, as_value
from autograd.wording import counted, shown_short
from nn.activations import Activating, find_activation
from nn.arguments import Seed, random_generator, require, whole_number
from nn.module import Module


class Neuron(Module):
    """A weighted sum of the inputs plus a bias, passed through an activation.

    >>> import nn
    >>> neuron = nn.Neuron(2, activation="tanh", rng=0)
    >>> neuron.weight[0].data, neuron.weight[1].data, neuron.bias.data = 1.0, 2.0, -5.0
    >>> neuron([1.0, 2.0])
    Value(0.0)

    Parameters
    ----------
    n_inputs : int
        At least 1.
    activation : str, callable or Activation
        See `nn.activations`. A `Module` is trained along.
    rng : numpy.random.Generator, int or None
        Draws the initial weights, spread to suit the activation; the bias starts at 0.
    n_neurons : int
        How many neurons share the inputs, for the spread of the weights.

    Attributes
    ----------
    weight : tuple of n_inputs Values
    bias : Value

    Raises
    ------
    ArgumentError
        If `n_inputs` is not a positive whole number, or the activation is unknown.
    """

    def __init__(
        self,
        n_inputs: int,
        activation: Activating = "relu",
        rng: Seed = None,
        *,
        n_neurons: int = 1,
    ) -> None:
        n_inputs = whole_number(n_inputs, "n_inputs")
        n_neurons = whole_number(n_neurons, "n_neurons")
        self.activation = find_activation(activation)
        numbers = self.activation.initial_weights(n_inputs, n_neurons, random_generator(rng))
        self.part = Part("neuron", f"Neuron({n_inputs})", self.activation.name)
        self._weight = Row(
            Value(number, PartLabel(f"w{index}", self.part))
            for index, number in enumerate(numbers.tolist())
        )
        self.bias = Value(0.0, PartLabel("b", self.part))
        self._output_label = PartLabel("", self.part)

    @property
    def weight(self) -> tuple[Value, ...]:
        """The weights, one for each input. To replace them, assign as many others.

        >>> import nn
        >>> neuron = nn.Neuron(2, "linear")
        >>> neuron.weight = [0.5, Value(-1.0, "shared")]
        >>> neuron([4.0, 3.0]).data
        -1.0

        Optimizers and compiled functions that were made before keep the old ones.
        """
        return self._weight.nodes

    @weight.setter
    def weight(self, weight: Iterable[Number]) -> None:
        expected = counted(len(self.weight), "weight")
        if not is_list(weight):
            raise ShapeError(f"{self!r} needs a list of {expected}, not {shown_short(weight)}")
        row = Row(map(_variable, weight))
        if len(row.nodes) != len(self.weight):
            raise ShapeError(f"{self!r} needs {expected}, not {len(row.nodes)}")
        self._weight = row

    @property
    def bias(self) -> Value:
        """What is added to the weighted sum."""
        bias: Value = self._bias.nodes[0]
        return bias

    @bias.setter
    def bias(self, bias: Number) -> None:
        self._bias = Row([_variable(bias)])

    def members(self) -> Iterator[tuple[str, Any]]:
        """Yield ``weight``, ``bias`` and the activation, and what a subclass adds."""
        yield "weight", self.weight
        yield "bias", self.bias
        for name, attribute in super().members():
            yield name, self.activation.function if name == "activation" else attribute

    def __call__(self, inputs: Iterable[Number]) -> Value:
        """Return the output for `n_inputs` Values or numbers.

        >>> import nn
        >>> nn.Neuron(2)([1.0, 2.0, 3.0])
        Traceback (most recent call last):
        autograd.errors.ShapeError: Neuron(2, activation='relu') takes 2 inputs, not 3

        Raises
        ------
        ShapeError
            If there are more or fewer inputs than weights.
        """
        return self.respond(Row(_checked_inputs(self, inputs, len(self.weight))))

    def respond(self, inputs: Row) -> Value:
        """Return the output for as many inputs as weights: a layer has counted them."""
        weight, bias = self._weight, self._bias
        rows = weight, inputs, bias
        total = weighted_sum(weight.nodes, inputs.nodes, bias.nodes, rows)
        output = self.activation.function(total)
        if not isinstance(output, Value):
            raise ArgumentError(
                f"the activation {self.activation.name} returned {shown_short(output)}, and no "
                "gradient goes through a number: use ag.tanh and the like, not those of math"
            )
        if output.operation is not None:  # else it is a variable with its own label
            output.label = self._output_label  # shows pictures where the neuron ends
        return output

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.weight)}, activation={self.activation.name!r})"


class Layer(Module):
    """Neurons that all see the same inputs. Unlike PyTorch's ``Linear``, they have an activation.

    >>> import nn
    >>> len(nn.Layer(3, 4)([1.0, 2.0, 3.0]))
    4

    Losses take the weighted sums of the last layer as they are: give it "linear".

    Parameters
    ----------
    n_inputs, n_outputs : int
        At least 1 each. There is one neuron for each output.
    activation : str, callable or Activation
    rng : numpy.random.Generator, int or None
        Draws the initial weights.

    Raises
    ------
    ArgumentError
        If a size is not a positive whole number, or the activation is unknown.
    """

    def __init__(
        self, n_inputs: int, n_outputs: int, activation: Activating = "relu", rng: Seed = None
    ) -> None:
        n_outputs = whole_number(n_outputs, "n_outputs")
        rng = random_generator(rng)
        self.neurons = [
            Neuron(n_inputs, activation, rng, n_neurons=n_outputs) for _ in range(n_outputs)
        ]
        self.part = Part("layer", f"Layer({n_inputs}, {n_outputs})", self.neurons[0].part.detail)
        for neuron in self.neurons:
            neuron.part.within = self.part
        _label_by_place(self)

    @property
    def n_inputs(self) -> int:
        """The number of inputs: each neuron has a weight for each."""
        return len(self.neurons[0].weight)

    @property
    def weight(self) -> list[tuple[Value, ...]]:
        """The weights, a row for each neuron. To replace them, assign to those of `neurons`.

        >>> import nn
        >>> nn.Layer(2, 2, rng=0).weight[1][0]
        Value(0.6404226504432821, grad=0.0, label='weight[1][0]')
        """
        return [neuron.weight for neuron in self.neurons]

    @property
    def bias(self) -> list[Value]:
        """The bias of each neuron."""
        return [neuron.bias for neuron in self.neurons]

    def __call__(self, inputs: Iterable[Number]) -> list[Value]:
        """Return the list of the `n_outputs` outputs for `n_inputs` Values or numbers.

        >>> import nn
        >>> layer = nn.Layer(2, 2, "linear", rng=0)
        >>> layer.neurons[0].weight, layer.neurons[1].weight = [1.0, 2.0], [3.0, 4.0]
        >>> [output.data for output in layer([10.0, 1.0])]
        [12.0, 34.0]

        Raises
        ------
        ShapeError
            If there are more or fewer inputs than each neuron has weights.
        """
        row = Row(_checked_inputs(self, inputs, self.n_inputs))
        return [neuron.respond(row) for neuron in self.neurons]

    def members(self) -> Iterator[tuple[str, Any]]:
        """Yield ``weight``, one row per neuron, and ``bias``, as PyTorch's ``Linear``.

        >>> import nn
        >>> [(name, array.shape) for name, array in nn.Layer(2, 3).state_dict().items()]
        [('weight', (3, 2)), ('bias', (3,))]

        Then the activation, which the neurons share, and what a subclass adds, to the layer or to
        its neurons.
        """
        yield "weight", self.weight
        yield "bias", self.bias
        yield "activation", self.neurons[0].activation.function
        for name, attribute in super().members():
            yield name, list(map(_added, self.neurons)) if name == "neurons" else attribute

    def __repr__(self) -> str:
        sizes = f"{self.n_inputs}, {len(self.neurons)}"
        return f"{type(self).__name__}({sizes}, activation={self.neurons[0].activation.name!r})"


class MLP(Module):
    """A multi-layer perceptron: layers, each the input of the next.

    >>> import nn
    >>> model = nn.MLP(2, [16, 16, 1], activation="tanh", rng=0)
    >>> model
    MLP(2, [16, 16, 1], activation='tanh', output_activation='linear')
    >>> len(model.parameters())
    337

    Each parameter is labelled by its place, with the name that `named_parameters` gives it:

    >>> model.layers[1].neurons[3].bias
    Value(0.0, grad=0.0, label='2.bias[3]')

    Parameters
    ----------
    n_inputs : int
    layer_sizes : sequence of int
        The number of neurons of each layer; the last one's is the number of outputs.
    activation : str, callable or Activation
        For every layer but the last.
    output_activation : str, callable or Activation
        For the last layer. Losses take its weighted sums as they are, so it is linear by default.
    rng : numpy.random.Generator, int or None
        Draws the initial weights.

    Raises
    ------
    ArgumentError
        If there is no layer, a size is not a positive whole number, or an activation is unknown.
    """

    def __init__(
        self,
        n_inputs: int,
        layer_sizes: Sequence[int],
        activation: Activating = "relu",
        output_activation: Activating = "linear",
        rng: Seed = None,
    ) -> None:
        has_sizes = isinstance(layer_sizes, Sized) and is_list(layer_sizes) and len(layer_sizes) > 0
        takes = "a list of at least one layer size: MLP(2, [16, 1]) has two layers"
        require(has_sizes, layer_sizes, "layer_sizes", takes)
        # Everything is checked before the first layer draws from the generator.
        n_inputs = whole_number(n_inputs, "n_inputs")
        sizes = [whole_number(size, f"layer_sizes[{i}]") for i, size in enumerate(layer_sizes)]
        for either in (activation, output_activation):
            find_activation(either)
        rng = random_generator(rng)
        activations = [activation] * (len(sizes) - 1) + [output_activation]
        self.layers = []
        for n_outputs, layer_activation in zip(sizes, activations, strict=True):
            self.layers.append(Layer(n_inputs, n_outputs, layer_activation, rng))
            n_inputs = n_outputs
        _label_by_place(self)

    def __call__(self, inputs: Iterable[Number]) -> Any:
        """Return the output for `n_inputs` Values or numbers.

        >>> import nn
        >>> len(nn.MLP(2, [4, 3])([0.5, -0.5]))
        3
        >>> nn.MLP(2, [4, 1], output_activation="relu", rng=0)([0.0, 0.0])
        Value(0.0)

        Returns
        -------
        Value or list of Value
            The Value of a network with one output, otherwise the list of outputs.

        Raises
        ------
        ShapeError
            If there are more or fewer inputs than the network takes.
        """
        outputs = _checked_inputs(self, inputs, self.layers[0].n_inputs)
        for layer in self.layers:
            outputs = layer(outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def members(self) -> Iterator[tuple[str, Any]]:
        """Yield the layers as PyTorch's ``Sequential(Linear, activation, ...)`` names them.

        >>> import nn
        >>> [name for name, layer in nn.MLP(2, [8, 8, 1]).members()]
        ['0', '2', '4']

        The activations are numbered too, so the layers are 0, 2, 4. Then what a subclass adds.
        """
        for index, layer in enumerate(self.layers):
            yield str(2 * index), layer
        for name, attribute in super().members():
            if name != "layers":
                yield name, attribute

    def __repr__(self) -> str:
        sizes = [len(layer.neurons) for layer in self.layers]
        inner, outer = (
            self.layers[index].neurons[0].activation.name for index in (0, len(self.layers) - 1)
        )
        return (
            f"{type(self).__name__}({self.layers[0].n_inputs}, {sizes}, "
            f"activation={inner!r}, output_activation={outer!r})"
        )


def _added(neuron: Neuron) -> dict[str, Any]:
    """Return what a subclass of `Neuron` has besides what a layer yields for all its neurons."""
    shared = ("weight", "bias", "activation")
    return {name: member for name, member in neuron.members() if name not in shared}


def _label_by_place(module: Module) -> None:
    """Label each parameter with its place in the whole: every neuron has a ``w0``."""
    for name, parameter in module.named_parameters():
        part = part_of(parameter.label)
        if part is not None:  # a neuron made it, not a subclass
            parameter.label = PartLabel(name, part)


def _variable(number: Number) -> Value:
    return number if isinstance(number, Value) else Value(number)


def _checked_inputs(module: Module, inputs: Iterable[Number], expected: int) -> list[Value]:
    if not is_list(inputs):
        problem = f"{_takes(module, expected)}, not {shown_short(inputs)} ({type(inputs).__name__})"
        advice = ": write [x], and for all samples X[:, None]" if expected == 1 else ""
        raise ShapeError(problem + advice)
    try:
        values = [x if isinstance(x, Value) else as_value(x) for x in inputs]
    except NotANumberError as error:
        takes = _takes(module, expected)
        if any(map(is_nested, inputs)):
            raise NotANumberError(f"{takes}. Call it for each: [model(x) for x in X]") from None
        raise NotANumberError(f"{takes}: {error}") from None
    if len(values) != expected:
        advice = ": for many samples, write [model([x]) for x in X]" if expected == 1 else ""
        raise ShapeError(
            f"{module!r} takes {counted(expected, 'input')}, not {len(values)}{advice}"
        )
    return values


def _takes(module: Module, expected: int) -> str:
    return f"{module!r} takes one sample, a list of {counted(expected, 'number')}"
