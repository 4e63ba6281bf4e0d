// What the picture says in numbers: on a card, on an edge, and to a screen reader.

import { FAILED, FINE } from "./engine.js";
import { format } from "./numbers.js";

export class Figures {
  constructor(graph, engine, folding, arithmetic) {
    Object.assign(this, { graph, engine, folding, arithmetic });
  }

  // Of a box, at a moment of which is known what `Timeline.stateAt` tells.
  ofBox(item, state) {
    const { known } = state;
    const nodes = this.folding.shownNodes(item);
    const failed = nodes.find((node) => this.engine.status[node] === FAILED && known(node));
    const fine = failed === undefined;
    const data = fine ? this.data(nodes, known) : this.arithmetic.problem(failed);
    const gradient = this.gradient(nodes, state);
    return { data, gradient, failed: !fine, spoken: this.spoken(item, data, gradient) };
  }

  data(nodes, known) {
    if (!nodes.every((node) => known(node) && this.engine.status[node] === FINE)) return "–";
    return nodes.length === 1 ? format(this.engine.data[nodes[0]]) : `${nodes.length} numbers`;
  }

  // One gradient, or the length of that of several nodes.
  gradient(nodes, { reached, gradient }) {
    if (!nodes.some((node) => reached[node])) return "–";
    const gradients = nodes.map((node) => gradient[node]);
    return nodes.length === 1 ? format(gradients[0]) : `norm ${format(Math.hypot(...gradients))}`;
  }

  spoken(item, data, gradient) {
    const { nodes, roles } = this.graph;
    if (this.folding.isGroup(item)) {
      const { title, detail } = this.folding.group(item);
      const name = this.arithmetic.outputName(item);
      return `${title}, ${detail}, ${name && `${name}, `}data ${data}, gradient ${gradient}. Enter opens it`;
    }
    const operation = this.arithmetic.operation(item);
    const inputs = this.engine.parents[item].map((parent) => nodes.name[parent]).join(", ");
    const what = operation ? `${operation.name} of ${inputs}` : roles[nodes.role[item]];
    return `${nodes.name[item]}, ${what}, data ${data}, gradient ${gradient}`;
  }

  // The local derivative on an edge; nothing if it is not one number, or not known yet.
  ofEdge(edge, known) {
    const derivative = known(edge.uses[0].node) ? this.localDerivative(edge) : NaN;
    return Number.isNaN(derivative) ? "" : format(derivative);
  }

  // How an edge into a folded box is drawn: as strong as its derivative.
  strength(edge, known) {
    const derivative = known(edge.uses[0].node) ? this.localDerivative(edge) : NaN;
    if (!this.folding.isGroup(edge.to) || Number.isNaN(derivative)) return null;
    return { width: Math.min(4, 0.5 + 1.5 * Math.abs(derivative)), sign: Math.sign(derivative) };
  }

  localDerivative({ to, uses }) {
    const [{ parent, node, slot }] = uses;
    if (!this.folding.isGroup(to)) {
      return this.engine.status[node] === FINE && uses.length === 1
        ? this.engine.locals(node)[slot]
        : NaN;
    }
    const outputs = this.folding.outputsOf(to);
    const oneToOne = outputs.length === 1 && uses.every((use) => use.parent === parent);
    if (!oneToOne || this.engine.status[outputs[0]] !== FINE) return NaN;
    return this.engine.derivativesThrough(this.folding.nodesOf(to), outputs[0]).get(parent) ?? NaN;
  }
}
