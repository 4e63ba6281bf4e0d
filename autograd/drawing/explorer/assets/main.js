// The page: its state, and what follows from a change of it.

import { Arithmetic } from "./arithmetic.js";
import { byId, html, motionReduced, setText } from "./dom.js";
import { Engine, FAILED } from "./engine.js";
import { Folding } from "./folding.js";
import { Inspector } from "./inspector.js";
import { Keyboard } from "./keyboard.js";
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
    this.folding = new Folding(graph, graph.opened);
    this.arithmetic = new Arithmetic(graph, this.engine, this.folding);
    this.pointedAt = null;
    this.selected = null;
    this.engine.run();
    this.checkAgainstPython();
    setText(byId("title"), graph.title);
    this.setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    this.timeline = new Timeline(this.engine, this.folding);
    this.view = new View(graph, this.engine, this.folding, this.arithmetic, {
      hover: (item) => this.pointAt(item),
      select: (item) => this.select(item),
      toggle: (item) => this.toggle(item),
    });
    this.inspector = new Inspector(this);
    this.stepping = new Stepping(this);
    this.showLegend();
    this.showFolds();
    this.view.arrange(false);
    this.view.fit();
    if (graph.foldToFit && !this.view.camera.readable) this.foldAll();
    if (!this.view.camera.recognisable) this.view.follow(this.folding.box[this.engine.output]);
    this.plane = graph.plane && new Plane(graph.plane, this);
    this.refresh();
    this.training = graph.training && new Training(graph.training, this);
    this.keyboard = new Keyboard(this);
    this.listen();
  }

  // A definition whose array form says something else than its forward would make the page lie.
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
  }

  // --- numbers --------------------------------------------------------------------------------

  // Give leaves other numbers, and compute everything that follows.
  edit(numbers) {
    if (this.graph.locked) return;
    for (const [node, number] of numbers) this.engine.data[node] = number;
    this.refresh();
  }

  undo() {
    this.engine.data.set(this.engine.recorded);
    this.refresh();
  }

  // The output does not depend on the step; gradients do, so the whole pass is kept as `full`.
  refresh() {
    this.engine.status.fill(0);
    this.engine.forward();
    this.showNumbers();
    this.plane?.draw();
    this.showBanner();
  }

  showNumbers() {
    const { engine, timeline } = this;
    const reached = engine.backward();
    this.full = {
      reached,
      gradient: Float64Array.from(engine.gradient),
      failed: engine.failedBackward,
    };
    this.inspector.show(this.looked());
    this.state = timeline.stateAt(timeline.position);
    this.view.showNumbers(this.state);
    this.view.markStep(timeline.current());
    this.stepping.show();
    this.highlight();
  }

  showBanner() {
    const banner = byId("banner");
    const failed = this.engine.status.indexOf(FAILED);
    const text =
      failed >= 0
        ? `${this.arithmetic.failure(failed)} What follows from it waits.`
        : this.arithmetic.backwardFailure(this.full.failed);
    const note = this.graph.changed
      ? "Some numbers were changed after this graph had been recorded; it is computed anew with them."
      : "";
    banner.hidden = !(text || note || this.graph.locked);
    banner.classList.toggle("failure", Boolean(text));
    setText(banner, text || this.graph.locked || note);
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
    this.withFullGradients(() => this.inspector.show(item));
    this.highlight();
  }

  // What is pointed at; what is selected only while no steps are walked through.
  highlight() {
    const selected = this.timeline.atEnd() ? this.selected : null;
    this.view.highlight(this.pointedAt ?? selected, this.selected);
  }

  // The inspector speaks of the finished backward pass, wherever the steps are.
  withFullGradients(show) {
    const current = Float64Array.from(this.engine.gradient);
    this.engine.gradient.set(this.full.gradient);
    show();
    this.engine.gradient.set(current);
  }

  // --- folding --------------------------------------------------------------------------------

  toggle(item) {
    const open = new Set(this.folding.open);
    const group = item - this.folding.size;
    if (!open.delete(group)) open.add(group);
    this.setOpen(open, item);
  }

  setOpen(groups, item = null) {
    const open = new Set(groups);
    const count = this.folding.countWith(open);
    if (count > this.graph.mostVisible) {
      const banner = byId("banner");
      banner.hidden = false;
      setText(
        banner,
        `That would show ${count} boxes, more than the ${this.graph.mostVisible} that move smoothly. Fold others first.`,
      );
      return;
    }
    const focused = this.view.picture.contains(document.activeElement);
    this.folding.setOpen(open);
    this.timeline.update();
    this.pointedAt = null;
    this.view.arrange();
    this.view.fit();
    this.keyboard.update();
    this.showFolds();
    this.showBanner();
    this.showNumbers();
    if (focused && item !== null)
      this.keyboard.focus(
        this.folding.boxes.includes(item)
          ? item
          : this.folding.boxes.find((box) =>
              this.folding.chain(box).includes(item - this.folding.size),
            ),
      );
  }

  // At first, on a screen too small for what is open.
  foldAll() {
    this.folding.setOpen([]);
    this.timeline.update();
    this.view.direction = this.view.fittingDirection();
    this.view.arrange(false);
    this.view.fit();
    this.showFolds();
  }

  // The buttons that open or fold all groups of a depth.
  showFolds() {
    const { groups } = this.graph;
    const depths = groups.map((_, index) => this.folding.chain(this.folding.size + index).length);
    const deepest = Math.max(-1, ...depths);
    const names =
      deepest < 0 ? [] : deepest === 0 ? ["Boxes", "Nodes"] : ["Layers", "Neurons", "Nodes"];
    byId("folds").hidden = names.length === 0;
    const buttons = names.map((name, depth) => {
      const last = depth === names.length - 1;
      const open = groups.map((_, index) => index).filter((index) => last || depths[index] < depth);
      const pressed =
        open.length === this.folding.open.size &&
        open.every((group) => this.folding.open.has(group));
      return html(
        "button",
        { type: "button", "aria-pressed": String(pressed), onclick: () => this.setOpen(open) },
        name,
      );
    });
    byId("folds").replaceChildren(...buttons);
  }

  showLegend() {
    const { graph } = this;
    const { roles, nodes, colors } = graph;
    const used = roles.filter((_, index) => nodes.role.includes(index));
    for (const role of roles)
      document.documentElement.style.setProperty(`--own-${role}`, colors[role]);
    byId("legend").replaceChildren(
      ...used.map((role) => html("li", { class: role }, role)),
      html(
        "li",
        { class: "edge-number" },
        html("span", { class: "local" }, "2.0"),
        " local derivative",
      ),
      ...(graph.groups.length
        ? [html("li", { class: "edge-strength" }, "positive, negative")]
        : []),
    );
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
    let drawn = false; // it calls at once, too
    const watch = new ResizeObserver(() => {
      if (drawn) this.view.fit();
      drawn = true;
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

  letGo() {
    this.selected = null;
    this.pointedAt = null;
    if (byId("inspector").contains(document.activeElement)) document.activeElement.blur();
    this.showLooked();
  }
}

// Draw the page from the data in it. In the console, `explorer` has every number in full.
export function start(operations) {
  const graph = JSON.parse(byId("graph").textContent);
  globalThis.explorer = new App(graph, operations);
}
