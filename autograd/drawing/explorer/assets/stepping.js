// The bar that walks through both passes, and the arithmetic of the step it has come to.

import { byId, html, line, setText } from "./dom.js";
import { FAILED } from "./engine.js";
import { format } from "./numbers.js";

const MOST_LINES = 8;
const MOST_IN_GROUP = 3;
const MOST_GRADIENTS = 3;

export class Stepping {
  constructor(app) {
    this.app = app;
    this.timer = null;
    const on = (id, action) => byId(id).addEventListener("click", action);
    on("reset", () => this.jump(0));
    on("back", () => this.jump(app.timeline.position - 1));
    on("play", () => this.toggle());
    on("forward", () => this.jump(app.timeline.position + 1));
    on("finish", () => this.jump(app.timeline.steps.length));
    byId("progress").addEventListener("input", (event) => this.jump(Number(event.target.value)));
  }

  jump(position) {
    this.pause();
    this.go(position);
  }

  go(position) {
    const { timeline, view } = this.app;
    timeline.go(position);
    this.app.showNumbers();
    const step = timeline.current();
    if (step && step.kind !== "done") view.follow(step.box);
  }

  get playing() {
    return this.timer !== null;
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    if (this.app.timeline.atEnd()) this.go(0);
    this.tick();
  }

  tick() {
    const { timeline } = this.app;
    this.timer = setTimeout(
      () => {
        const last = timeline.position + 1 >= timeline.steps.length;
        if (last) this.timer = null;
        else this.tick();
        this.go(timeline.position + 1);
      },
      1000 / Number(byId("speed").value),
    );
    this.showBar();
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = null;
    this.showBar();
  }

  show() {
    this.showBar();
    const step = this.app.timeline.current();
    const area = byId("step");
    area.setAttribute("aria-live", this.playing ? "off" : "polite");
    area.replaceChildren(...this.described(step));
    byId("phase").dataset.kind = step ? step.kind : "start";
  }

  showBar() {
    const { timeline } = this.app;
    const count = timeline.steps.length;
    const progress = byId("progress");
    progress.max = count;
    progress.value = timeline.position;
    const phase = timeline.phase(this.app.finished);
    const text = `${phase}, step ${timeline.position} of ${count}`;
    progress.setAttribute("aria-valuetext", text);
    setText(byId("phase"), phase);
    setText(byId("count"), `${timeline.position} / ${count}`);
    const play = byId("play");
    play.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    play.classList.toggle("playing", this.playing);
    byId("back").disabled = byId("reset").disabled = timeline.position === 0;
    byId("forward").disabled = byId("finish").disabled = timeline.atEnd();
  }

  // --- in words and numbers -------------------------------------------------------------------

  described(step) {
    const { arithmetic, engine } = this.app;
    if (!step)
      return [
        note(
          "The inputs, the parameters and the constants are given. Step forward to compute the rest.",
        ),
      ];
    if (step.kind === "seed") return this.describedSeed();
    if (step.kind === "done") return this.describedEnd();
    if (this.app.folding.isGroup(step.box)) return this.describedGroup(step);
    if (step.kind === "forward") {
      const failure =
        engine.status[step.box] === FAILED ? [arithmetic.failure(step.box)] : [];
      return [
        line(arithmetic.forwardLine(step.box)),
        ...failure.map((text) => note(text, "failure")),
      ];
    }
    return this.describedBackward(step.box);
  }

  describedSeed() {
    const { arithmetic, engine } = this.app;
    if (!engine.hasGradients()) return [withoutGradients()];
    const own = arithmetic.derivative(arithmetic.output, arithmetic.output);
    return [
      line([own, " = ", ["gradient strong", "1.0"]]),
      note("The backward pass begins: the output changes exactly as it changes."),
    ];
  }

  describedEnd() {
    const { arithmetic, engine, finished } = this.app;
    if (finished.failed >= 0) return [note(arithmetic.backwardFailure(finished.failed), "failure")];
    if (!engine.hasGradients()) return [withoutGradients()];
    const leaves = [...finished.reached.keys()].filter(
      (node) => finished.reached[node] && engine.isLeaf(node) && !arithmetic.constant[node],
    );
    const equation = (name, number) => line([name, " = ", number]);
    const gradients = leaves.map((node) =>
      equation(arithmetic.gradientName(node), ["gradient strong", format(finished.gradient[node])]),
    );
    const output = ["data strong", format(engine.data[engine.output])];
    return [
      equation(["name", arithmetic.output], output),
      ...(gradients.length <= MOST_GRADIENTS ? gradients : []),
      note("Every gradient is known. Press play to see both passes from the start."),
    ];
  }

  describedBackward(node) {
    const { arithmetic, state } = this.app;
    if (state.failed >= 0) return [note(arithmetic.backwardFailure(state.failed), "failure")];
    if (!state.reached[node]) return [note("No gradient arrives here.")];
    const before = this.stateBefore();
    const running = new Map();
    const lines = arithmetic.backwardLines(node, state.gradient).map(({ parent, parts, added }) => {
      const start = running.get(parent) ?? before.gradient[parent];
      const first = !before.reached[parent] && !running.has(parent);
      running.set(parent, start + added);
      return line([...parts, " ", this.change(first ? null : start, start + added)]);
    });
    if (lines.length === 0) return [note("Its inputs are constants, which need no gradient.")];
    const more = lines.length - MOST_LINES;
    if (more > 0) return [...lines.slice(0, MOST_LINES), note(`and ${more} more of the same kind`)];
    return lines;
  }

  stateBefore() {
    const { timeline } = this.app;
    return timeline.stateAt(timeline.position - 1);
  }

  change(before, after) {
    return ["change", `${before === null ? "–" : format(before)} → ${format(after)}`];
  }

  describedGroup(step) {
    const { arithmetic, engine, folding, state } = this.app;
    const group = folding.group(step.box);
    const outputs = folding.outputsOf(step.box);
    const hint = note("Open the box to walk through it.");
    if (step.kind === "forward") {
      const lines = outputs
        .slice(0, MOST_IN_GROUP)
        .map((node) =>
          line([
            arithmetic.name(node),
            " = ",
            ...(outputs.length === 1 ? [`${group.title} = `] : []),
            ["data strong", format(engine.data[node])],
          ]),
        );
      const more = outputs.length - lines.length;
      return [...lines, ...(more > 0 ? [note(`and ${more} more`)] : []), hint];
    }
    if (state.failed >= 0) return [note(arithmetic.backwardFailure(state.failed), "failure")];
    const before = this.stateBefore();
    const inside = new Set(folding.nodesOf(step.box));
    const outside = new Set(
      [...inside]
        .flatMap((node) => engine.parents[node])
        .filter((p) => !inside.has(p) && !arithmetic.constant[p]),
    );
    const lines = [...outside]
      .slice(0, MOST_IN_GROUP)
      .map((parent) => this.throughGroup(step.box, outputs, parent, before));
    const more = outside.size - lines.length;
    return [...lines, ...(more > 0 ? [note(`and ${more} more`)] : []), hint];
  }

  // ∂L/∂x += ∂L/∂n · local ∂n/∂x, through all of a folded box at once.
  throughGroup(box, outputs, parent, before) {
    const { arithmetic, engine, folding, state } = this.app;
    const start = before.gradient[parent];
    const change = this.change(before.reached[parent] ? start : null, state.gradient[parent]);
    if (outputs.length !== 1) {
      const added = state.gradient[parent] - start;
      return line([
        arithmetic.gradientName(parent),
        " += ",
        ["gradient strong", format(added)],
        " ",
        change,
      ]);
    }
    const [node] = outputs;
    const local = engine.derivativesThrough(folding.nodesOf(box), node).get(parent);
    const name = arithmetic.localThrough(node, parent);
    const product = arithmetic.product(node, name, state.gradient[node], local);
    return line([arithmetic.gradientName(parent), " += ", ...product, " ", change]);
  }
}

function withoutGradients() {
  return note("The output is not a finite number, so it has no gradients.", "failure");
}

export function note(text, kind = "") {
  return html("p", { class: `note ${kind}` }, text);
}
