// Which boxes are visible. Items are nodes, and after them groups, which can be opened or folded.

export class Folding {
  constructor(graph, users, open) {
    this.parents = graph.nodes.parents;
    this.users = users;
    this.size = this.parents.length;
    this.groups = graph.groups;
    this.container = [...graph.nodes.group, ...graph.groups.map((group) => group.within)];
    this.children = new Map([[-1, []]]);
    this.groups.forEach((_, index) => this.children.set(index, []));
    this.container.forEach((group, item) => this.children.get(group).push(item));
    this.members = this.groups.map(() => []);
    for (let node = 0; node < this.size; node += 1) {
      for (const group of this.chain(node)) this.members[group].push(node);
    }
    this.open = new Set(open);
    this.update();
  }

  isGroup(item) {
    return item >= this.size;
  }

  group(item) {
    return this.groups[item - this.size];
  }

  isOpen(item) {
    return this.open.has(item - this.size);
  }

  // The visible box that shows an item, or the first of what is in it.
  boxOf(item) {
    return this.box[this.nodesOf(item)[0]];
  }

  // The nodes of an item, in topological order.
  nodesOf(item) {
    return this.isGroup(item) ? this.members[item - this.size] : [item];
  }

  // The groups around an item, from the inside out.
  chain(item) {
    const groups = [];
    for (let group = this.container[item]; group >= 0;) {
      groups.push(group);
      group = this.container[this.size + group];
    }
    return groups;
  }

  // The visible box that shows a node: the outermost folded group around it, or the node.
  boxWith(open, node) {
    let box = node;
    for (const group of this.chain(node)) if (!open.has(group)) box = this.size + group;
    return box;
  }

  countWith(open) {
    const boxes = new Set();
    for (let node = 0; node < this.size; node += 1) boxes.add(this.boxWith(open, node));
    return boxes.size;
  }

  setOpen(open) {
    this.open = new Set(open);
    this.update();
  }

  update() {
    this.box = this.parents.map((_, node) => this.boxWith(this.open, node));
    this.boxes = [...new Set(this.box)];
    this.edges = this.visibleEdges();
    this.order = this.boxOrder();
  }

  // Every use of one node by another, or one edge for all those between the same two boxes.
  visibleEdges() {
    const edges = new Map();
    this.parents.forEach((parents, node) => {
      parents.forEach((parent, slot) => {
        const [from, to] = [this.box[parent], this.box[node]];
        if (from === to) return;
        const single = !this.isGroup(from) && !this.isGroup(to);
        const key = single ? `${from}-${to}-${slot}` : `${from}-${to}`;
        if (!edges.has(key))
          edges.set(key, { key, from, to, uses: [], routes: this.routes(from, to) });
        edges.get(key).uses.push({ parent, node, slot });
      });
    });
    return [...edges.values()];
  }

  // The names of the ways between two items: out of the groups around the one, between what they are
  // part of in the container of both, and into the groups around the other.
  routes(from, to) {
    const around = (item) => [item, ...this.chain(item).map((group) => this.size + group)];
    const [sources, targets] = [around(from), around(to)];
    const containers = new Set(sources.map((item) => this.container[item]));
    const entered = targets.findIndex((item) => containers.has(this.container[item]));
    const common = this.container[targets[entered]];
    const left = sources.findIndex((item) => this.container[item] === common);
    return [
      ...sources.slice(0, left).map((item) => routeName(item, null)),
      routeName(sources[left], targets[entered]),
      ...targets.slice(0, entered).map((item) => routeName(null, item)).reverse(),
    ];
  }

  // The visible boxes, each after those it takes something from. Should boxes take from each other
  // in a circle, the first of them is as good as any.
  boxOrder() {
    const waiting = new Map(this.boxes.map((box) => [box, new Set()]));
    const users = new Map(this.boxes.map((box) => [box, []]));
    for (const { from, to } of this.edges) {
      waiting.get(to).add(from);
      users.get(from).push(to);
    }
    const order = new Set();
    const ready = this.boxes.filter((box) => waiting.get(box).size === 0);
    while (order.size < this.boxes.length) {
      const box = ready.shift() ?? this.boxes.find((other) => !order.has(other));
      order.add(box);
      for (const user of users.get(box)) {
        if (waiting.get(user).delete(box) && waiting.get(user).size === 0) ready.push(user);
      }
    }
    return [...order];
  }

  // The nodes of a box that something outside of it takes, or that are the output.
  outputsOf(item) {
    if (!this.isGroup(item)) return [item];
    const inside = new Set(this.nodesOf(item));
    return this.nodesOf(item).filter(
      (node) =>
        node === this.size - 1 ||
        (this.parents[node].length > 0 && this.users[node].some((use) => !inside.has(use.node))),
    );
  }

  // The nodes whose numbers a box shows: what comes out of it, or all leaves in it.
  shownNodes(item) {
    if (!this.isGroup(item) || !this.computes(item)) return this.nodesOf(item);
    return this.outputsOf(item);
  }

  computes(item) {
    return this.nodesOf(item).some((node) => this.parents[node].length > 0);
  }
}

// Of the way from one item to another in their container; null is what is outside of it.
export function routeName(from, to) {
  return `${from ?? ""}-${to ?? ""}`;
}
