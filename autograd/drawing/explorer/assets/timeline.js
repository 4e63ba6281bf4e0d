// The steps of the forward pass and of the backward pass, one visible box at a time.

export class Timeline {
  constructor(engine, folding) {
    this.engine = engine;
    this.folding = folding;
    this.position = 0;
    this.update();
    this.position = this.steps.length;
  }

  // Make the steps anew, for other boxes, and stay where we are.
  update() {
    const before = this.steps && this.current();
    const atEnd = this.steps && this.position === this.steps.length;
    const computing = this.folding.order.filter((box) => this.folding.computes(box));
    this.steps = [
      ...computing.map((box) => ({ kind: "forward", box })),
      { kind: "seed", box: this.folding.box[this.engine.output] },
      ...computing.toReversed().map((box) => ({ kind: "backward", box })),
      { kind: "done", box: this.folding.box[this.engine.output] },
    ];
    if (atEnd) this.position = this.steps.length;
    else if (before) {
      const box = this.folding.box[before.last];
      const same = this.steps.findIndex((step) => step.kind === before.kind && step.box === box);
      this.position = same + 1;
    }
    for (const step of this.steps) step.last = this.folding.nodesOf(step.box).at(-1);
  }

  // The step that was done last, none at the start.
  current() {
    return this.position > 0 ? this.steps[this.position - 1] : null;
  }

  atEnd() {
    return this.position === this.steps.length;
  }

  go(position) {
    this.position = Math.max(0, Math.min(this.steps.length, position));
  }

  // In words; `finished` is the whole backward pass.
  phase(finished) {
    const step = this.current();
    if (!step) return "Start";
    if (step.kind === "done") return finished.reached[this.engine.output] ? "Both passes done" : "No gradients";
    return step.kind === "forward" ? "Forward pass" : "Backward pass";
  }

  // The gradients after so many steps, as `Engine.backward` has them, and which nodes are `known`.
  stateAt(position) {
    const done = this.steps.slice(0, position);
    const boxes = (kind) =>
      new Set(done.filter((step) => step.kind === kind).map((step) => step.box));
    const [computed, sent] = [boxes("forward"), boxes("backward")];
    const seeded = done.some((step) => step.kind === "seed");
    const { box } = this.folding;
    const known = (node) => this.engine.isLeaf(node) || computed.has(box[node]);
    return { known, ...this.engine.backward((node) => sent.has(box[node]), seeded) };
  }
}
