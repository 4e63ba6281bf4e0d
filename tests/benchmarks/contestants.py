"""One training step, written for each engine as its users would write it.

The task is the one micrograd made famous: a 2-16-16-1 network with relu learns which of two moons a
point of the plane lies on. A step takes all 100 points forward to a hinge loss plus an L2 penalty
over the 337 parameters, goes backward, and lets gradient descent update the parameters. Every
contestant starts from the same weights.
"""

import contextlib
import io
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import micrograd.engine
import micrograd.nn
from workloads import PENALTY, two_moons

import autograd as ag
import nn
from autograd import Value

LAYER_SIZES = [16, 16, 1]
LEARNING_RATE = 0.001  # small, so that all steps are alike: the better a network, the more zeros


POINTS, SIDES = two_moons(100)
X, Y = POINTS.tolist(), SIDES.tolist()
INITIAL_WEIGHTS = [weight.data for weight in nn.MLP(2, LAYER_SIZES, rng=0).parameters()]


class Contestant(ABC):
    """A training step that can be repeated.

    Attributes
    ----------
    name : str
        Its row in the tables.
    parameters : list of scalars with ``data``
        For each layer all weights, neuron by neuron, then all biases.
    """

    name: ClassVar[str]
    parameters: Sequence[Any]

    @abstractmethod
    def step(self) -> float:
        """Go forward, backward, update the parameters, and return the loss before the update."""

    def weights(self) -> list[float]:
        """Return the numbers in `parameters`."""
        return [parameter.data for parameter in self.parameters]

    def start_over(self) -> None:
        """Set `parameters` to the weights that all contestants start from."""
        for parameter, number in zip(self.parameters, INITIAL_WEIGHTS, strict=True):
            parameter.data = number


class ScalarProgram(Contestant):
    """The step in the words of micrograd's demo: nothing but scalars, ``*``, ``+`` and relu.

    The same text runs on any such engine, and leaves the same graph of one node per operation.
    """

    new_value: Callable[[float], Any]

    @abstractmethod
    def score(self, inputs: list[Any]) -> Any:
        """Return the output of the network for the two coordinates of a point."""

    @staticmethod
    @abstractmethod
    def parents(node: Any) -> Iterable[Any]:
        """Return the nodes that `node` was computed from."""

    def forward(self) -> Any:
        """Return the loss."""
        inputs = [list(map(self.new_value, x)) for x in X]
        scores = list(map(self.score, inputs))
        losses = [(1 + -y * score).relu() for y, score in zip(Y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        return data_loss + PENALTY * sum(p * p for p in self.parameters)

    def backward(self, loss: Any) -> None:
        """Set the gradient of every parameter."""
        for parameter in self.parameters:
            parameter.grad = 0.0
        loss.backward()

    def update(self) -> None:
        """Go down the gradient."""
        for parameter in self.parameters:
            parameter.data -= LEARNING_RATE * parameter.grad

    def step(self) -> float:
        loss = self.forward()
        self.backward(loss)
        self.update()
        return float(loss.data)


class Micrograd(ScalarProgram):
    """Micrograd's own network."""

    name = "micrograd"
    new_value = micrograd.engine.Value

    def __init__(self) -> None:
        self.model = micrograd.nn.MLP(2, LAYER_SIZES)
        self.parameters = []
        for layer in self.model.layers:
            self.parameters += [weight for neuron in layer.neurons for weight in neuron.w]
            self.parameters += [neuron.b for neuron in layer.neurons]

    def score(self, inputs: list[Any]) -> Any:
        return self.model(inputs)

    @staticmethod
    def parents(node: Any) -> Iterable[Any]:
        return node._prev  # type: ignore[no-any-return]  # its pictures use it as well


class Unfused(ScalarProgram):
    """Our Values in the same words as micrograd's, a node for each product and each sum."""

    name = "ours, a node for each * and +"
    new_value = Value

    def __init__(self) -> None:
        self.model = nn.MLP(2, LAYER_SIZES)
        self.parameters = self.model.parameters()

    def score(self, inputs: list[Any]) -> Any:
        for layer in self.model.layers:
            inputs = [self._output(neuron, inputs) for neuron in layer.neurons]
        return inputs[0]

    @staticmethod
    def _output(neuron: nn.Neuron, inputs: list[Any]) -> Any:
        # B905: micrograd's line, word for word.
        weighted_sum = sum((w * x for w, x in zip(neuron.weight, inputs)), neuron.bias)  # noqa: B905
        return neuron.activation.function(weighted_sum)

    @staticmethod
    def parents(node: Any) -> Iterable[Any]:
        return node.parents  # type: ignore[no-any-return]


class Fused(Contestant):
    """The `nn` package as it is meant to be used: each weighted sum is one `dot` node."""

    name = "ours, a node for each neuron"

    def __init__(self) -> None:
        self.model = nn.MLP(2, LAYER_SIZES)
        self.parameters = self.model.parameters()
        self.optimizer = nn.SGD(self.parameters, lr=LEARNING_RATE)

    def step(self) -> float:
        scores = [self.model(x) for x in X]
        loss = ag.mean(nn.hinge_loss(score, y) for score, y in zip(scores, Y, strict=True))
        loss = loss + nn.l2_penalty(self.parameters, PENALTY)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.data


class EagerFit(Contestant):
    """The same in `nn.fit`, which also draws the batch and pauses the collector."""

    name = "ours, nn.fit, eager"
    compiled = False

    def __init__(self) -> None:
        model = nn.MLP(2, LAYER_SIZES)
        self.parameters = model.parameters()
        self.training = nn.fit(
            model,
            X,
            Y,
            nn.hinge_loss,
            nn.SGD(self.parameters, lr=LEARNING_RATE),
            epochs=sys.maxsize,
            batch_size=len(X),  # so that an epoch is one step
            rng=0,
            penalty=lambda: nn.l2_penalty(self.parameters, PENALTY),
            compiled=self.compiled,
        )

    def step(self) -> float:
        with contextlib.redirect_stderr(io.StringIO()):  # no progress bar for each step
            return next(self.training).loss


class CompiledFit(EagerFit):
    """The same, with the graph of one sample compiled for the batch, as is the default."""

    name = "ours, nn.fit"
    compiled = True


class PyTorch(Contestant):
    """The same computation on tensors, all points at once."""

    name = "PyTorch, float64, one thread"

    def __init__(self) -> None:
        import torch  # here, since it may be missing, and is a burden where it is not needed

        torch.set_num_threads(1)
        linear, relu = torch.nn.Linear, torch.nn.ReLU
        self.model = torch.nn.Sequential(
            linear(2, 16), relu(), linear(16, 16), relu(), linear(16, 1)
        ).double()
        self.parameters = list(self.model.parameters())
        self.optimizer = torch.optim.SGD(self.parameters, lr=LEARNING_RATE)
        self.X = torch.tensor(X, dtype=torch.float64)
        self.Y = torch.tensor(Y, dtype=torch.float64)

    def step(self) -> float:
        scores = self.model(self.X).squeeze(1)
        loss = (1 - self.Y * scores).relu().mean()
        loss = loss + PENALTY * sum((p * p).sum() for p in self.parameters)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.item())

    def weights(self) -> list[float]:
        from torch.nn.utils import parameters_to_vector

        return parameters_to_vector(self.parameters).tolist()  # type: ignore[no-any-return]

    def start_over(self) -> None:
        import torch

        weights = torch.tensor(INITIAL_WEIGHTS, dtype=torch.float64)
        torch.nn.utils.vector_to_parameters(weights, self.parameters)
