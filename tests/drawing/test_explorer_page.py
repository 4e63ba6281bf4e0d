"""The explorer page in a browser: it computes what Python computes, and can be used as it says."""

import itertools
import json
import math
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

import autograd as ag
import nn
from autograd.definition import define
from autograd.drawing.appearance import number_text
from autograd.operation import OPERATIONS, Operation
from comparing import close
from operation_table import arity

DESKTOP, PHONE = (1280, 720), (390, 844)


def luminance(channels: Sequence[int]) -> float:
    """Return how light a colour is: WCAG 2."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in channels)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class Browser:
    """A headless Chromium, and what the tests ask of the page in it."""

    def __init__(self, binary: str, driver: str) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = binary
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(driver))

    def open(self, page: Path) -> None:
        self.driver.get(page.as_uri())

    def resize(self, size: tuple[int, int]) -> None:
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1}
        self.command("Emulation.setDeviceMetricsOverride", metrics | {"mobile": size == PHONE})

    def prefer(self, **media: str) -> None:
        """Set what people set in their system: ``prefers_color_scheme="dark"``."""
        features = [{"name": k.replace("_", "-"), "value": v} for k, v in media.items()]
        self.command("Emulation.setEmulatedMedia", {"features": features})

    def command(self, name: str, parameters: dict[str, Any]) -> None:
        self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """Return the text of an element on one line, as it is read."""
        return " ".join(self.find(selector).text.split())

    def press(self, *keys: str) -> None:
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def point_at(self, name: str) -> None:
        ActionChains(self.driver).move_to_element(self.card(name)).perform()

    def point_off(self) -> None:
        ActionChains(self.driver).move_to_element(self.find("#title")).perform()

    def card(self, name: str) -> WebElement:
        index = self.run("return explorer.graph.nodes.name.indexOf(arguments[0])", name)
        return self.find(f'[data-item="{index}"]')

    def column(self, name: str) -> dict[str, float]:
        """Return the data or the gradient of all nodes, by name, in full."""
        script = """const { graph, engine, state } = explorer;
            const column = { data: engine.data, gradient: state.gradient }[arguments[0]];
            return [graph.nodes.name, Array.from(column, String)]"""
        names, texts = self.run(script, name)
        return {n: float(text.replace("I", "i")) for n, text in zip(names, texts, strict=True)}

    def edit(self, numbers: dict[str, float]) -> None:
        """Give leaves other numbers, as the field and the slider do."""
        script = "const names = explorer.graph.nodes.name; explorer.edit(new Map("
        script += "arguments[0].map(([name, x]) => [names.indexOf(name), Number(x)])))"
        self.run(script, [[name, in_script(x)] for name, x in numbers.items()])


def in_script(x: float) -> str:
    return str(x).replace("inf", "Infinity").replace("nan", "NaN")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("no Chromium with its driver: apt-get install chromium chromium-driver")
    browser = Browser(binary, driver)
    yield browser
    browser.driver.quit()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """A browser of the size of a projector. Its console has to stay silent."""
    chromium.resize(DESKTOP)
    chromium.prefer(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    yield chromium
    console: Any = chromium.driver.get_log("browser")  # type: ignore[no-untyped-call]
    assert [entry["message"] for entry in console] == []


def neuron() -> ag.Value:
    x, w, b = ag.Value(2.0, "x"), ag.Value(-3.0, "w"), ag.Value(6.5, "b")
    return ag.tanh(w * x + b)


def network(activation: str = "tanh") -> ag.Value:
    model = nn.MLP(2, [4, 1], activation=activation, rng=0)
    inputs = [ag.Value(0.5, "x1"), ag.Value(-1.0, "x2")]
    return nn.mse_loss(model(inputs), 1.0)


# --- numbers -------------------------------------------------------------------------------------

EXTREMES = [0.0, 5e-324, 1e-308, 1e-160, 1e-9, 0.5, 1.0, 3.0, 6.5, 709.78, 746.0, 1e160, 1.7e308]
EXTREMES += [-x for x in EXTREMES]


def number_of_inputs(operation: Operation) -> int:
    """Of any number of inputs, take five."""
    return arity(operation) or 5


def points(count: int, rng: random.Random) -> list[list[float]]:
    """Draw points: some far out, some where graphs are, some whole."""
    kinds: list[Callable[[], float]] = [
        lambda: rng.choice(EXTREMES),
        lambda: rng.uniform(-5.0, 5.0),
        lambda: float(rng.randint(-3, 5)),
    ]
    return [[draw() for _ in range(count)] for draw in kinds for _ in range(60)]


def or_nan(compute: Callable[[], Sequence[Any]]) -> list[float]:
    """Compute floats, of which all that are not finite count as nan: Python may raise there."""
    try:
        numbers = [float(x) for x in compute()]
    except (ArithmeticError, ValueError):
        return [math.nan]
    return numbers if all(map(math.isfinite, numbers)) else [math.nan]


def as_on_the_page(x: float) -> str:
    """Write a number as `draw` does, but whole ones below a million in full, with a ".0"."""
    if x.is_integer() and abs(x) < 1e6:
        text = f"{x + 0.0:.1f}"
    else:
        text = re.sub(r"e\+?(-?)0*", r"e\1", number_text(x, ".4g"))
    return text.replace("-", "−")


def test_numbers_are_written_as_draw_writes_them(browser: Browser, tmp_path: Path) -> None:
    rng = random.Random(2)
    numbers = [12345.0, 123456.789, 999999.6, 999999.0, 1e6, 2e6, 1234500.0, 9999.5, 9999.96]
    numbers += [5.0625, 7.0625, 0.99996, 1e-4, 0.000099996, 99995.5, 1 / 3, -0.0, math.inf]
    numbers += EXTREMES + [rng.uniform(-10, 10) * 10.0 ** rng.randint(-9, 9) for _ in range(500)]
    numbers += [rng.randint(-(10**5), 10**5) / 2.0 ** rng.randint(0, 9) for _ in range(500)]
    leaves = [ag.Value(x) for x in numbers]
    browser.open(ag.explore(ag.sum(leaves), tmp_path / "page.html"))
    shown = browser.run("""const { figures } = explorer.view;
        return explorer.engine.parents.at(-1).map((node) => figures.data([node], () => true))""")
    assert dict(zip(numbers, shown, strict=True)) == {x: as_on_the_page(x) for x in numbers}


def test_every_operation_computes_what_python_computes(browser: Browser, tmp_path: Path) -> None:
    results = []
    for operation in OPERATIONS.values():
        results.append(operation(*[ag.Value(1.0) for _ in range(number_of_inputs(operation))]))
        results[-1].label = operation.name
    browser.open(ag.explore(ag.sum(results), tmp_path / "page.html", collapse=None))
    rng = random.Random(0)
    for name, operation in OPERATIONS.items():
        if name == "dot":
            continue  # the page has its products and their sum
        samples = points(number_of_inputs(operation), rng)
        script = """
            const node = explorer.graph.nodes.name.indexOf(arguments[0]);
            const { forward, derivative } = explorer.engine.functions[node];
            return arguments[1].map((point) => {
                const inputs = point.map(Number);
                const out = Number(forward(...inputs));
                return [out, ...derivative(0.75, out, ...inputs)].map(Number).map(String);
            });"""
        texts = browser.run(script, name, [list(map(in_script, point)) for point in samples])
        for point, (out, *gradients) in zip(samples, texts, strict=True):
            forward = or_nan(lambda: [operation.evaluate(*point)])  # noqa: B023  called at once
            assert or_nan(lambda: [out]) == pytest.approx(forward, rel=1e-12, nan_ok=True)  # noqa: B023
            if math.isfinite(forward[0]):
                expected = or_nan(lambda: operation.derivative(0.75, forward[0], *point))  # noqa: B023
                found = or_nan(lambda: gradients)  # noqa: B023
                assert found == pytest.approx(expected, rel=1e-12, abs=1e-300, nan_ok=True), point


Recipe = list[tuple[str, list[int]]]
"""A graph to build: leaves, which have no inputs, and operations with the places of theirs."""


def random_recipe(rng: random.Random) -> Recipe:
    """Draw a graph in which numbers are shared; whatever is unused is added up in the end."""
    recipe: Recipe = [("", []) for _ in range(4)]
    for name in rng.sample(sorted(OPERATIONS), 9):
        operation = OPERATIONS[name]
        inputs = [rng.randrange(len(recipe)) for _ in range(number_of_inputs(operation))]
        if name == "lookup":
            inputs[0] = 0
        recipe.append((name, inputs))
    return [*recipe, ("sum", list(range(len(recipe))))]


def build(recipe: Recipe, leaves: Sequence[float]) -> list[ag.Value]:
    nodes: list[ag.Value] = []
    for name, inputs in recipe:
        if inputs:
            nodes.append(OPERATIONS[name](*[nodes[i] for i in inputs]))
        else:
            nodes.append(ag.Value(leaves[len(nodes)]))
        nodes[-1].label = f"n{len(nodes) - 1}"
    return nodes


def random_leaves(rng: random.Random) -> list[float]:
    return [float(rng.randint(0, 3)), *(rng.uniform(-2.0, 2.0) for _ in range(3))]


def test_edits_of_random_graphs_agree_with_python(browser: Browser, tmp_path: Path) -> None:
    rng = random.Random(1)
    compared, refused = 0, 0
    used: set[str] = set()
    while compared < 60 or refused < 10 or set(OPERATIONS) - used:
        recipe = random_recipe(rng)
        try:
            root = build(recipe, random_leaves(rng))[-1]
        except ag.AutogradError:
            continue
        browser.open(ag.explore(root, tmp_path / "page.html"))
        for _ in range(8):
            leaves = random_leaves(rng)
            browser.edit({f"n{i}": x for i, x in enumerate(leaves)})
            try:
                nodes = build(recipe, leaves)
                nodes[-1].backward()
            except ag.AutogradError:
                refused += 1
                assert browser.find("#banner").is_displayed()
                continue
            compared += 1
            used.update(name for name, _ in recipe)
            data, gradients = browser.column("data"), browser.column("gradient")
            for node in nodes:
                assert data[node.label] == close(node.data), recipe
                assert gradients[node.label] == close(node.grad), recipe


def test_lookup_and_failures_are_shown_as_such(browser: Browser, tmp_path: Path) -> None:
    a, b = ag.Value(2.0, "a"), ag.Value(3.0, "b")
    product = a * b
    product.label = "product"
    browser.open(ag.explore(ag.log(product) + b, tmp_path / "page.html"))
    before = browser.text("#step")
    browser.edit({"a": -2.0})
    assert browser.text("#banner").startswith("log(−6.0) does not exist: its argument must be")
    assert "does not exist" in browser.card("v1").text
    assert "NaN" not in browser.find("body").text
    assert browser.column("data")["product"] == -6.0  # what comes before is still computed
    browser.run("explorer.undo()")
    assert not browser.find("#banner").is_displayed()
    assert browser.text("#step") == before


def test_a_power_that_is_too_large_gets_no_advice_about_its_base(
    browser: Browser, tmp_path: Path
) -> None:
    x = ag.Value(2.0, "x")
    browser.open(ag.explore(x**3, tmp_path / "page.html"))
    browser.edit({"x": 1e200})
    assert "is not finite: keep the base small, or compute exponent * log" in browser.text(
        "#banner"
    )


def test_a_derivative_that_does_not_exist_is_named(browser: Browser, tmp_path: Path) -> None:
    x = ag.Value(4.0, "x")
    browser.open(ag.explore(ag.sqrt(x) * x, tmp_path / "page.html"))
    browser.edit({"x": 0.0})
    assert browser.text("#banner").startswith("The derivative of sqrt(0.0) is not a finite number")
    assert browser.text("#phase") == "No gradients"
    assert "NaN" not in browser.find("body").text


def test_what_is_only_too_large_is_said_to_be(browser: Browser, tmp_path: Path) -> None:
    w, x = ag.Value(2.0, "w"), ag.Value(3.0, "x")
    browser.open(ag.explore(w * x, tmp_path / "page.html"))
    browser.edit({"w": 1e308})
    browser.card("L").click()
    assert "is not finite" in browser.card("L").text
    assert "does not exist" not in browser.find("body").text
    assert browser.text("#phase") == "No gradients"
    browser.card("w").click()
    ends = browser.run("const s = explorer.inspector.slider; return [s.min, s.max].map(Number)")
    assert all(map(math.isfinite, ends))


def test_infinite_numbers_have_a_page(browser: Browser, tmp_path: Path) -> None:
    x, y = ag.Value(math.inf, "x"), ag.Value(1.0, "y")
    browser.open(ag.explore(x * y, tmp_path / "page.html"))
    assert "∞" in browser.card("x").text
    assert browser.text("#step") == "The output is not a finite number, so it has no gradients."
    browser.edit({"x": 2.0})
    assert browser.column("gradient")["y"] == 2.0


def test_an_operation_without_formula_is_shown_but_not_edited(
    browser: Browser, tmp_path: Path
) -> None:
    steps = define(
        "steps",
        symbol="steps",
        forward=lambda x: 3.0 if x > 0.0 else -3.0,
        array=lambda np, x: np.vectorize(lambda x: 3.0 if x > 0.0 else -3.0)(x),
        derivative=lambda g, out, x: (g * 0.5,),
    )
    x = ag.Value(2.0, "x")
    browser.open(ag.explore(steps(x) * x, tmp_path / "page.html"))
    assert browser.column("data")["L"] == 6.0
    assert browser.column("gradient")["x"] == 4.0
    browser.card("x").click()
    assert "the page has no formula for steps" in browser.text("#inspector")
    browser.edit({"x": 1.0})
    assert browser.column("data")["L"] == 6.0
    assert browser.run("return document.getElementById('value')") is None


def test_a_formula_that_contradicts_its_forward_is_not_believed(
    browser: Browser, tmp_path: Path
) -> None:
    twice = define(
        "twice",
        symbol="2x",
        forward=lambda x: 2.0 * x,
        array=lambda np, x: 3.0 * x,
        derivative=lambda g, out, x: (g * 2.0,),
    )
    browser.open(ag.explore(twice(ag.Value(2.0, "x")), tmp_path / "page.html"))
    assert "the page computes 6 for twice, and Python 4" in browser.text("#banner")
    assert browser.column("data")["L"] == 4.0


def test_two_definitions_of_one_name_stay_apart(browser: Browser, tmp_path: Path) -> None:
    def multiple(factor: float) -> Operation:
        return define(
            "multiple",
            symbol="k·x",
            forward=lambda x: factor * x,
            array=lambda np, x: factor * x,
            derivative=lambda g, out, x: (g * factor,),
        )

    x = ag.Value(2.0, "x")
    four = multiple(2.0)(x)
    browser.open(ag.explore(four + multiple(5.0)(x), tmp_path / "page.html"))
    assert browser.column("data")["L"] == 14.0
    assert browser.column("gradient")["x"] == 7.0
    browser.edit({"x": 3.0})
    assert browser.column("data")["L"] == 21.0


def test_numbers_changed_since_the_recording_are_computed_anew(
    browser: Browser, tmp_path: Path
) -> None:
    x = ag.Value(2.0, "x")
    square = x * x
    x.data = 3.0
    browser.open(ag.explore(square, tmp_path / "page.html"))
    assert browser.column("data")["L"] == 9.0
    assert "computed anew" in browser.text("#banner")


def test_a_banner_leaves_all_of_the_picture_in_sight(browser: Browser, tmp_path: Path) -> None:
    xs = [ag.Value(float(i)) for i in range(12)]
    total = ag.sum(xs)
    xs[0].data = 1.0
    browser.open(ag.explore(total, tmp_path / "page.html", collapse=None))
    assert browser.find("#banner").is_displayed()
    below = """const { bottom } = document.getElementById("picture").getBoundingClientRect();
        return [...document.querySelectorAll(".card")].filter(
            (card) => card.getBoundingClientRect().bottom > bottom - 20).length"""
    assert browser.run(below) == 0


# --- steps ---------------------------------------------------------------------------------------


def test_every_step_shows_its_arithmetic(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(neuron(), tmp_path / "page.html"))
    browser.press(Keys.HOME)
    shown = []
    for _ in range(8):
        browser.press(Keys.ARROW_RIGHT)
        shown.append(browser.text("#step"))
    assert shown == [
        "v1 = w * x = (−3.0) * 2.0 = −6.0",
        "v2 = v1 + b = (−6.0) + 6.5 = 0.5",
        "L = tanh(v2) = tanh(0.5) = 0.4621",
        "∂L/∂L = 1.0 The backward pass begins: the output changes exactly as it changes.",
        "∂L/∂v2 += ∂L/∂L · local ∂L/∂v2 = 1.0 · 0.7864 = 0.7864 – → 0.7864",
        "∂L/∂v1 += ∂L/∂v2 · local ∂v2/∂v1 = 0.7864 · 1.0 = 0.7864 – → 0.7864 "
        "∂L/∂b += ∂L/∂v2 · local ∂v2/∂b = 0.7864 · 1.0 = 0.7864 – → 0.7864",
        "∂L/∂w += ∂L/∂v1 · local ∂v1/∂w = 0.7864 · 2.0 = 1.573 – → 1.573 "
        "∂L/∂x += ∂L/∂v1 · local ∂v1/∂x = 0.7864 · (−3.0) = −2.359 – → −2.359",
        "L = 0.4621 ∂L/∂w = 1.573 ∂L/∂x = −2.359 ∂L/∂b = 0.7864 "
        "Every gradient is known. Press play to see both passes from the start.",
    ]
    back = [browser.text("#step")]
    for _ in range(7):
        browser.press(Keys.ARROW_LEFT)
        back.append(browser.text("#step"))
    assert back == shown[::-1]


def test_gradients_add_up_before_and_after(browser: Browser, tmp_path: Path) -> None:
    a = ag.Value(3.0, "a")
    browser.open(ag.explore(a * a + a, tmp_path / "page.html"))
    browser.press(Keys.END, Keys.ARROW_LEFT)
    assert browser.text("#step") == (
        "∂L/∂a += ∂L/∂v1 · local ∂v1/∂a #1 = 1.0 · 3.0 = 3.0 1.0 → 4.0 "
        "∂L/∂a += ∂L/∂v1 · local ∂v1/∂a #2 = 1.0 · 3.0 = 3.0 4.0 → 7.0"
    )
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, ".edge.backward")) == 2


def test_numbers_are_unknown_until_their_step(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(neuron(), tmp_path / "page.html"))
    browser.press(Keys.HOME)
    assert browser.card("v1").get_attribute("aria-label") == "v1, mul of w, x, data –, gradient –"
    assert "data −3.0, gradient –" in (browser.card("w").get_attribute("aria-label") or "")
    browser.press(Keys.ARROW_RIGHT)
    assert "data −6.0, gradient –" in (browser.card("v1").get_attribute("aria-label") or "")
    browser.press(Keys.END)
    assert "data −6.0, gradient 0.7864" in (browser.card("v1").get_attribute("aria-label") or "")


def test_one_symbol_is_one_number(browser: Browser, tmp_path: Path) -> None:
    a, b = ag.Value(2.0, "a"), ag.Value(3.0, "b")
    root = (a + b) / (a + b) + a / a + a * b
    browser.open(ag.explore(root, tmp_path / "page.html", collapse=None))
    numbers: dict[str, set[str]] = {}
    for node in range(browser.run("return explorer.engine.size")):
        browser.run("explorer.keep(arguments[0])", node)
        text = browser.find("#inspector").text
        for name, number in re.findall(r"^(local .*?/.*?) = ([\d.−]+)$", text, re.MULTILINE):
            numbers.setdefault(name, set()).add(number)
        sum_of_terms = re.search(r"^(∂.*)\n(?:[=+].*\n)*= .*?([\d.−]+)$", text, re.MULTILINE)
        if sum_of_terms:
            numbers.setdefault(sum_of_terms[1], set()).add(sum_of_terms[2])
    assert {"∂L/∂a", "local ∂v4/∂a #1", "local ∂v4/∂a #2"} <= set(numbers)
    assert {name: found for name, found in numbers.items() if len(found) > 1} == {}


@pytest.mark.parametrize("collapse", ["layer", "neuron", None])
def test_steps_name_only_what_is_seen(browser: Browser, tmp_path: Path, collapse: Any) -> None:
    browser.open(ag.explore(network(), tmp_path / "page.html", collapse=collapse))
    picture = browser.find("#cards").text
    seen = set(re.findall(r"\bv\d+\b", picture))
    browser.press(Keys.HOME)
    spoken = ""
    for _ in range(browser.run("return explorer.timeline.steps.length")):
        browser.press(Keys.ARROW_RIGHT)
        spoken += browser.text("#step") + " "
    for box in browser.run("return explorer.folding.boxes"):
        browser.run("explorer.keep(arguments[0])", box)
        if browser.run("return !explorer.folding.isGroup(arguments[0])", box):
            spoken += browser.text("#inspector") + " "
    assert set(re.findall(r"\bv\d+\b", spoken)) <= seen
    assert ("Layer(2, 4)[2] = −0.4717" in spoken) == (collapse == "layer")


@pytest.mark.parametrize("opened", [[], [0], [0, 1], [0, 1, 2, 3, 4, 5]])
def test_all_ways_of_folding_end_with_the_same_gradients(
    browser: Browser, tmp_path: Path, opened: list[int]
) -> None:
    browser.open(ag.explore(network(), tmp_path / "page.html"))
    expected = browser.column("gradient")
    browser.run("explorer.folds.setOpen(new Set(arguments[0]))", opened)
    count = browser.run("return explorer.timeline.steps.length")
    browser.press(Keys.HOME)
    seen = [set(browser.run("return [...explorer.view.cards.keys()]"))]
    for _ in range(count):
        browser.press(Keys.ARROW_RIGHT)
    assert browser.column("gradient") == expected
    assert seen[0] == set(browser.run("return explorer.folding.boxes"))


def test_it_plays_pauses_and_starts_over(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(neuron(), tmp_path / "page.html"))
    browser.run("document.getElementById('speed').value = '0.5'")
    browser.run("document.getElementById('play').click()")  # two seconds before the first step
    assert browser.text("#step").startswith("The inputs, the parameters and the constants")
    assert "data –" in (browser.card("L").get_attribute("aria-label") or "")
    assert browser.find("#play").get_attribute("aria-label") == "Pause"
    browser.press(" ")
    browser.run("document.getElementById('speed').value = '12'")
    browser.press(" ")
    deadline = time.monotonic() + 10
    while browser.text("#phase") != "Both passes done" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert browser.text("#count") == "8 / 8"
    assert browser.find("#play").get_attribute("aria-label") == "Play"
    browser.run("document.activeElement.blur()")
    browser.press(" ", " ")
    assert browser.find("#play").get_attribute("aria-label") == "Play"
    browser.find("#reset").click()
    assert browser.text("#count") == "0 / 8"
    assert not browser.find("#back").is_enabled()


# --- one node ------------------------------------------------------------------------------------


def test_pointing_at_a_node_shows_its_chain_rule_sum(browser: Browser, tmp_path: Path) -> None:
    a, b = ag.Value(2.0, "a"), ag.Value(-3.0, "b")
    browser.open(ag.explore(a * b + ag.exp(a), tmp_path / "page.html"))
    browser.point_at("a")
    assert browser.text("#inspector .sum") == (
        "∂L/∂a = ∂L/∂v2 · local ∂v2/∂a = 1.0 · 7.389 = 7.389 "
        "+ ∂L/∂v1 · local ∂v1/∂a = 1.0 · (−3.0) = −3.0 = 4.389"
    )
    assert browser.text("#inspector .sum + .note").endswith("L changes by about 0.04389.")
    on_path = browser.run("""return [...document.querySelectorAll(".card.on-path")]
        .map((card) => explorer.graph.nodes.name[card.dataset.item])""")
    assert sorted(on_path) == ["L", "a", "v1", "v2"]
    edges = browser.run("return document.querySelectorAll('.edge.on-path').length")
    assert edges == 4  # all but the one from b
    browser.point_at("v1")
    assert "local ∂v1/∂a = −3.0 local ∂v1/∂b = 2.0" in browser.text("#inspector")


def test_edges_carry_local_derivatives(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(neuron(), tmp_path / "page.html"))
    assert browser.run("""return [...explorer.view.edges.values()].every(({ label, path }) => {
        const { x, y, width, height } = label.getBBox();
        const points = Array.from({ length: 50 }, (_, i) =>
            path.getPointAtLength((i / 49) * path.getTotalLength()));
        return points.some((p) => p.x > x && p.x < x + width && p.y > y && p.y < y + height);
    })""")
    labels = browser.run("""return Object.fromEntries([...explorer.view.edges.values()].map(
        ({ edge, label }) => [[edge.from, edge.to].map((n) => explorer.graph.nodes.name[n]).join(),
            label.textContent]))""")
    expected = {"w,v1": "2.0", "x,v1": "−3.0", "v1,v2": "1.0", "b,v2": "1.0", "v2,L": "0.7864"}
    assert labels == expected


def test_edges_of_folded_neurons_carry_derivatives_through_them(
    browser: Browser, tmp_path: Path
) -> None:
    root = network("silu")  # in which a weighted sum is used twice
    hidden: Any = root
    while len(hidden.parents) < 9:
        hidden = hidden.parents[0]
    outputs: Any = hidden.parents[4:8]
    browser.open(ag.explore(root, tmp_path / "page.html", collapse="neuron"))
    x1 = next(leaf for leaf in outputs[0].parents[0].parents if leaf.label == "x1")
    expected = [ag.gradient(output, x1) for output in outputs]
    found = browser.run("""const { view, graph } = explorer;
        return [...view.edges.values()].filter(({ edge }) => graph.nodes.name[edge.from] === "x1")
            .map(({ edge }) => view.figures.localDerivative(edge))""")
    assert found == close(expected)


def test_a_value_is_edited_in_its_field(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(neuron(), tmp_path / "page.html"))
    browser.card("w").click()
    field = browser.find("#value")
    field.clear()
    field.send_keys("-2.5")
    w = ag.Value(-2.5, "w")
    y = ag.tanh(w * 2.0 + 6.5)
    y.backward()
    assert browser.column("data")["L"] == close(y.data)
    assert browser.column("gradient")["w"] == close(w.grad)
    assert field.get_attribute("value") == "-2.5"
    field.send_keys(Keys.ENTER, "x")
    assert field.get_attribute("aria-invalid") == "true"
    assert "is not a number: w stays −2.5." in browser.text("#complaint")
    assert browser.column("data")["L"] == close(y.data)
    browser.find("#inspector .editor button").click()
    assert browser.column("data")["w"] == -3.0
    assert browser.find("#value").get_attribute("value") == "-3"
    assert browser.text("#complaint") == ""


@pytest.mark.parametrize("text", ["1/3", "2,5", "1e999", "", "1 2"])
def test_the_start_of_a_text_that_is_no_number_changes_nothing(
    browser: Browser, tmp_path: Path, text: str
) -> None:
    browser.open(ag.explore(neuron(), tmp_path / "page.html"))
    before = browser.column("data")
    browser.card("w").click()
    field = browser.find("#value")
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE, text)
    assert field.get_attribute("value") == text
    assert "w stays −3.0" in browser.text("#complaint")
    assert browser.column("data") == before
    field.send_keys(Keys.TAB)
    assert browser.column("data") == before


def test_a_selection_is_let_go_beside_the_graph(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(neuron(), tmp_path / "page.html"))
    browser.card("w").click()
    browser.point_off()
    assert browser.driver.find_elements(By.CSS_SELECTOR, ".card.selected")
    picture = browser.find("#picture")
    ActionChains(browser.driver).move_to_element_with_offset(
        picture, 10 - picture.size["width"] // 2, 0
    ).click().perform()
    assert browser.driver.find_elements(By.CSS_SELECTOR, ".card.selected, .looking") == []


def test_constants_and_results_are_not_edited(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(2 * ag.Value(3.0, "x"), tmp_path / "page.html"))
    for name in ("2", "L"):
        browser.card(name).click()
        assert browser.driver.find_elements(By.CSS_SELECTOR, "#value") == []


# --- boxes ---------------------------------------------------------------------------------------


def visible_titles(browser: Browser) -> list[str]:
    return [
        card.text.split("\n")[0] for card in browser.driver.find_elements(By.CLASS_NAME, "card")
    ]


def test_boxes_open_and_fold(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(network(), tmp_path / "page.html", collapse="layer"))
    assert "Layer(2, 4)" in visible_titles(browser)
    browser.find('[aria-label="Open Layer(2, 4)"]').click()
    assert visible_titles(browser).count("Layer(2, 4)") == 0
    assert sum("Neuron(2)" in title for title in visible_titles(browser)) == 4
    browser.find('[aria-label="Open Neuron(2) #2"]').click()
    titles = visible_titles(browser)
    assert sum("Neuron(2)" in title for title in titles) == 3
    for end in ("[1][0]", "[1][1]"):  # of the names of two weights, cut in the middle
        assert sum(title.startswith("0.w") and title.endswith(end) for title in titles) == 1
    assert "0.bias[1]" in titles
    browser.find('[aria-label="Fold Layer(2, 4)"]').click()
    assert "Layer(2, 4)" in visible_titles(browser)
    browser.find("#folds button:last-child").click()
    assert len(visible_titles(browser)) == browser.run("return explorer.engine.size")
    assert browser.text("#folds [aria-pressed=true]") == "Nodes"


@pytest.mark.parametrize(
    ("collapse", "name"), [("layer", "Layers"), ("neuron", "Neurons"), (None, "Nodes")]
)
def test_a_button_leads_to_what_python_folds(
    browser: Browser, tmp_path: Path, collapse: Any, name: str
) -> None:
    browser.open(ag.explore(network(), tmp_path / "page.html", collapse=collapse))
    assert browser.text("#folds [aria-pressed=true]") == name
    first, pressed = visible_titles(browser), browser.find("#folds [aria-pressed=true]")
    buttons = browser.driver.find_elements(By.CSS_SELECTOR, "#folds button")
    for button in (*buttons, pressed):
        button.click()
    assert visible_titles(browser) == first


def test_the_keyboard_goes_along_into_a_box(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(network(), tmp_path / "page.html", collapse="layer"))
    browser.run("""const { folding, keyboard } = explorer;
        keyboard.focus(folding.boxes.find((box) => folding.isGroup(box)));""")
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.dataset.item") is not None
    assert browser.run("return explorer.folding.open.size") == 1


def test_a_box_that_is_opened_from_the_panel_is_let_go(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(network(), tmp_path / "page.html", collapse="layer"))
    browser.find(".card.group").click()
    browser.find("#inspector button").click()
    browser.point_off()
    assert browser.driver.find_elements(By.CSS_SELECTOR, "#inspector button, .looking") == []
    inside = browser.run(
        "return explorer.folding.boxes.find((box) => explorer.folding.chain(box).length)"
    )
    browser.run("explorer.select(arguments[0]); explorer.folds.setOpen([])", inside)
    assert browser.run("return explorer.view.cards.has(explorer.selected)")


def test_boxes_never_overlap(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(network(), tmp_path / "page.html"))
    groups = browser.run("return explorer.graph.groups.length")
    for count in range(groups + 1):
        for opened in itertools.islice(itertools.combinations(range(groups), count), 3):
            for _ in ("across", "down"):
                browser.run(
                    "explorer.folds.setOpen(new Set(arguments[0])); explorer.turn()", opened
                )
                places = browser.run("return [...explorer.view.layout.places.values()]")
                for a, b in itertools.combinations(places, 2):
                    apart_x = abs(a["x"] - b["x"]) >= (a["width"] + b["width"]) / 2
                    apart_y = abs(a["y"] - b["y"]) >= (a["height"] + b["height"]) / 2
                    assert apart_x or apart_y, (opened, a, b)
                bends = browser.run("return [...explorer.view.layout.bends.values()].flat()")
                for bend, box in itertools.product(bends, places):
                    beside_x = abs(bend["x"] - box["x"]) >= box["width"] / 2
                    beside_y = abs(bend["y"] - box["y"]) >= box["height"] / 2
                    assert beside_x or beside_y, (opened, bend, box)


# --- training ------------------------------------------------------------------------------------


def trained() -> tuple[ag.TrainingHistory, nn.MLP, list[ag.Value], ag.Value, ag.Value]:
    model = nn.MLP(2, [3, 1], activation="tanh", rng=0)
    X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1, 1, 1, -1]
    history = ag.TrainingHistory(model.parameters())
    optimizer = nn.SGD(model.parameters(), lr=0.5)
    for report in nn.fit(model, X, y, nn.hinge_loss, optimizer, epochs=10, batch_size=4, rng=0):
        history.record(report.loss)
    inputs = [ag.Value(0.2, "x1"), ag.Value(0.7, "x2")]
    score = model(inputs)
    score.label = "score"
    return history, model, inputs, score, nn.hinge_loss(score, 1)


def test_the_slider_goes_through_training(browser: Browser, tmp_path: Path) -> None:
    history, model, inputs, score, loss = trained()
    plane = ag.DecisionPlane(inputs, score, [[0.0, 0.0], [1.0, 0.0]], [-1, 1])
    browser.open(ag.explore(loss, tmp_path / "page.html", training=history, plane=plane))
    assert browser.text("#epoch-text").startswith("Epoch 10, mean loss")
    slider = browser.find("#epoch")
    slider.click()
    slider.send_keys(Keys.HOME)
    assert browser.text("#epoch-text") == "Epoch 0"
    for epoch in (1, 2, 3):
        slider.send_keys(Keys.ARROW_RIGHT)
        assert browser.text("#epoch-text").startswith(f"Epoch {epoch}, mean loss")
        for parameter, number in zip(model.parameters(), history.snapshots[epoch], strict=True):
            parameter.data = float(number)
            parameter.zero_grad()
        again = nn.hinge_loss(model([x.data for x in inputs]), 1)
        again.backward()
        nodes = browser.run("return explorer.graph.training.nodes")
        data = browser.run("return Array.from(explorer.engine.data)")
        gradient = browser.run("return Array.from(explorer.state.gradient)")
        assert [data[node] for node in nodes] == history.snapshots[epoch].tolist()
        assert [gradient[node] for node in nodes] == close([p.grad for p in model.parameters()])
        assert data[-1] == close(again.data)
    browser.edit({"x1": 9.0})
    browser.run("explorer.undo()")  # the inputs, and the parameters to the epoch that is shown
    assert browser.run("return Array.from(explorer.engine.data)") == data


def test_a_plane_has_room_for_any_number_of_points(browser: Browser, tmp_path: Path) -> None:
    x, y = ag.Value(0.0, "x"), ag.Value(0.0, "y")
    score = x * y
    points = np.linspace([0.0, -1.0], [4.0, 1.0], 200_000)
    plane = ag.DecisionPlane([x, y], score, points, np.ones(len(points)))
    browser.open(ag.explore(score, tmp_path / "page.html", plane=plane))
    ranges = browser.run("return explorer.plane.range")
    assert ranges == [{"low": -1.0, "high": 5.0}, {"low": -1.5, "high": 1.5}]


def test_a_node_that_is_selected_is_explained_in_sight(browser: Browser, tmp_path: Path) -> None:
    history, _, inputs, score, loss = trained()
    plane = ag.DecisionPlane(inputs, score)
    page = ag.explore(loss, tmp_path / "page.html", training=history, plane=plane)
    for size in (DESKTOP, PHONE):
        browser.resize(size)
        browser.open(page)
        browser.run("explorer.select(explorer.folding.boxes[1])")
        box = "return document.getElementById('inspector').getBoundingClientRect()"
        bar = "return document.querySelector('.transport').getBoundingClientRect().top"
        assert browser.run(box)["top"] >= 0
        assert browser.run(box)["bottom"] <= browser.run(bar)


def test_pointing_at_a_node_moves_nothing_in_the_panel(browser: Browser, tmp_path: Path) -> None:
    history, _, inputs, score, loss = trained()
    plane = ag.DecisionPlane(inputs, score)
    browser.open(ag.explore(loss, tmp_path / "page.html", training=history, plane=plane))
    tops = """return ["training", "boundary"].map(
        (id) => document.getElementById(id).getBoundingClientRect().top)"""
    before = browser.run(tops)
    browser.point_at("x1")
    assert "Gradient by the chain rule" in browser.text("#inspector")
    assert browser.run(tops) == before


def test_the_plane_shows_the_score_of_every_place(browser: Browser, tmp_path: Path) -> None:
    _, model, inputs, score, loss = trained()
    plane = ag.DecisionPlane(inputs, score, [[0.0, 0.0], [1.0, 2.0]], [0, 1])
    browser.open(ag.explore(loss, tmp_path / "page.html", plane=plane))
    scores = browser.run("return Array.from(explorer.plane.scores())")
    xs = [-0.25 + i / 63 * 1.5 for i in range(64)]
    ys = [2.5 - j / 39 * 3.0 for j in range(40)]
    for i, j in [(0, 0), (63, 0), (10, 39), (31, 17)]:
        assert scores[64 * j + i] == close(model([xs[i], ys[j]]).data)
    ActionChains(browser.driver).move_to_element(browser.find("#plane")).click().perform()
    data = browser.column("data")
    assert [data["x1"], data["x2"]] == pytest.approx([0.5, 1.0], abs=0.03)
    assert data["score"] == close(model([data["x1"], data["x2"]]).data)


# --- for everyone --------------------------------------------------------------------------------


def test_the_keyboard_is_enough(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(neuron(), tmp_path / "page.html"))

    def focused() -> Any:
        return browser.run(
            "return explorer.graph.nodes.name[document.activeElement.dataset.item] ?? null"
        )

    for _ in range(12):
        browser.press(Keys.TAB)
        if focused() is not None:
            break
        assert browser.run("return document.activeElement.id") != "picture"  # has nothing to do
    seen = {focused()}
    for key in (Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_LEFT, Keys.ARROW_UP):
        browser.press(key)
        seen.add(focused())
    assert len(seen) >= 4
    assert "∂L/∂" in browser.text("#inspector")  # of the node in focus
    browser.press(",")
    assert browser.text("#count") == "7 / 8"
    browser.run("explorer.keyboard.focus(explorer.graph.nodes.name.indexOf('x'))")
    browser.press(Keys.ENTER)
    browser.press("1", Keys.ESCAPE)
    assert browser.column("data")["x"] == 1.0
    assert (focused(), browser.run("return explorer.selected")) == ("x", None)
    browser.press("t")
    assert browser.run("return document.documentElement.dataset.theme") == "dark"
    browser.press("?")
    assert browser.find("#keys").is_displayed()


def test_every_control_has_a_name(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(network(), tmp_path / "page.html"))
    nameless = browser.run("""
        const label = (e) => e.getAttribute("aria-label") || e.textContent.trim();
        const named = (e) => label(e) || e.labels?.length;
        return [...document.querySelectorAll("button, input, select, [role=button], [role=img]")]
            .filter((e) => !e.closest("[hidden]") && !named(e)).map((e) => e.outerHTML);""")
    assert nameless == []
    assert browser.find("#step").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Browser, tmp_path: Path, theme: str) -> None:
    browser.prefer(prefers_color_scheme=theme)
    browser.open(ag.explore(network(), tmp_path / "page.html", collapse=None))
    browser.run("explorer.folds.toggle(explorer.engine.size)")
    assert browser.run("return document.documentElement.dataset.theme") == theme

    def contrast(one: Any, other: Any) -> float:
        darker, lighter = sorted([luminance(one), luminance(other)])
        return (lighter + 0.05) / (darker + 0.05)

    colors = browser.run("""
        const reading = { willReadFrequently: true };
        const canvas = document.createElement("canvas").getContext("2d", reading);
        const channels = (color) => {
            canvas.fillStyle = color;
            canvas.fillRect(0, 0, 1, 1);
            return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
        };
        const root = getComputedStyle(document.documentElement);
        const named = (name) => channels(root.getPropertyValue(name).trim());
        const style = (element, name) => channels(getComputedStyle(element)[name]);
        const all = (selector) => [...document.querySelectorAll(selector)];
        const texts = ["ink", "muted", "data", "gradient", "local", "failure"];
        const [paper, stage] = [named("--paper"), named("--stage")];
        return {
            texts: [
                ...texts.flatMap((name) => [paper, stage].map((on) => [named(`--${name}`), on])),
                ...all(".card > text").map((text) =>
                    [style(text, "fill"), style(text.parentNode.querySelector(".face"), "fill")]),
            ],
            lines: [
                ...all(".face, .edge .line").map((line) => [style(line, "stroke"), stage]),
                ...all("button, select").map((one) => [style(one, "borderTopColor"), paper]),
            ],
        };""")
    assert min(contrast(*pair) for pair in colors["texts"]) >= 4.5  # WCAG 2, level AA
    assert min(contrast(*pair) for pair in colors["lines"]) >= 3.0


def test_a_phone_shows_it_without_scrolling_sideways(browser: Browser, tmp_path: Path) -> None:
    browser.resize(PHONE)
    history, _, inputs, score, loss = trained()
    plane = ag.DecisionPlane(inputs, score)
    browser.open(ag.explore(loss, tmp_path / "page.html", training=history, plane=plane))
    assert browser.text("#folds [aria-pressed=true]") == "Layers"  # neurons would be too small
    assert browser.run("return document.documentElement.scrollWidth") <= PHONE[0]
    assert browser.find("#play").is_displayed()
    browser.find("#back").click()
    assert browser.text("#phase") == "Backward pass"


def test_labels_stay_text(browser: Browser, tmp_path: Path) -> None:
    hostile = [
        "</script><script>globalThis.hacked = 1</script>",
        "<img src=x onerror='globalThis.hacked = 1'>",
        "{{script}}",
        "\u2028\u2029'\"`${globalThis.hacked = 1}\\",
        "<!--<script>",
        "&lt;b&gt;",
        "\ud800 alone",
    ]
    leaves = [ag.Value(1.0, label) for label in hostile]
    total = ag.sum(leaves)
    total.label = hostile[0]
    page = ag.explore(total, tmp_path / "page.html", title=hostile[1])
    browser.open(page)
    for label in hostile[:-1]:
        browser.card(label).click()
        assert browser.find("#inspector h2").get_attribute("textContent") == f"{label} input" or (
            label == hostile[0]
        )
    assert browser.driver.title == hostile[1]
    assert browser.run("return globalThis.hacked") is None
    assert browser.run("return document.querySelectorAll('img, script').length") == 2


@pytest.mark.parametrize("collapse", ["layer", "neuron", None])
def test_texts_stay_within_their_boxes(browser: Browser, tmp_path: Path, collapse: Any) -> None:
    model = nn.MLP(3, [6, 2], activation="leaky_relu", rng=0)
    inputs = [ag.Value(1.0, label) for label in ("W" * 30, "</script><script>", "q\"uo'te & <b>")]
    loss = nn.cross_entropy(model([ag.softplus(x) for x in inputs]), 1)
    browser.open(ag.explore(loss, tmp_path / "page.html", collapse=collapse))
    over = browser.run("""
        const within = (a, b) => a.left >= b.left && a.right <= b.right;
        const box = (element) => element.getBoundingClientRect();
        const cards = [...document.querySelectorAll(".card")].map((card) =>
            [card, card.querySelector(".face")]);
        const frames = [...explorer.view.frames.values()].map(({ heading, border }) =>
            [heading, border]);
        return [...cards, ...frames].flatMap(([item, border]) => {
            const face = box(border);
            const texts = [...item.querySelectorAll(":scope > text")].filter((t) => box(t).width);
            const clash = (a, b) => box(a).right > box(b).left && box(b).right > box(a).left
                && Math.abs(box(a).top - box(b).top) < 5 * explorer.view.camera.place.scale;
            const together = texts.some((a) => texts.some((b) => a !== b && clash(a, b)));
            return together || !texts.every((t) => within(box(t), face)) ? [item.textContent] : [];
        });""")
    assert over == []
    if collapse is None:
        assert browser.card("W" * 30).find_element(By.CSS_SELECTOR, ".title title")


def test_the_page_asks_for_nothing(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(network(), tmp_path / "page.html"))
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    policy = browser.find("meta[http-equiv]").get_attribute("content") or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_of_two_thousand_boxes_a_step_touches_few(browser: Browser, tmp_path: Path) -> None:
    x = ag.Value(0.5, "x")
    rows = [[ag.Value(float(i), f"w{i}") for i in range(30)] for _ in range(3)]
    for _ in range(20):
        rows.append([a * x + b for a, b in zip(rows[-1], rows[-2], strict=True)])
    root = ag.sum(rows[-1])
    page = ag.explore(root, tmp_path / "page.html", collapse=None)
    browser.open(page)
    assert 1200 < browser.run("return explorer.view.cards.size") <= 2000
    assert browser.run("return document.querySelectorAll('.card').length") < 300  # those in sight
    changes = browser.run("""
        const observer = new MutationObserver(() => {});
        const kinds = { childList: true, attributes: true, characterData: true };
        observer.observe(document.body, { subtree: true, ...kinds });
        explorer.stepping.jump(200);
        observer.takeRecords();
        for (let i = 1; i <= 10; i += 1) explorer.stepping.jump(200 + i);
        return observer.takeRecords().length / 10;""")
    assert 0 < changes < 300


def test_a_network_of_2_4_1_is_small(tmp_path: Path) -> None:
    assert ag.explore(network(), tmp_path / "page.html").stat().st_size < 300_000


def test_data_in_the_page_is_json(browser: Browser, tmp_path: Path) -> None:
    browser.open(ag.explore(neuron(), tmp_path / "page.html"))
    text = browser.find("#graph").get_attribute("textContent") or ""
    assert json.loads(text)["nodes"]["name"] == ["w", "x", "v1", "b", "v2", "L"]
