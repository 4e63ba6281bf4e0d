"""Labels that know their part: strings to everybody else, and no burden to a model."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import autograd as ag
import nn
from autograd.parts import Part, PartLabel, part_of


def test_a_part_label_is_a_string() -> None:
    label = PartLabel("w0", Part("neuron", "Neuron(2)"))
    assert label == "w0"
    assert repr(label) == "'w0'"
    assert hash(label) == hash("w0")
    assert part_of("w0") is None


def test_a_part_label_survives_copy_and_pickle() -> None:
    label = PartLabel("w0", Part("neuron", "Neuron(2)", within=Part("layer", "Layer(2, 1)")))
    for twin in (copy.copy(label), copy.deepcopy(label), pickle.loads(pickle.dumps(label))):
        assert twin == "w0"
        part = part_of(twin)
        assert part is not None
        assert part.within is not None
        assert part.within.title == "Layer(2, 1)"


def test_a_copied_model_has_parts_of_its_own() -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    twin = copy.deepcopy(model)
    x = [ag.Value(1.0, "x0"), ag.Value(2.0, "x1")]
    one, other = (ag.draw(network(x), collapse="layer").source for network in (model, twin))
    assert one == other
    assert twin.layers[0].part is not model.layers[0].part
    assert twin.layers[0].neurons[0].part.within is twin.layers[0].part
    both = ag.draw([model(x), twin(x)], collapse="layer").source
    assert both.count("Layer(2, 3)") == 2


def test_messages_and_representations_are_as_without_parts() -> None:
    neuron = nn.Neuron(1, "linear", rng=0)
    neuron.weight[0].data = 2.0
    assert repr(neuron([1.0])) == "Value(2.0)"
    assert repr(neuron.weight[0]) == "Value(2.0, grad=0.0, label='w0')"


def test_a_called_model_leaves_nothing_to_the_cyclic_collector(
    cyclic_garbage_of: Callable[[Callable[[], Any]], int],
) -> None:
    def call() -> None:
        model = nn.MLP(2, [3, 1], rng=0)
        ag.draw(model([1.0, 2.0]), collapse="layer")

    call()  # the first time, modules are imported
    assert cyclic_garbage_of(call) == 0
