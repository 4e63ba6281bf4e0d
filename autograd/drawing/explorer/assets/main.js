// The page: its state, and what follows from a change of it.

import { Arithmetic } from "./arithmetic.js";
import { byId, motionReduced, setText } from "./dom.js";
import { Engine, FAILED } from "./engine.js";
import { Folding } from "./folding.js";
import { Folds } from "./folds.js";
import { Inspector } from "./inspector.js";
import { Keyboard } from "./keyboard.js";
import { showLegend } from "./legend.js";
import { highlight, markStep } from "./highlight.js";
import { Plane } from "./plane.js";
import { Stepping } from "./stepping.js";
import { Timeline } from "./timeline.js";
import { Training } from "./training.js";
import { View } from "./view.js";

const TOLERANCE = 1e-9; // between what Python computed and what the page computes

class App {
  constructor(graph, operations) {
    this.graph = graph;
    this.engine = new Engine(graph.nodes, operations);
    this.folding = new Folding(graph, this.engine.users, graph.opened);
    this.arithmetic = new Arithmetic(graph, this.engine, this.folding);
    this.pointedAt = null;
    this.selected = null;
    this.engine.forward();
    this.checkAgainstPython();
    setText(byId("title"), graph.title);
    this.setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    this.timeline = new Timeline(this.engine, this.folding);
    this.view = new View(graph, this.engine, this.folding, this.arithmetic, {
      hover: (item) => this.pointAt(item),
      select: (item) => this.select(item),
      toggle: (item) => this.folds.toggle(item),
    });
    this.inspector = new Inspector(this);
    this.stepping = new Stepping(this);
    showLegend(graph, this.folding);
    this.folds = new Folds(this);
    this.view.arrange(false);
    this.view.fit();
    if (graph.foldToFit) this.folds.foldToFit();
    if (!this.view.camera.recognisable) this.view.approach(this.folding.box[this.engine.output]);
    this.plane = graph.plane && new Plane(graph.plane, this);
    this.refresh();
    this.training = graph.training && new Training(graph.training, this);
    this.keyboard = new Keyboard(this);
    this.listen();
  }

  // A definition whose array form says something else than its forward would make the page lie:
  // it then shows the numbers of Python.
  checkAgainstPython() {
    const { data, recorded, functions } = this.engine;
    const wrong = data.findIndex((x, node) => {
      const close =
        Math.abs(x - recorded[node]) <= TOLERANCE * Math.max(1, Math.abs(recorded[node]));
      return functions[node] && Number.isFinite(recorded[node]) && !close;
    });
    if (wrong < 0) return;
    const { name } = this.arithmetic.operation(wrong);
    this.graph.locked ||= `Numbers cannot be edited: the page computes ${data[wrong]} for ${name}, and Python ${recorded[wrong]}.`;
    this.engine.keepsRecorded = true;
    Object.assign(this.graph, { training: null, plane: null }); // they cannot be recomputed
  }

  // --- numbers --------------------------------------------------------------------------------

  // Give leaves other numbers, and compute everything that follows.
  edit(numbers) {
    if (this.graph.locked) return;
    for (const [node, number] of numbers) this.engine.data[node] = number;
    this.refresh();
  }

  // Go back to the numbers of Python, or to those of the epoch that is shown.
  undo() {
    this.engine.data.set(this.engine.recorded);
    this.training?.putBack();
    this.refresh();
  }

  refresh() {
    this.engine.status.fill(0);
    this.engine.forward();
    this.finished = this.engine.backward();
    this.showNumbers();
    this.plane?.draw();
    this.showBanner();
  }

  // The panel speaks of the `finished` backward pass, wherever the steps are; the picture of their
  // `state`.
  showNumbers() {
    const { timeline } = this;
    this.inspector.show(this.looked());
    this.state = timeline.stateAt(timeline.position);
    this.view.showNumbers(this.state);
    markStep(this.view, timeline.current());
    this.stepping.show();
    this.highlight();
  }

  showBanner() {
    const failed = this.engine.status.indexOf(FAILED);
    const text =
      failed >= 0
        ? `${this.arithmetic.failure(failed)} What follows from it waits.`
        : this.arithmetic.backwardFailure(this.finished.failed);
    const note = this.graph.changed
      ? "Some numbers were changed after this graph had been recorded; it is computed anew with them."
      : "";
    this.announce(text || this.graph.locked || note, Boolean(text));
  }

  announce(text, failure = false) {
    const banner = byId("banner");
    banner.hidden = !text;
    banner.classList.toggle("failure", failure);
    setText(banner, text);
  }

  // Whether a number is the index of a lookup, and so has to be whole.
  isIndex(node) {
    return this.engine.users[node].some(
      ({ node: user, slot }) => slot === 0 && this.arithmetic.operation(user).name === "lookup",
    );
  }

  // --- what is looked at ----------------------------------------------------------------------

  looked() {
    return this.pointedAt ?? this.selected;
  }

  pointAt(item) {
    if (this.pointedAt === item) return;
    this.pointedAt = item;
    this.showLooked();
  }

  select(item) {
    this.selected = this.selected === item ? null : item;
    this.showLooked();
    if (this.selected !== null) {
      byId("inspector").scrollIntoView({
        block: "nearest",
        behavior: motionReduced() ? "auto" : "smooth",
      });
    }
  }

  showLooked() {
    const editing = byId("inspector").contains(document.activeElement) && this.selected !== null;
    const item = editing ? this.selected : this.looked();
    this.inspector.show(item);
    this.highlight();
  }

  // What is pointed at; what is selected only while no steps are walked through.
  highlight() {
    const selected = this.timeline.atEnd() ? this.selected : null;
    highlight(this.view, this.pointedAt ?? selected, this.selected);
  }

  // --- the keyboard and the buttons -----------------------------------------------------------

  setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    const other = theme === "dark" ? "light" : "dark";
    byId("theme").setAttribute("aria-label", `Switch to ${other} colours`);
    this.plane?.draw();
  }

  switchTheme() {
    this.setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  }

  turn() {
    this.view.direction = this.view.direction === "across" ? "down" : "across";
    this.view.arrange();
    this.view.fit();
    this.showNumbers();
  }

  listen() {
    const on = (id, action) => byId(id).addEventListener("click", action);
    on("zoom-in", () => this.view.camera.zoom(1.25));
    on("zoom-out", () => this.view.camera.zoom(0.8));
    on("fit", () => this.view.fit());
    on("turn", () => this.turn());
    on("theme", () => this.switchTheme());
    on("help", () => byId("keys").showModal());
    byId("picture").addEventListener("click", ({ target }) => {
      if (!target.closest(".card, .heading")) this.letGo();
    });
    const watch = new ResizeObserver(() => {
      if (this.view.camera.fitted) this.view.fit();
      this.plane?.draw();
    });
    watch.observe(byId("picture"));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) =>
      this.setTheme(event.matches ? "dark" : "light"),
    );
  }

  keep(item) {
    this.selected = item;
    this.showLooked();
  }

  // The focus goes from the panel back to the card that it is about.
  letGo() {
    if (byId("inspector").contains(document.activeElement)) this.keyboard.focus(this.selected);
    this.selected = null;
    this.pointedAt = null;
    this.showLooked();
  }
}

// Draw the page from the data in it. In the console, `explorer` has every number in full.
export function start(operations) {
  const graph = JSON.parse(byId("graph").textContent);
  globalThis.explorer = new App(graph, operations);
}
