// What happens in a step, in symbols and in numbers.

import { plain, TIMES } from "./dom.js";
import { FAILED, FINE } from "./engine.js";
import { format, operand } from "./numbers.js";

const MOST_TERMS = 6;

export class Arithmetic {
  constructor(graph, engine, folding) {
    this.names = graph.nodes.name;
    this.labelled = graph.nodes.labelled;
    this.folding = folding;
    this.operations = graph.nodes.operation.map((index) => graph.operations[index]);
    this.constant = graph.nodes.role.map((role) => graph.roles[role] === "constant");
    this.engine = engine;
    this.output = this.names[engine.output];
  }

  operation(node) {
    return this.operations[node];
  }

  name(node) {
    return ["name", this.constant[node] ? operand(this.engine.data[node]) : this.seenName(node)];
  }

  // A name that stands in the picture: of several numbers that come out of one box without a label,
  // none is seen, and Layer(2, 8)[3] is.
  seenName(node) {
    const box = this.folding.box[node];
    if (!this.folding.isGroup(box) || this.labelled[node]) return this.names[node];
    const shown = this.folding.shownNodes(box);
    const index = shown.indexOf(node);
    const several = shown.length > 1 && index >= 0;
    return several ? `${this.folding.group(box).title}[${index}]` : this.names[node];
  }

  // What a folded box calls the number that comes out of it, if it is one.
  outputName(box) {
    const shown = this.folding.shownNodes(box);
    return shown.length === 1 ? this.names[shown[0]] : "";
  }

  // ∂L/∂w
  derivative(of, by) {
    return ["name", `∂${of}/∂${by}`];
  }

  gradientName(node) {
    return this.derivative(this.output, this.name(node)[1]);
  }

  // local ∂v1/∂w: of one operation, while ∂L/∂w is of all paths. An input that an operation takes
  // twice has two of them, local ∂v1/∂a #1 and #2.
  localName(node, slot) {
    const parents = this.engine.parents[node];
    const again = parents.indexOf(parents[slot]) !== parents.lastIndexOf(parents[slot]);
    const number = parents.slice(0, slot + 1).filter((other) => other === parents[slot]).length;
    const name = this.localThrough(node, parents[slot]);
    return again ? [...name.slice(0, -1), `${name.at(-1)} #${number}`] : name;
  }

  // The same through all of a folded box.
  localThrough(node, parent) {
    return ["local", `local ${this.derivative(this.name(node)[1], this.name(parent)[1])[1]}`];
  }

  // a + b, or tanh(a): an operation applied to `operands`, which are parts of a line.
  applied(node, operands) {
    const { name, ...operation } = this.operation(node);
    const infix = operands.length > 1 && operation.infix;
    const shown = shortened(operands);
    const between = infix ? ` ${infix} ` : ", ";
    const joined = shown.flatMap((part, index) => (index ? [between, part] : [part]));
    return infix ? joined : [`${name}(`, ...joined, ")"];
  }

  formula(node) {
    return this.applied(
      node,
      this.engine.parents[node].map((parent) => this.name(parent)),
    );
  }

  inNumbers(node) {
    const numbers = this.engine.inputs(node).map((x, index, all) => {
      const bare = all.length === 1 && !this.operation(node).infix;
      return ["data", bare ? format(x) : operand(x)];
    });
    return this.applied(node, numbers);
  }

  // v1 = w * x = (−3.0) * 2.0 = −6.0
  forwardLine(node) {
    const head = [this.name(node), " = ", ...this.formula(node)];
    if (this.engine.parents[node].some((parent) => this.engine.status[parent] !== FINE)) {
      return [...head, ["dim", "  waits for its inputs"]];
    }
    const result =
      this.engine.status[node] === FAILED
        ? ["failure", this.problem(node)]
        : ["data strong", format(this.engine.data[node])];
    return [...head, " = ", ...this.inNumbers(node), " = ", result];
  }

  // ∂L/∂w += ∂L/∂v1 · local ∂v1/∂w = 1.5 · 2.0 = 3.0, for each input of a node that is no constant.
  backwardLines(node, gradient) {
    const locals = this.engine.locals(node);
    const line = (parent, slot) => ({
      parent,
      parts: [
        this.gradientName(parent),
        " += ",
        ...this.product(node, this.localName(node, slot), gradient[node], locals[slot]),
      ],
      added: gradient[node] * locals[slot],
    });
    return this.engine.parents[node].map(line).filter(({ parent }) => !this.constant[parent]);
  }

  // ∂L/∂v1 · local ∂v1/∂w = 1.5 · 2.0 = 3.0
  product(node, localName, gradient, local) {
    return [
      this.gradientName(node),
      TIMES,
      localName,
      " = ",
      ...this.productInNumbers(gradient, local),
      " = ",
      ["gradient strong", format(gradient * local)],
    ];
  }

  productInNumbers(gradient, local) {
    return [["gradient", operand(gradient)], TIMES, ["local", operand(local)]];
  }

  // What is wrong with the number of a node that failed.
  problem(node) {
    return this.exists(node) ? "is not finite" : "does not exist";
  }

  exists(node) {
    return !Number.isNaN(this.engine.data[node]);
  }

  failure(node) {
    const operation = this.operation(node);
    const advice = this.exists(node) ? operation.overflowAdvice : operation.advice;
    return `${plain(this.inNumbers(node))} ${this.problem(node)}${advice ? `: ${advice}` : ""}.`;
  }

  // Why there are no gradients, if `node` is where they stopped (-1: nowhere).
  backwardFailure(node) {
    if (node < 0) return "";
    const formula = plain(this.inNumbers(node));
    return `The derivative of ${formula} is not a finite number, so there are no gradients.`;
  }

  // The terms of the chain rule at a node, as parts of a line and as numbers, the largest first: one
  // for each use of it, but one for all that happens in a folded box.
  chainRule(node, gradient) {
    const { box } = this.folding;
    const uses = Map.groupBy(this.engine.users[node], (use) => box[use.node]);
    const folded = (item) => this.folding.isGroup(item) && item !== box[node];
    return [...uses]
      .flatMap(([item, inside]) =>
        folded(item)
          ? [this.termThrough(item, node, inside, gradient)]
          : inside.map((use) => this.termOf(use, gradient)),
      )
      .sort((a, b) => Math.abs(b.term) - Math.abs(a.term));
  }

  termOf({ node, slot }, gradient) {
    return this.term(node, this.localName(node, slot), gradient, this.engine.locals(node)[slot]);
  }

  termThrough(box, parent, uses, gradient) {
    const { engine, folding } = this;
    const [node, ...others] = folding.outputsOf(box);
    if (others.length) {
      const term = uses.reduce((sum, use) => sum + this.termOf(use, gradient).term, 0);
      const parts = [`through ${folding.group(box).title} = `, ["gradient strong", format(term)]];
      return { parts, term };
    }
    const local = engine.derivativesThrough(folding.nodesOf(box), node).get(parent);
    return this.term(node, this.localThrough(node, parent), gradient, local);
  }

  term(node, localName, gradient, local) {
    const parts = this.product(node, localName, gradient[node], local);
    return { parts, term: gradient[node] * local };
  }
}

function shortened(parts) {
  if (parts.length <= MOST_TERMS) return parts;
  return [...parts.slice(0, MOST_TERMS - 2), ["dim", "…"], parts.at(-1)];
}
