"""Laws of pictures, on random graphs of operations, shared neurons and shared layers.

Whatever is folded, a picture has to tell the truth: every node is somewhere, and once; a box is
reached from another one just as its nodes are; and the chain rule, computed from nothing but the
numbers in the picture, gives the gradients that `backward` computed.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd as ag
import nn
from autograd.drawing.depicting import READABLE, Collapse, depict
from autograd.drawing.picture import Picture
from autograd.errors import NotANumberError
from autograd.graph import Node, topological_order
from random_programs import Program, programs

LEVELS: Sequence[Collapse] = (None, "neuron", "layer", "auto")


class Model:
    """Parts that a random graph may call at several places."""

    def __init__(self) -> None:
        self.neuron = nn.Neuron(2, "gelu", rng=1)
        self.linear = nn.Neuron(2, "linear", rng=2)
        self.layer = nn.Layer(2, 2, "tanh", rng=3)

    def steps(self) -> dict[str, Callable[[Any, Any], Sequence[ag.Value]]]:
        return {
            "add": lambda a, b: [a + b],
            "mul": lambda a, b: [a * b * 0.5],
            "sub": lambda a, b: [a - 2.0],
            "tanh": lambda a, b: [ag.tanh(a)],
            "sum": lambda a, b: [ag.sum([ag.tanh(a * i) for i in range(6)])],
            "dot": lambda a, b: [ag.tanh(ag.dot([a, b], [b, 0.5], a))],
            "neuron": lambda a, b: [self.neuron([a, b])],
            "relabelled": lambda a, b: [labelled(self.neuron([a, b]), "mine")],
            "linear": lambda a, b: [ag.tanh(labelled(self.linear([a, b]), "mine"))],
            "layer": lambda a, b: self.layer([a, 1.5]),
            "penalty": lambda a, b: [a + nn.l2_penalty(self.layer.parameters())],
        }


def labelled(node: ag.Value, label: str) -> ag.Value:
    node.label = label
    return node


PROGRAMS = programs(Model().steps(), longest=12)


def build(program: Program) -> ag.Value:
    steps = Model().steps()
    results: list[ag.Value] = [ag.Value(0.3, "x"), ag.Value(-0.7, "y"), ag.Value(1.1, "z")]
    for name, i, j in program:
        results += steps[name](results[i], results[j])
    return results[-1]


def homes(picture: Picture) -> dict[Node, str]:
    return {node: box.key for box in picture.boxes for node in box.nodes}


def edges_between_nodes(picture: Picture) -> list[tuple[str, str]]:
    """Return the edges, with the products that weighted sums show taken back into their sums."""
    home = {box.key: box.key for box in picture.boxes if box.nodes}
    home |= {edge.source: edge.target for edge in picture.edges if edge.source not in home}
    edges = ((edge.source, edge.target) for edge in picture.edges)
    return [(home[source], home[target]) for source, target in edges if source == home[source]]


@given(PROGRAMS, st.sampled_from(LEVELS))
def test_every_node_is_in_exactly_one_box(program: Program, level: Collapse) -> None:
    output = build(program)
    picture = depict(output, level)
    shown = [node for box in picture.boxes for node in box.nodes]
    assert len(shown) == len(set(shown))
    assert set(shown) == set(topological_order(output))


@given(PROGRAMS)
def test_uncollapsed_there_is_an_edge_for_each_input_of_each_node(program: Program) -> None:
    output = build(program)
    picture = depict(output)
    home = homes(picture)
    expected = [
        (home[parent], home[node]) for node in topological_order(output) for parent in node.parents
    ]
    assert sorted(edges_between_nodes(picture)) == sorted(expected)


@given(PROGRAMS, st.sampled_from(LEVELS))
def test_boxes_are_connected_as_their_nodes_are(program: Program, level: Collapse) -> None:
    output = build(program)
    picture = depict(output, level)
    home = homes(picture)
    expected = {
        (home[parent], home[node]) for node in topological_order(output) for parent in node.parents
    }
    inside = {(box.key, box.key) for box in picture.boxes}
    assert set(edges_between_nodes(picture)) == expected - inside


@given(PROGRAMS, st.sampled_from(LEVELS))
@example(2 * [("neuron", -1, -1), ("add", -1, -1), ("sum", -1, -1)], "neuron")
def test_folding_makes_no_cycles_and_lists_inputs_first(program: Program, level: Collapse) -> None:
    picture = depict(build(program), level)
    position = {box.key: index for index, box in enumerate(picture.boxes)}
    assert all(position[edge.source] < position[edge.target] for edge in picture.edges)


@given(PROGRAMS, st.sampled_from(LEVELS))
def test_the_chain_rule_holds_on_the_numbers_of_the_picture(
    program: Program, level: Collapse
) -> None:
    output = build(program)
    output.backward()
    picture = depict(output, level)
    (box_of_output,) = (box for box in picture.boxes if output in box.nodes)
    gradient = {box.key: box.gradients[0] for box in picture.boxes if len(box.gradients) == 1}
    for box in picture.boxes:
        leaving = [edge for edge in picture.edges if edge.source == box.key]
        known = all(edge.derivative is not None and edge.target in gradient for edge in leaving)
        if box is not box_of_output and box.key in gradient and known:
            total = math.fsum((edge.derivative or 0) * gradient[edge.target] for edge in leaving)  # type: ignore[operator]  # known above
            assert gradient[box.key] == pytest.approx(total, rel=1e-9, abs=1e-12)


@given(PROGRAMS, st.sampled_from(LEVELS))
def test_a_picture_changes_nothing(program: Program, level: Collapse) -> None:
    output = build(program)
    output.backward()
    before = [(node.data, node.grad, node.label) for node in topological_order(output)]
    depict(output, level)
    assert [(node.data, node.grad, node.label) for node in topological_order(output)] == before


# --- what a box says -----------------------------------------------------------------------------


def test_roles() -> None:
    x, w = ag.Value(1.0, "x"), ag.Value(2.0, "w")
    picture = depict(ag.tanh(w * x + 1), parameters=[w])
    assert [box.role for box in picture.boxes] == [
        "parameter",
        "input",
        "intermediate",
        "constant",
        "intermediate",
        "output",
    ]


def test_parameters_and_numeric_inputs_of_a_neuron_are_known() -> None:
    picture = depict(nn.Neuron(2, rng=0)([1.0, ag.Value(2.0)]))
    assert [box.role for box in picture.boxes[:5]] == [
        *2 * ["parameter"],
        *2 * ["input"],
        "parameter",
    ]


def test_several_outputs_are_all_outputs() -> None:
    x = ag.Value(1.0)
    picture = depict([x + 1, x + 2])
    assert [box.role for box in picture.boxes].count("output") == 2


def test_no_gradient_is_shown_before_backward_and_a_true_zero_after() -> None:
    x, w = ag.Value(0.0, "x"), ag.Value(2.0, "w")
    y = w * x
    assert [box.gradients for box in depict(y).boxes] == [(None,), (None,), (None,)]
    y.backward()
    assert [box.gradients for box in depict(y).boxes] == [(0.0,), (2.0,), (1.0,)]


def test_gradients_of_another_backward_pass_are_shown() -> None:
    x = ag.Value(3.0)
    (x * x).backward()
    assert depict(2 * x).boxes[1].gradients == (6.0,)


def test_numbers_that_were_changed_after_the_recording_are_told() -> None:
    """As after a step of an optimizer: the edges have the new numbers, the boxes the old ones."""
    x, w, b = ag.Value(2.0, "x"), ag.Value(3.0, "w"), ag.Value(1.0, "b")
    y = w * x
    loss = y * y + b
    loss.backward()
    assert not depict(loss).changed
    w.data -= 0.1 * w.grad
    assert depict(loss).changed
    assert depict([b, loss], "layer").changed
    assert not depict(b * w).changed
    w.data = 3.0
    assert not depict(loss).changed


@pytest.mark.parametrize("held", ["3", None, np.float32(3.0), ag.Value(3.0), [3.0]])
def test_what_is_no_number_is_refused_by_its_label(held: Any) -> None:
    x, w = ag.Value(2.0, "x"), ag.Value(3.0, "w")
    y = w * x
    w.data = held
    with pytest.raises(NotANumberError, match=r"^w holds"):
        depict(y)


def test_a_derivative_that_does_not_exist_is_nan() -> None:
    (edge,) = depict(ag.sqrt(ag.Value(0.0))).edges
    assert edge.derivative is not None
    assert math.isnan(edge.derivative)


def test_a_derivative_may_exist_beside_one_that_does_not() -> None:
    by_base, by_exponent = depict(ag.Value(0.0) ** ag.Value(0.5)).edges
    assert by_base.derivative is not None
    assert math.isnan(by_base.derivative)
    assert by_exponent.derivative == 0.0


# --- neurons and layers --------------------------------------------------------------------------


def parts(picture: Picture) -> list[tuple[str, tuple[str, ...]]]:
    return [(box.label, box.details) for box in picture.boxes if box.part]


@pytest.mark.parametrize("activation", sorted(nn.ACTIVATIONS))
def test_a_neuron_is_one_box_with_any_activation(activation: str) -> None:
    x = [ag.Value(0.5), ag.Value(-0.5)]
    picture = depict(nn.Neuron(2, activation, rng=0)(x) * 2.0, "neuron")
    assert len(picture.boxes) == 2 + 1 + 2
    assert parts(picture) == [("Neuron(2)", (activation, "3 parameters"))]


def test_a_small_network_as_neurons() -> None:
    model = nn.MLP(2, [4, 1], activation="tanh", rng=0)
    picture = depict(model([ag.Value(1.0), ag.Value(2.0)]), "neuron")
    assert len(picture.boxes) == 2 + 4 + 1
    assert len(picture.edges) == 2 * 4 + 4


def test_a_large_network_as_layers() -> None:
    model = nn.MLP(64, [32, 10], rng=0)
    picture = depict(model([0.1] * 64), "layer")
    assert [box.label for box in picture.boxes] == ["64 inputs", "Layer(64, 32)", "Layer(32, 10)"]
    assert [box.details for box in picture.boxes[1:]] == [
        ("relu", "2,080 parameters"),
        ("linear", "330 parameters"),
    ]
    assert [edge.count for edge in picture.edges] == [64, 32]


def test_a_batch_looks_like_one_sample() -> None:
    model = nn.MLP(3, [4, 2], rng=0)
    losses = [nn.cross_entropy(model([0.1 * i, 0.2, 0.3]), i % 2) for i in range(20)]
    one, many = depict(losses[0], "layer"), depict(ag.mean(losses), "layer")
    assert parts(one)[0] == ("Layer(3, 4)", ("relu", "16 parameters"))
    assert parts(many)[0] == ("Layer(3, 4)", ("relu", "16 parameters", "20 calls"))
    assert len(many.boxes) <= len(one.boxes) + 3


def test_a_cell_that_is_called_three_times_makes_three_boxes_that_share_parameters() -> None:
    cell = nn.Neuron(2, "tanh", rng=0)
    state = ag.Value(0.0, "h")
    for number in (1.0, 2.0, 3.0):
        state = cell([number, state])
    picture = depict(state, "neuron")
    assert [label for label, _ in parts(picture)] == ["Neuron(2)"] * 3
    (shared,) = (box for box in picture.boxes if box.role == "parameter")
    assert (shared.label, shared.details) == ("3 parameters", ("Neuron(2)",))
    assert [edge.count for edge in picture.edges if edge.source == shared.key] == [3, 3, 3]


def test_shared_parameters_of_several_layers_tell_whose_they_are() -> None:
    model = nn.MLP(2, [3, 2], rng=0)
    picture = depict([*model([1.0, 2.0]), *model([3.0, 4.0])], "layer")
    shared = [box.details for box in picture.boxes if box.label.endswith(" parameters")]
    assert sorted(shared) == [("Layer(2, 3)",), ("Layer(3, 2)",)]


def test_a_neuron_ends_where_another_begins_even_if_its_activation_reaches_there() -> None:
    outputs = [ag.Value(1.0)]
    gated = nn.Neuron(1, activation=lambda x: x * ag.tanh(outputs[-1]), rng=0)
    for number in (1.0, 2.0, 3.0):
        outputs.append(gated([number]))
    picture = depict(outputs[-1], "neuron")
    assert [len(box.nodes) for box in picture.boxes if box.part] == [2, 2, 2]


def test_nodes_under_a_copied_label_are_in_one_box_only() -> None:
    output = nn.Neuron(1, "silu", rng=0)([1.0])
    other: Any = output.parents[1]
    other = labelled(2 * other, output.label)
    picture = depict([output, other], "neuron")
    assert len([node for box in picture.boxes for node in box.nodes]) == 8


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh", "softplus"])
def test_a_neuron_whose_output_was_relabelled_is_one_box(activation: str) -> None:
    output = nn.Neuron(2, activation, rng=0)([1.0, 2.0])
    output.label = "prediction"
    picture = depict(output, "neuron")
    assert parts(picture) == [("Neuron(2) → prediction", (activation, "3 parameters"))]
    assert picture.boxes[-1].data == (output.data,)


@pytest.mark.parametrize("level", ["neuron", "layer"])
@pytest.mark.parametrize("activation", sorted(nn.ACTIVATIONS))
def test_a_box_that_names_an_activation_shows_its_result(activation: str, level: Collapse) -> None:
    outputs = nn.Layer(2, 2, activation, rng=0)([1.0, 2.0])
    outputs[0].label = "mine"
    expected = {output.data for output in outputs}
    boxes = [box for box in depict(outputs, level).boxes if activation in box.details]
    assert all(expected.issuperset(box.data) for box in boxes)
    assert bool(boxes) == (
        level == "neuron" or activation not in ("elu", "gelu", "silu", "leaky_relu")
    )


def test_a_weighted_sum_that_is_drawn_alone_names_no_activation() -> None:
    weighted_sum: Any = nn.Neuron(2, "tanh", rng=0)([1.0, 2.0]).parents[0]
    assert parts(depict(weighted_sum, "neuron")) == [("Neuron(2)", ("3 parameters",))]


def test_an_operation_of_the_user_is_no_activation() -> None:
    def add(x: ag.Value) -> ag.Value:
        return x + x

    output = labelled(nn.Neuron(2, add, rng=0)([1.0, 2.0]), "mine")
    assert parts(depict(output, "neuron")) == [("Neuron(2)", ("3 parameters",))]


def test_calls_with_and_without_their_activation_stay_apart() -> None:
    neuron = nn.Neuron(1, "gelu", rng=0)
    outputs = [neuron([0.1 * i]) for i in range(12)]
    for output in outputs[:6]:
        output.label = "mine"
    assert sorted(details for _, details in parts(depict(outputs, "neuron"))) == [
        ("6 calls",),
        ("gelu", "6 calls"),
    ]


def test_a_neuron_whose_weights_were_relabelled_is_known_by_its_bias() -> None:
    neuron = nn.Neuron(2, rng=0)
    neuron.weight[0].label = "slope"
    assert [box.label for box in depict(neuron([1.0, 2.0]), "neuron").boxes[-1:]] == ["Neuron(2)"]


def test_a_penalty_on_parameters_is_no_neuron() -> None:
    neuron = nn.Neuron(2, rng=0)
    picture = depict(nn.l2_penalty(neuron.parameters()), "neuron")
    assert parts(picture) == []


def test_alike_nodes_are_one_box_only_if_they_are_many() -> None:
    few = ag.sum(ag.exp(ag.Value(i / 10)) for i in range(4))
    many = ag.sum(ag.exp(ag.Value(i / 10)) for i in range(5))
    assert len(depict(few, "layer").boxes) == 4 + 4 + 1
    assert [box.label or box.symbol for box in depict(many, "layer").boxes] == [
        "5 inputs",
        "exp",
        "Σ",
    ]


def test_each_step_of_a_loop_keeps_its_constants() -> None:
    x = ag.Value(0.5, "x")
    for _ in range(8):
        x = x * 0.9 + 0.1
    picture = depict(x, "layer")
    assert len(picture.boxes) == 1 + 8 * 4
    for box in picture.boxes:
        if box.role == "constant":
            assert [edge.source for edge in picture.edges].count(box.key) == 1


def test_leaves_that_the_same_boxes_use_are_one_box() -> None:
    model = nn.MLP(8, [6, 5], rng=0)
    losses = [nn.cross_entropy(model([ag.Value(0.1 * i) for i in range(8)]), 1) for _ in range(6)]
    labels = [box.label for box in depict(ag.mean(losses), "layer").boxes if box.role == "input"]
    assert labels == ["48 inputs"]


def test_nodes_that_the_user_named_differently_stay_apart() -> None:
    exponentials = [labelled(ag.exp(ag.Value(i / 10)), f"e{i}") for i in range(5)]
    assert len(depict(ag.sum(exponentials), "layer").boxes) == 5 + 5 + 1


# --- how much of it ------------------------------------------------------------------------------


def test_auto_shows_as_much_as_is_readable() -> None:
    small, large = nn.MLP(2, [4, 1], rng=0), nn.MLP(64, [32, 10], rng=0)
    neuron = nn.Neuron(2, "tanh", rng=0)
    x = [ag.Value(1.0), ag.Value(2.0)]
    assert len(depict(neuron(x), "auto").boxes) == 5 + 2 + 2
    loss = nn.mse_loss(small(x), 1.0)
    assert parts(depict(loss, "auto")) == parts(depict(loss, "neuron"))
    logits = large([0.1] * 64)
    assert parts(depict(logits, "auto")) == parts(depict(logits, "layer"))


@pytest.mark.parametrize("n_hidden", range(1, 6))
def test_auto_counts_the_boxes_that_are_shown(n_hidden: int) -> None:
    loss = nn.mse_loss(nn.MLP(2, [n_hidden, 1], rng=0)([1.0, 2.0]), 1.0)
    n_boxes = {level: len(depict(loss, level).boxes) for level in LEVELS[:-1]}
    readable = next(count for count in n_boxes.values() if count <= READABLE)
    assert len(depict(loss, "auto").boxes) == readable


@pytest.mark.parametrize("root", [3.0, "x", None, [ag.Value(1.0), 2.0], {ag.Value(1.0)}])
def test_what_is_no_value_has_no_picture(root: Any) -> None:
    with pytest.raises(ag.NotANumberError, match="a picture"):
        depict(root)


@pytest.mark.parametrize("roots", [[], ()])
def test_nothing_has_no_picture(roots: Any) -> None:
    with pytest.raises(ag.ShapeError, match="a picture of nothing"):
        depict(roots)


def test_parameters_must_be_values() -> None:
    with pytest.raises(ag.NotANumberError, match=r"parameters .* not 1\.0 \(float\)"):
        depict(ag.Value(1.0), parameters=[1.0])  # type: ignore[list-item]  # the point


def test_an_unknown_way_to_collapse() -> None:
    with pytest.raises(
        ag.ArgumentError, match="'neurons': it must be 'auto', 'neuron', 'layer' or None"
    ):
        depict(ag.Value(1.0), "neurons")  # type: ignore[arg-type]  # the point


def test_too_much_to_see_is_refused_with_advice() -> None:
    total = ag.Value(0.0)
    for _ in range(100):
        total = total + ag.Value(1.0)
    with pytest.raises(ag.GraphError, match=r"201 boxes .* read\. Draw .* Values inside it"):
        depict(total, None, most=200)
    assert len(depict(total, None, most=201).boxes) == 201


def test_too_many_edges_are_refused() -> None:
    model = nn.MLP(20, [20, 20], rng=0)
    with pytest.raises(ag.GraphError, match=r"41 boxes and 420 .* collapse='layer' shows less\."):
        depict(model([0.0] * 20), "neuron", most=50)


def test_deep_and_large_graphs_are_depicted() -> None:
    x = ag.Value(1.0)
    chain = x
    for _ in range(20_000):
        chain = chain + x
    assert len(depict(chain, None).boxes) == 20_001
    assert len(depict(chain, "layer").boxes) == 20_001
    wide = ag.sum(ag.tanh(ag.Value(1.0)) for _ in range(20_000))
    assert len(depict(wide, "auto").boxes) == 3


def test_a_lookup_is_called_so() -> None:
    picture = depict(ag.lookup([ag.Value(1.0), ag.Value(2.0)], 1))
    assert picture.boxes[-1].symbol == "lookup"
