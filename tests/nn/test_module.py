"""Modules: finding parameters, and carrying their numbers in and out."""

import errno
import io
import math
import os
import weakref
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import autograd as ag
import nn
from autograd import Value
from comparing import numbers

layer_sizes = st.lists(st.integers(1, 4), min_size=1, max_size=3)
finite = st.floats(allow_nan=False, allow_infinity=False)


class Mixture(nn.Module):
    """Parameters at every place they can have: alone, in lists, in modules, in lists of those."""

    def __init__(self) -> None:
        self.temperature = Value(1.0)
        self.offset = [Value(1.5)]
        self.table = [[Value(2.0), Value(3.0)], [Value(4.0), Value(5.0)], [Value(6.0), Value(7.0)]]
        self.head = nn.Layer(2, 1)
        self.experts = [nn.Layer(1, 2), nn.MLP(1, [1])]
        self.blocks = ([nn.Layer(1, 1)], [Value(8.0), nn.Layer(1, 1)])
        self.name = "mixture"
        self.sizes = [1, 2]
        self.nothing: list[Value] = []


class Tied(nn.Module):
    """An encoder and a decoder that share a weight."""

    def __init__(self) -> None:
        self.encoder = [Value(1.0), Value(2.0)]
        self.decoder = [self.encoder[1], Value(3.0)]


class Table(nn.Module):
    """Whatever it is given."""

    def __init__(self, table: Any) -> None:
        self.table = table


# --- finding parameters --------------------------------------------------------------------------


def test_parameters_are_found_in_attributes_lists_and_modules() -> None:
    shapes = {name: array.shape for name, array in Mixture().state_dict().items()}
    assert shapes == {
        "temperature": (),
        "offset": (1,),
        "table": (3, 2),
        "head.weight": (1, 2),
        "head.bias": (1,),
        "experts.0.weight": (2, 1),
        "experts.0.bias": (2,),
        "experts.1.0.weight": (1, 1),
        "experts.1.0.bias": (1,),
        "blocks.0.0.weight": (1, 1),
        "blocks.0.0.bias": (1,),
        "blocks.1.0": (),
        "blocks.1.1.weight": (1, 1),
        "blocks.1.1.bias": (1,),
    }


def test_each_name_says_the_place_of_its_parameter() -> None:
    model = Mixture()
    names = dict(model.named_parameters())
    assert names["temperature"] is model.temperature
    assert names["table[2][1]"] is model.table[2][1]
    assert names["head.weight[0][1]"] is model.head.neurons[0].weight[1]
    assert names["blocks.1.0"] is model.blocks[1][0]


def test_parameters_are_listed_in_the_order_of_their_names() -> None:
    model = Mixture()
    assert model.parameters() == [parameter for _, parameter in model.named_parameters()]
    assert numbers(model)[:8] == [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]


def test_a_shared_parameter_is_listed_once() -> None:
    model = Tied()
    names = [name for name, _ in model.named_parameters()]
    assert names == ["encoder[0]", "encoder[1]", "decoder[1]"]
    assert model.parameters() == [model.encoder[0], model.encoder[1], model.decoder[1]]


def test_a_shared_parameter_is_saved_with_each_tensor_that_holds_it() -> None:
    state = Tied().state_dict()
    assert {name: array.tolist() for name, array in state.items()} == {
        "encoder": [1.0, 2.0],
        "decoder": [2.0, 3.0],
    }


def test_a_shared_parameter_is_still_shared_after_loading() -> None:
    model = Tied()
    model.load_state_dict({"encoder": [5.0, 6.0], "decoder": [6.0, 7.0]})
    assert numbers(model) == [5.0, 6.0, 7.0]
    assert model.decoder[0] is model.encoder[1]


def test_a_shared_parameter_is_stepped_once() -> None:
    model = Tied()
    optimizer = nn.SGD(model.parameters(), lr=0.5)
    ag.sum([*model.encoder, *model.decoder]).backward()
    optimizer.step()
    assert numbers(model) == [1.0 - 0.5, 2.0 - 0.5 * 2, 3.0 - 0.5]


def test_zero_grad_reaches_every_parameter() -> None:
    model = Mixture()
    ag.sum(model.parameters()).backward()
    assert {parameter.grad for parameter in model.parameters()} == {1.0}
    model.zero_grad()
    assert {parameter.grad for parameter in model.parameters()} == {0.0}


def test_the_repr_of_a_module_of_yours_counts_its_parameters() -> None:
    assert repr(Tied()) == "Tied(3 parameters)"


# --- state_dict and load_state_dict --------------------------------------------------------------


@given(st.integers(1, 4), layer_sizes)
def test_the_state_of_a_network_has_a_weight_and_a_bias_per_layer(
    n_inputs: int, sizes: list[int]
) -> None:
    expected: dict[str, tuple[int, ...]] = {}
    for index, (n, m) in enumerate(zip([n_inputs, *sizes[:-1]], sizes, strict=True)):
        expected |= {f"{2 * index}.weight": (m, n), f"{2 * index}.bias": (m,)}
    state = nn.MLP(n_inputs, sizes).state_dict()
    assert {name: array.shape for name, array in state.items()} == expected
    assert {array.dtype for array in state.values()} == {np.dtype(np.float64)}


@given(st.lists(finite, min_size=9, max_size=9))
def test_loading_a_state_gives_a_network_its_numbers_bit_by_bit(parameters: list[float]) -> None:
    source, target = nn.MLP(1, [2, 1, 1], rng=0), nn.MLP(1, [2, 1, 1], rng=1)
    for parameter, number in zip(source.parameters(), parameters, strict=True):
        parameter.data = number
    target.load_state_dict(source.state_dict())
    assert list(map(float.hex, numbers(target))) == list(map(float.hex, parameters))


def test_a_state_is_of_floats_where_whole_numbers_were_assigned() -> None:
    model = nn.Layer(2, 1)
    for parameter in model.parameters():
        parameter.data = 0
    assert {array.dtype for array in model.state_dict().values()} == {np.dtype(float)}


@pytest.mark.parametrize("held", [None, "3.5", "a", np.array([1.0]), 1j, 10**400])
def test_what_is_no_number_has_no_state_and_can_be_loaded_over(held: Any) -> None:
    model = nn.MLP(2, [1], rng=0)
    state = model.state_dict()
    before = model.layers[0].neurons[0].bias.data
    model.layers[0].neurons[0].bias.data = held
    with pytest.raises((ag.NotANumberError, ag.NonFiniteError), match="holds"):
        model.state_dict()
    model.load_state_dict(state)
    assert model.layers[0].neurons[0].bias.data == before


def test_a_state_is_a_copy() -> None:
    model = nn.MLP(2, [1], rng=0)
    before = numbers(model)
    state = model.state_dict()
    for array in state.values():
        array += 1.0
    assert numbers(model) == before
    model.load_state_dict(state)
    state["0.weight"] += 1.0
    assert numbers(model) == [number + 1.0 for number in before]


def test_loading_keeps_the_parameters_that_others_hold() -> None:
    model = nn.MLP(2, [1], rng=0)
    parameters = model.parameters()
    model.load_state_dict(nn.MLP(2, [1], rng=1).state_dict())
    assert all(a is b for a, b in zip(model.parameters(), parameters, strict=True))


@pytest.mark.parametrize(
    "weight",
    [[[3, -4]], ((3.0, -4.0),), np.array([[3, -4]], np.int8), np.array([[3, -4]], np.float32)],
    ids=["list", "tuple", "int8", "float32"],
)
def test_entries_are_real_numbers_of_any_kind(weight: Any) -> None:
    model = nn.MLP(2, [1], rng=0)
    model.load_state_dict({"0.weight": weight, "0.bias": [5]})
    assert list(map(repr, numbers(model))) == ["3.0", "-4.0", "5.0"]


BAD_CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "extra": ("unknown entries: 4.weight", {"4.weight": np.zeros((1, 1))}),
    "transposed": ("'0.weight' has shape", {"0.weight": np.zeros((2, 3))}),
    "flat": ("'0.weight' has shape", {"0.weight": np.zeros(6)}),
    "too short": ("'2.bias' has shape", {"2.bias": np.zeros(0)}),
    "a number": ("'2.bias' has shape", {"2.bias": 1.0}),
    "None": ("'2.bias' has shape", {"2.bias": None}),
    "nan": ("finite real numbers", {"2.bias": [np.nan]}),
    "infinite": ("finite real numbers", {"2.bias": [-np.inf]}),
    "complex": ("finite real numbers", {"2.bias": [1j]}),
    "truth": ("finite real numbers", {"2.bias": [True]}),
    "text": ("finite real numbers", {"2.bias": ["1.0"]}),
    "objects": ("finite real numbers", {"2.bias": [Value(1.0)]}),
    "masked": ("masked numbers", {"2.bias": np.ma.masked_array([1.0], [True])}),
}


@pytest.mark.parametrize(("message", "change"), BAD_CHANGES.values(), ids=BAD_CHANGES.keys())
def test_a_state_that_does_not_fit_changes_nothing(message: str, change: dict[str, Any]) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    before = numbers(model)
    state = nn.MLP(2, [3, 1], rng=1).state_dict()
    with pytest.raises(ag.StateError, match=message):
        model.load_state_dict(state | change)
    assert numbers(model) == before


@pytest.mark.parametrize("name", ["0.weight", "0.bias", "2.weight", "2.bias"])
def test_a_missing_entry_changes_nothing_and_is_named(name: str) -> None:
    model = nn.MLP(2, [3, 1], rng=0)
    before = numbers(model)
    state = nn.MLP(2, [3, 1], rng=1).state_dict()
    del state[name]
    with pytest.raises(ag.StateError, match=f"missing entries: {name}; unknown entries: none"):
        model.load_state_dict(state)
    assert numbers(model) == before


RAGGED: list[Any] = [
    [[Value(1.0)], [Value(2.0), Value(3.0)]],
    [Value(1.0), [Value(2.0)]],
    [[[Value(1.0)], [Value(2.0)]], [[Value(3.0)]]],
]


@pytest.mark.parametrize("ragged", RAGGED)
@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.state_dict(),
        lambda model: model.load_state_dict({"table": [1.0]}),
        lambda model: nn.gradient_flow(ag.sum(model.parameters()), model),
    ],
    ids=["state_dict", "load_state_dict", "gradient_flow"],
)
def test_a_tensor_has_rows_of_one_length(use: Callable[[Any], Any], ragged: Any) -> None:
    model = Table(ragged)
    with pytest.raises(
        ag.ShapeError, match=r"^'table' of Table\(. parameters\) is not an array: .* dict"
    ):
        use(model)


def test_rows_of_many_lengths_are_kept_in_a_dict() -> None:
    model = Table({"short": [Value(1.0)], "long": [Value(2.0), Value(3.0)]})
    shapes = {name: array.shape for name, array in model.state_dict().items()}
    assert shapes == {"table.short": (1,), "table.long": (2,)}


# --- save and load -------------------------------------------------------------------------------


@pytest.mark.parametrize("as_path", [str, Path])
@pytest.mark.parametrize("file_name", ["model.npz", "model", "model.v1"])
def test_a_saved_network_loads_bit_by_bit(
    tmp_path: Path, as_path: Callable[[Path], str | Path], file_name: str
) -> None:
    path = as_path(tmp_path / file_name)
    model, loaded = nn.MLP(3, [4, 2], rng=0), nn.MLP(3, [4, 2], rng=1)
    model.save(path)
    loaded.load(path)
    assert numbers(loaded) == numbers(model)
    assert os.listdir(tmp_path) == [file_name]


def test_a_module_of_yours_is_saved_and_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    model, loaded = Mixture(), Mixture()
    model.table[2][1].data = 70.0
    model.save(path)
    loaded.load(path)
    assert numbers(loaded) == numbers(model)


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_could_not_be_loaded_is_not_saved(tmp_path: Path, number: float) -> None:
    path, model = tmp_path / "model.npz", nn.MLP(1, [1], rng=0)
    model.save(path)
    before = path.read_bytes()
    model.layers[0].neurons[0].bias.data = number
    with pytest.raises(ag.StateError, match=r"'0\.bias' must hold finite real numbers only"):
        model.save(path)
    assert path.read_bytes() == before


def test_the_file_of_another_network_is_not_called_a_checkpoint(tmp_path: Path) -> None:
    nn.MLP(1, [1]).save(tmp_path / "model.npz")
    with pytest.raises(ag.StateError, match="does not fit") as caught:
        nn.MLP(1, [2, 1]).load(tmp_path / "model.npz")
    assert "checkpoint" not in str(caught.value)


def test_rows_of_different_lengths_are_no_array() -> None:
    layer = nn.Layer(2, 2, rng=0)
    before = numbers(layer)
    with pytest.raises(ag.StateError, match="weight"):
        layer.load_state_dict({"weight": [[1.0, 2.0], [1.0]], "bias": [0.0, 0.0]})
    assert numbers(layer) == before


def test_a_name_may_look_like_that_of_a_file(tmp_path: Path) -> None:
    class Named(nn.Module):
        def __init__(self, *numbers: float) -> None:
            names = ["w", "w.npy", "w.npy.npy"]
            self.parts = {name: Value(n) for name, n in zip(names, numbers, strict=True)}

    saved, loaded = Named(1.0, 2.0, 3.0), Named(0.0, 0.0, 0.0)
    saved.save(tmp_path / "named.npz")
    loaded.load(tmp_path / "named.npz")
    assert numbers(loaded) == numbers(saved)


def test_a_name_may_be_that_of_an_argument_of_numpy(tmp_path: Path) -> None:
    class Named(nn.Module):
        def __init__(self, number: float) -> None:
            self.file, self.allow_pickle = Value(number), Value(2 * number)

    saved, loaded = Named(1.0), Named(0.0)
    saved.save(tmp_path / "named.npz")
    loaded.load(tmp_path / "named.npz")
    assert numbers(loaded) == numbers(saved)


def test_numpy_reads_a_saved_network(tmp_path: Path) -> None:
    model = nn.MLP(3, [4, 2], rng=0)
    model.save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz", allow_pickle=False) as archive:
        assert {name: array.tolist() for name, array in archive.items()} == {
            name: array.tolist() for name, array in model.state_dict().items()
        }


def in_memory(write: Callable[..., None], *arguments: Any, **named: Any) -> bytes:
    file = io.BytesIO()
    write(file, *arguments, **named)
    return file.getvalue()


def zip_with_a_text(file: io.BytesIO, name: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "hello")


STATE: dict[str, NDArray[Any]] = {"0.weight": np.zeros((1, 2)), "0.bias": np.zeros(1)}
DAMAGED_FILES = {
    "empty": b"",
    "random bytes": np.random.default_rng(0).bytes(500),
    "a text": b"0.weight = 3\n",
    "an .npy": in_memory(np.save, np.zeros((1, 2))),
    "an empty zip": in_memory(np.savez),
    "a zip with a text": in_memory(zip_with_a_text, "hello.txt"),
    "a zip with a text for an entry": in_memory(zip_with_a_text, "0.weight"),
    "a zip with a text for an array": in_memory(zip_with_a_text, "0.weight.npy"),
    "another network": in_memory(np.savez, **nn.MLP(3, [1]).state_dict()),
    "nan": in_memory(np.savez, **STATE | {"0.bias": np.array([np.nan])}),
    "complex": in_memory(np.savez, **STATE | {"0.bias": np.array([1j])}),
    "pickled objects": in_memory(np.savez, **STATE | {"0.bias": np.array([None])}),
}


@pytest.mark.parametrize("content", DAMAGED_FILES.values(), ids=DAMAGED_FILES.keys())
def test_a_file_that_is_no_saved_network_changes_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(content)
    model = nn.MLP(2, [1], rng=0)
    before = numbers(model)
    with pytest.raises(ag.StateError):
        model.load(path)
    assert numbers(model) == before


def test_a_file_that_was_cut_anywhere_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    nn.MLP(2, [1], rng=0).save(path)
    content = path.read_bytes()
    model = nn.MLP(2, [1], rng=1)
    before = numbers(model)
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(ag.StateError):
            model.load(path)
    assert numbers(model) == before


class Bomb:
    """Something whose unpickling cannot be missed."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('unpickled')",)


def test_loading_never_unpickles(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, allow_pickle=True, **{"0.weight": np.array([[Bomb(), Bomb()]])})
    with pytest.raises(ag.StateError):
        nn.MLP(2, [1]).load(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in [tmp_path / "model.npz", tmp_path]:
        with pytest.raises(ag.FileError, match=rf"{path} cannot be read: .* directory"):
            nn.MLP(2, [1]).load(path)


def test_a_checkpoint_is_told_from_a_saved_network(tmp_path: Path) -> None:
    path = tmp_path / "training.npz"
    model = nn.MLP(1, [1], rng=0)
    optimizer = nn.Adam(model.parameters(), lr=0.1)
    list(nn.fit(model, [[1.0]], [2.0], nn.mse_loss, optimizer, epochs=1, checkpoint=path))
    before = numbers(model)
    with pytest.raises(ag.StateError, match=r"training\.npz is a checkpoint of fit.*resume=True"):
        model.load(path)
    assert numbers(model) == before


def test_saving_replaces_an_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    nn.MLP(30, [10], rng=0).save(path)
    model, loaded = nn.MLP(2, [1], rng=1), nn.MLP(2, [1], rng=2)
    model.save(path)
    loaded.load(path)
    assert numbers(loaded) == numbers(model)


def test_an_old_file_stays_whole_when_the_disk_is_full(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "model.npz"
    nn.MLP(2, [1], rng=0).save(path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))  # bytes in a file
    try:
        with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
            nn.MLP(2, [1], rng=1).save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["model.npz"]


def test_a_folder_that_is_not_there_cannot_be_saved_to(tmp_path: Path) -> None:
    with pytest.raises(ag.FileError):
        nn.MLP(2, [1]).save(tmp_path / "models" / "model.npz")


def test_a_folder_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "model.npz"
    folder.mkdir()
    with pytest.raises(OSError, match=r"model\.npz"):
        nn.MLP(2, [1]).save(folder)
    assert os.listdir(tmp_path) == ["model.npz"]
    assert folder.is_dir()


def test_modules_in_a_dict_are_found() -> None:
    class TwoHeads(nn.Module):
        def __init__(self) -> None:
            self.heads = {"left": nn.Layer(2, 1, rng=0), "right": nn.Layer(2, 3, rng=1)}

    model = TwoHeads()
    assert list(model.state_dict()) == [
        "heads.left.weight",
        "heads.left.bias",
        "heads.right.weight",
        "heads.right.bias",
    ]
    assert len(model.parameters()) == 3 + 9


# --- what is a parameter, and what it is called ---------------------------------------------------


class Keeping(nn.Module):
    """A model that keeps what it computed last, to be looked at."""

    def __init__(self) -> None:
        self.layer = nn.Layer(2, 3, rng=0)

    def __call__(self, x: Any) -> Value:
        self.hidden = self.layer(x)
        self.by_name = {"output": ag.sum(self.hidden)}
        self.output = self.by_name["output"]
        self.table = [[self.output, self.hidden[0]], [self.hidden[1], self.hidden[2]]]
        self.array = np.array(self.hidden)
        self.constant = ag.detach(self.output)
        return self.output


def test_what_a_module_computed_and_keeps_is_no_parameter() -> None:
    model = Keeping()
    before = [name for name, _ in model.named_parameters()]
    loss = model([1.0, 2.0])
    loss.backward()
    assert [name for name, _ in model.named_parameters()] == before
    assert list(model.state_dict()) == ["layer.weight", "layer.bias"]
    assert [layer.name for layer in nn.gradient_flow(loss, model).layers] == ["layer"]
    nn.SGD(model.parameters()).step()
    Keeping().load_state_dict(model.state_dict())


def test_a_constant_is_no_parameter() -> None:
    with ag.no_grad():
        constant = Value(1.0) * 2.0
    assert Table([constant, Value(1.0)]).parameters() != []
    assert constant not in Table([constant, Value(1.0)]).parameters()
    assert Table(constant).state_dict() == {}


def test_a_variable_among_computed_values_is_a_parameter_by_itself() -> None:
    weight = Value(1.0)
    model = Table([weight, weight * 2])
    assert list(model.named_parameters()) == [("table.0", weight)]


def test_an_array_of_values_is_a_tensor() -> None:
    weight = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    model = Table(weight)
    assert model.parameters() == weight.ravel().tolist()
    assert model.state_dict()["table"].tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert Table(np.array([1.0, 2.0])).state_dict() == {}


def test_data_that_a_module_keeps_are_left_alone() -> None:
    class Numbers(np.ndarray[Any, Any]):
        def tolist(self) -> Any:
            raise AssertionError("it takes long")

    assert Table(np.zeros(3).view(Numbers)).parameters() == []


names = st.sampled_from(["a", "b", "0", "1"])
trees: st.SearchStrategy[Any] = st.recursive(
    st.builds(Value, st.floats(-1, 1)),
    lambda inner: (
        st.builds(Table, inner)
        | st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=3)
    ),
    max_leaves=8,
)


def variables_in(thing: Any) -> list[Value]:
    if isinstance(thing, Value):
        return [thing]
    if isinstance(thing, Table):
        return variables_in(thing.table)
    items = thing.values() if isinstance(thing, dict) else thing
    return [variable for item in items for variable in variables_in(item)]


@given(trees)
def test_every_variable_has_one_name_wherever_it_is_kept(tree: Any) -> None:
    model = Table(tree)
    named = dict(model.named_parameters())
    assert list(named.values()) == variables_in(tree)
    assert model.parameters() == variables_in(tree)


@pytest.mark.parametrize(
    "table",
    [
        {1: Value(1.0), "1": Value(2.0)},
        {"a.b": Value(1.0), "a": {"b": Value(2.0)}},
        {"a": [Value(1.0), nn.Layer(1, 1)], "a.0": Value(2.0)},
    ],
    ids=["1 and '1'", "a.b and a", "a.0 and a"],
)
def test_two_parameters_of_one_name_are_told(table: Any) -> None:
    model = Table(table)
    for use in (model.state_dict, model.parameters, lambda: model.load_state_dict({})):
        with pytest.raises(
            ag.StateError, match=r"^Table has two .* 'table.*': Value\(1.0.* and Value\(2.0"
        ):
            use()


def parent(model: Any) -> None:
    model.parent = model


def child_of_child(model: Any) -> None:
    model.table = Table({"inner": [model]})


def list_of_itself(model: Any) -> None:
    things: list[Any] = [model.layer]
    things.append(things)
    model.things = things


@pytest.mark.parametrize(
    ("link", "name"),
    [(parent, "parent"), (child_of_child, "table.table.inner.0"), (list_of_itself, "things.1")],
)
def test_a_module_that_holds_itself_is_told(link: Callable[[Any], None], name: str) -> None:
    model = Keeping()
    link(model)
    for use in (model.parameters, model.state_dict, model.zero_grad):
        with pytest.raises(ag.StateError, match=rf"'{name}' contains itself.*weakref"):
            use()


def test_a_way_back_that_is_no_attribute_is_fine() -> None:
    model = Table(Keeping())
    model.table.parent = weakref.ref(model)
    assert list(model.state_dict()) == ["table.layer.weight", "table.layer.bias"]


def test_a_module_held_at_two_places_holds_no_cycle() -> None:
    layer = nn.Layer(1, 1)
    model = Table([layer, layer])
    assert list(model.state_dict())[::2] == ["table.0.weight", "table.1.weight"]
    assert model.parameters() == layer.parameters()


def test_a_model_that_does_not_say_what_it_computes_is_told_how() -> None:
    class Network(nn.Module):
        def __init__(self) -> None:
            self.slope = Value(2.0)

        def forward(self, x: Value) -> Value:
            return self.slope * x

    model = Network()
    with pytest.raises(ag.GraphError, match=r"Network\(1 parameter\).*__call__.*PyTorch.*forward"):
        model(Value(3.0))
    optimizer = nn.SGD(model.parameters(), lr=0.1)
    with pytest.raises(ag.GraphError, match="__call__"):
        list(nn.fit(model, [1.0], [1.0], nn.mse_loss, optimizer, epochs=1))
