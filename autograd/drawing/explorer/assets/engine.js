// The graph as columns of numbers, and the two walks over it: forward, and the chain rule backward.
// It knows no operation: `functions` holds their forward and derivative, printed from Python's own.
// As in Python, a comparison among them counts as the number 0 or 1.

export const FINE = 0; // the node has a number
export const FAILED = 1; // its operation does not exist at its inputs, or is too large
export const BLOCKED = 2; // something before it failed

export class Engine {
  // `nodes` has a column for each property; a node comes after its parents, the output is last.
  constructor(nodes, functions) {
    this.parents = nodes.parents;
    this.size = nodes.parents.length;
    this.output = this.size - 1;
    this.recorded = Float64Array.from(nodes.data, Number);
    this.data = Float64Array.from(this.recorded);
    this.status = new Uint8Array(this.size);
    this.functions = nodes.operation.map((index) => functions[index]);
    this.keepsRecorded = false; // if what Python computed is not to be computed anew
    this.recordedLocals = new Map(nodes.locals);
    this.isFrozen = (node) => this.recordedLocals.has(node);
    this.users = this.parents.map(() => []);
    this.parents.forEach((parents, node) => {
      parents.forEach((parent, slot) => this.users[parent].push({ node, slot }));
    });
  }

  isLeaf(node) {
    return this.parents[node].length === 0;
  }

  inputs(node) {
    return this.parents[node].map((parent) => this.data[parent]);
  }

  // Compute everything that is not a leaf.
  forward() {
    for (let node = 0; node < this.size; node += 1) {
      if (this.isLeaf(node)) continue;
      const parents = this.parents[node];
      if (parents.some((parent) => this.status[parent] !== FINE)) {
        this.status[node] = BLOCKED;
        this.data[node] = NaN;
        continue;
      }
      const inputs = this.inputs(node);
      const data = this.keepsRecorded || this.isFrozen(node)
        ? this.recorded[node]
        : Number(this.functions[node].forward(...inputs));
      const exists = Number.isFinite(data) || inputs.some((x) => !Number.isFinite(x));
      this.status[node] = exists && !Number.isNaN(data) ? FINE : FAILED;
      this.data[node] = data;
    }
  }

  hasGradients() {
    return Number.isFinite(this.data[this.output]);
  }

  // The `gradient` d output / d node of every node, and which nodes one has `reached`, as long as
  // those nodes have sent theirs on that `sends(node)` tells. A derivative that is not finite at one
  // of them has `failed` (-1: none), and then there are no gradients.
  backward(sends = () => true, seeded = true) {
    const gradient = new Float64Array(this.size);
    const reached = new Uint8Array(this.size);
    const pass = { gradient, reached, failed: -1 };
    if (!seeded || !this.hasGradients()) return pass;
    gradient[this.output] = 1;
    reached[this.output] = 1;
    for (let node = this.output; node >= 0; node -= 1) {
      if (this.isLeaf(node) || !reached[node] || !sends(node)) continue;
      const contributions = this.contributions(node, gradient[node]);
      if (!contributions.every(Number.isFinite)) {
        return { gradient: gradient.fill(NaN), reached: reached.fill(0), failed: node };
      }
      this.parents[node].forEach((parent, slot) => {
        gradient[parent] += contributions[slot];
        reached[parent] = 1;
      });
    }
    return pass;
  }

  // What `node` sends to each of its parents, if `g` is its gradient.
  contributions(node, g) {
    if (this.isFrozen(node)) return this.recordedLocals.get(node).map((local) => g * Number(local));
    const { derivative } = this.functions[node];
    return derivative(g, this.data[node], ...this.inputs(node)).map(Number);
  }

  // The local derivatives: d node / d parent, for each parent.
  locals(node) {
    return this.contributions(node, 1);
  }

  // d `output` / d parent through the nodes of a box alone, for each parent outside of it.
  derivativesThrough(nodes, output) {
    const inside = new Set(nodes);
    const gradient = new Map([[output, 1]]);
    for (const node of [...nodes].sort((a, b) => b - a)) {
      if (!gradient.has(node) || this.isLeaf(node)) continue;
      const contributions = this.contributions(node, gradient.get(node));
      this.parents[node].forEach((parent, slot) => {
        gradient.set(parent, (gradient.get(parent) ?? 0) + contributions[slot]);
      });
    }
    return new Map([...gradient].filter(([node]) => !inside.has(node)));
  }

  // Every node that `start` depends on (`neighbours` = parents), or that depends on it (users).
  reach(start, neighbours) {
    const seen = new Set([start]);
    const stack = [start];
    while (stack.length) {
      for (const next of neighbours(stack.pop())) {
        if (!seen.has(next)) {
          seen.add(next);
          stack.push(next);
        }
      }
    }
    return seen;
  }

  ancestors(node) {
    return this.reach(node, (n) => this.parents[n]);
  }

  descendants(node) {
    return this.reach(node, (n) => this.users[n].map((use) => use.node));
  }

  // The number of `output` at many settings of some leaves: `columns` maps a leaf to its numbers.
  sweep(output, columns, count) {
    const varying = new Map(columns);
    const order = [...this.ancestors(output)].sort((a, b) => a - b);
    for (const node of order) {
      const parents = this.parents[node];
      if (!parents.some((parent) => varying.has(parent))) continue;
      const sources = parents.map(
        (p) => varying.get(p) ?? new Float64Array(count).fill(this.data[p]),
      );
      varying.set(node, this.applied(node, sources, count));
    }
    return varying.get(output) ?? new Float64Array(count).fill(this.data[output]);
  }

  applied(node, sources, count) {
    const { forward } = this.functions[node];
    const result = new Float64Array(count);
    const [first, second] = sources;
    for (let i = 0; i < count; i += 1) {
      if (sources.length === 1) result[i] = forward(first[i]);
      else if (sources.length === 2) result[i] = forward(first[i], second[i]);
      else result[i] = forward(...sources.map((source) => source[i]));
    }
    return result;
  }
}
