"""The same programs in PyTorch, where it is installed: equal numbers, equal gradients."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd as ag
from autograd.graph import Node, topological_order
from comparing import close
from random_programs import Program, programs, run

torch = pytest.importorskip("torch")


def tensor(numbers: Any) -> Any:
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


# --- random programs -----------------------------------------------------------------------------

# What each instruction computes of two earlier results: here, and in PyTorch.
INSTRUCTIONS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "add": (lambda a, b: a + b, lambda a, b: a + b),
    "sub": (lambda a, b: 1 - a - b, lambda a, b: 1 - a - b),
    "mul": (lambda a, b: a * b, lambda a, b: a * b),
    "div": (lambda a, b: a / (b * b + 1), lambda a, b: a / (b * b + 1)),
    # The exponent is never 0, where PyTorch takes the power for a constant in second derivatives.
    "pow": (
        lambda a, b: (a * a + 1) ** -ag.sigmoid(b),
        lambda a, b: (a * a + 1) ** -torch.sigmoid(b),
    ),
    "dot": (lambda a, b: ag.dot([a, 2], [b, a], b), lambda a, b: a * b + 2 * a + b),
    "max": (lambda a, b: ag.max(a, b), lambda a, b: torch.maximum(a, b)),
    "min": (lambda a, b: ag.min(a, b), lambda a, b: torch.minimum(a, b)),
    "tanh": (lambda a, b: ag.tanh(a) * b, lambda a, b: torch.tanh(a) * b),
    "relu": (lambda a, b: ag.relu(a) - b, lambda a, b: torch.relu(a) - b),
    "abs": (lambda a, b: abs(a) + ag.cos(b), lambda a, b: abs(a) + torch.cos(b)),
    "log": (lambda a, b: ag.log(a * a + 0.5), lambda a, b: torch.log(a * a + 0.5)),
    "exp": (lambda a, b: ag.exp(ag.sin(a)), lambda a, b: torch.exp(torch.sin(a))),
    "sqrt": (lambda a, b: ag.sqrt(a * a + 2), lambda a, b: torch.sqrt(a * a + 2)),
    "arctan": (lambda a, b: ag.arctan(a), lambda a, b: torch.arctan(a)),
    "softplus": (lambda a, b: ag.softplus(a), lambda a, b: torch.logaddexp(a, a * 0)),
    "sigmoid": (lambda a, b: ag.sigmoid(a + b), lambda a, b: torch.sigmoid(a + b)),
}

OURS, PYTORCHS = ({name: pair[peer] for name, pair in INSTRUCTIONS.items()} for peer in (0, 1))
PROGRAMS = programs(INSTRUCTIONS, longest=12)
POINTS = st.lists(st.floats(-2, 2), min_size=3, max_size=3, unique=True)


def is_near_a_kink(node: Node) -> bool:
    """Tell whether PyTorch may take another branch here, or its half of the gradient at a tie."""
    inputs = [parent.data for parent in node.parents]
    match node.operation and node.operation.name:
        case "max" | "min":
            return max(inputs) - min(inputs) < 1e-9
        case "relu" | "abs":
            return abs(inputs[0]) < 1e-9
        case _:
            return False


@given(program=PROGRAMS, point=POINTS)
def test_random_programs_agree(program: Program, point: list[float]) -> None:
    xs, theirs = [ag.Value(number) for number in point], [tensor(number) for number in point]
    ours, expected = run(program, xs, OURS), run(program, theirs, PYTORCHS)
    assume(max(abs(result.data) for result in ours) < 100)
    assume(not any(map(is_near_a_kink, topological_order(ours[-1]))))
    ours[-1].backward()
    gradients = torch.autograd.grad(expected[-1], theirs, allow_unused=True)
    gradients = [0.0 if slope is None else slope.item() for slope in gradients]
    assume(max(map(abs, gradients)) < 100)
    assert ours[-1].data == close(expected[-1].item())
    assert [x.grad for x in xs] == close(gradients)


# --- functions -----------------------------------------------------------------------------------

FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "softmax": (
        lambda xs: ag.dot(ag.softmax(xs), range(4)),
        lambda x: x.softmax(0) @ tensor([0, 1, 2, 3]),
    ),
    "log_softmax": (lambda xs: ag.log_softmax(xs)[2], lambda x: x.log_softmax(0)[2]),
    "logsumexp": (ag.logsumexp, lambda x: x.logsumexp(0)),
    "mean": (ag.mean, lambda x: x.mean()),
    "norm": (ag.norm, lambda x: x.norm()),
    "gelu": (lambda xs: ag.sum(map(ag.gelu, xs)), lambda x: torch.nn.functional.gelu(x).sum()),
    "silu": (lambda xs: ag.sum(map(ag.silu, xs)), lambda x: torch.nn.functional.silu(x).sum()),
    "elu": (lambda xs: ag.sum(map(ag.elu, xs)), lambda x: torch.nn.functional.elu(x).sum()),
    "leaky_relu": (
        lambda xs: ag.sum(map(ag.leaky_relu, xs)),
        lambda x: torch.nn.functional.leaky_relu(x).sum(),
    ),
    "erf": (lambda xs: ag.sum(map(ag.erf, xs)), lambda x: torch.erf(x).sum()),
    "expm1": (lambda xs: ag.expm1(xs[0] / 2), lambda x: torch.expm1(x[0] / 2)),
    "log1p": (lambda xs: ag.log1p(abs(xs[0])), lambda x: torch.log1p(abs(x[0]))),
}
NUMBERS = (st.floats(-1000, 1000) | st.floats(-3, 3)).filter(lambda x: abs(x) > 1e-3)
VECTORS = st.lists(NUMBERS, min_size=4, max_size=4)  # without 0, which is a kink of some


@pytest.mark.parametrize(("function", "theirs"), FUNCTIONS.values(), ids=FUNCTIONS.keys())
@given(numbers=VECTORS)
def test_functions_agree(
    function: Callable[[Any], Any], theirs: Callable[[Any], Any], numbers: list[float]
) -> None:
    x = tensor(numbers)
    output = theirs(x)
    (gradient,) = torch.autograd.grad(output, x)
    value, slopes = ag.value_and_grad(function)(numbers)
    assert value == close(output.item())
    assert slopes == close(gradient.tolist())


@given(program=PROGRAMS, point=POINTS)
def test_hessians_agree(program: Program, point: list[float]) -> None:
    smooth = [step for step in program if step[0] not in ("max", "min", "relu", "abs")]
    ours = ag.hessian(lambda xs: run(smooth, xs, OURS)[-1])(point)
    theirs = torch.autograd.functional.hessian(
        lambda x: run(smooth, x, PYTORCHS)[-1], tensor(point)
    )
    assume(theirs.abs().max() < 100)
    for row, expected in zip(ours, theirs.tolist(), strict=True):
        assert row == close(expected)


@given(program=PROGRAMS, point=POINTS)
def test_jacobians_agree(program: Program, point: list[float]) -> None:
    def results(xs: Any, instructions: Any) -> list[Any]:
        smooth = [step for step in program if step[0] not in ("max", "min", "relu", "abs")]
        return run(smooth, xs, instructions)[-3:]

    ours = ag.jacobian(lambda xs: results(xs, OURS))(point)
    theirs = torch.autograd.functional.jacobian(
        lambda x: torch.stack(results(x, PYTORCHS)), tensor(point)
    )
    assume(theirs.abs().max() < 100)
    for row, expected in zip(ours, theirs.tolist(), strict=True):
        assert row == close(expected)
